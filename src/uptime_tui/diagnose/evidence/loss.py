"""Whether packets are lost or the server is slow: a few connects in a row, measured by the kernel."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from uptime_tui.diagnose.case import Case, Means
from uptime_tui.dial.direct import DialEnd
from uptime_tui.dial.tcpinfo import TcpInfo
from uptime_tui.dial.touch import PACKETS as EACH
from uptime_tui.dial.touch import measure, packets
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence

QUESTION: Final = "Are packets lost, or is the server slow?"
STAGE: Final = 3
PACKETS: Final = 15
FACTS: Final = {
    "loss_seen": "SYNs had to be sent again to get a connection",
    "loss_none": "every connect succeeded with its first SYN",
    "rtt_long": "the way there and back takes long",
    "rtt_short": "the way there and back is short",
    "server_slow": "connects are fast and lose nothing, so the time is spent by the server",
}
_MOST: Final = 3
_WITHIN_S: Final = 1.3
"""Longer than the kernel waits before its second SYN (RFC 6298 §2: 1 s), shorter than before its third."""
_LONG_MS: Final = 150.0


def wants(case: Case) -> bool:
    """Where a slow or uneven answer has two explanations."""
    asked = {Failure.PACKET_LOSS, Failure.TOO_SLOW, Failure.INTERMITTENT}
    return case.is_here and bool(case.address) and not case.counts_connects and case.failure in asked


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """One after the other, as far apart as the service wants its visitors."""
    spacing_s = case.plan.service.spacing_s
    ends: list[tuple[DialEnd, TcpInfo]] = []
    for number in range(_MOST):
        pause_s = spacing_s if number else 0.0
        if means.left_s < pause_s + _WITHIN_S or not means.budget.take(EACH + 1):
            break
        await asyncio.sleep(pause_s)
        end, info = await measure(means.dialler, case.address, case.port, _WITHIN_S)
        means.budget.give(max(0, EACH + 1 - packets(end)))
        ends.append((end, info))
    if not ends:
        return
    again = sum(end.retransmits for end, _ in ends)
    stood = [end for end, _ in ends if not end.errno]
    if again:
        text = f"{again} SYN sent again in {len(ends)} connects, {len(stood)} succeeded"
        yield Evidence("loss_seen", Phase.CONNECT, ok=False, text=text)
    elif len(stood) == len(ends):
        yield Evidence("loss_none", Phase.CONNECT, ok=True, text=f"{len(ends)} connects, none needed a second SYN")
    clean = [info.rtt_ms for end, info in ends if not end.errno and not info.retransmits]
    if not clean:
        return
    rtt_ms = min(clean)
    id_ = "rtt_long" if rtt_ms > _LONG_MS else "rtt_short"
    yield Evidence(id_, Phase.CONNECT, None, f"round trip {rtt_ms:.2f} ms, measured by the kernel")
    timings = case.result.timings
    own_ms = (timings.total or 0.0) - (timings.dns or 0.0) - (timings.connect or 0.0)
    if not again and case.failure is Failure.TOO_SLOW and own_ms > 10 * rtt_ms:
        text = f"{own_ms:.0f} ms of the probe were spent after the connection stood"
        yield Evidence("server_slow", Phase.CONTENT, ok=False, text=text)
