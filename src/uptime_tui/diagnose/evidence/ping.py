"""Whether the host itself answers: ICMP echo where this user may send it, and a datagram to a closed port."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from uptime_tui.diagnose.case import Case, Means, is_silent
from uptime_tui.dial.hops import Hop, walk_udp
from uptime_tui.dial.ping import Echo, ping
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence

QUESTION: Final = "Does the host answer at all?"
STAGE: Final = 3
PACKETS: Final = 3
FACTS: Final = {
    "ping_answers": "the host answers ping",
    "ping_silent": "the host does not answer ping",
    "host_rejects_datagram": "the host itself says that nothing listens on a UDP port: it is alive",
}
_ECHOES: Final = 2
_WITHIN_S: Final = 0.9
_TTL: Final = 64


def wants(case: Case) -> bool:
    """Where the port was silent and the host is another machine that can be routed to."""
    return is_silent(case)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """Silently nothing of ICMP where the system does not let this user send it."""
    echo, hop = await asyncio.gather(_echo(case, means), _datagram(case, means))
    if echo is not None and echo.answered:
        text = f"{case.address} answers ping ({echo.answered} of {echo.sent}, {echo.best_ms:.1f} ms)"
        yield Evidence("ping_answers", Phase.CONNECT, ok=True, text=text)
    elif echo is not None:
        text = f"{case.address} does not answer ping (0 of {echo.sent}); many hosts are set up so"
        yield Evidence("ping_silent", Phase.CONNECT, ok=False, text=text)
    if hop is not None and hop.word == "reached":
        text = f"{case.address} itself answers a datagram with ICMP {hop.message}: the host is alive"
        yield Evidence("host_rejects_datagram", Phase.CONNECT, ok=True, text=text)


async def _echo(case: Case, means: Means) -> Echo | None:
    if not means.budget.take(_ECHOES):
        return None
    echo = await ping(case.address, _ECHOES, min(_WITHIN_S, means.left_s))
    means.budget.give(_ECHOES - (echo.sent if echo is not None else 0))
    return echo


async def _datagram(case: Case, means: Means) -> Hop | None:
    if not means.budget.take(1):
        return None
    return (await walk_udp(case.address, [_TTL], min(_WITHIN_S, means.left_s)))[0]
