"""Is it the name, or does this machine resolve nothing? A question whose answer is known, asked beside a lookup.

The root's name servers exist, and a resolver knows them or can find them (RFC 1034 §5.3.3, RFC 8109). One that gives
no answer to this either says nothing of any name. A server that answers for its own zones only refuses the root: there
it counts whether it still answers a name that it has answered before.
"""

import asyncio
from contextlib import suppress
from typing import Final

from uptime_tui.model.failure import Failure
from uptime_tui.resolve.answer import Answer
from uptime_tui.resolve.classify import SILENT
from uptime_tui.resolve.system import NameServers

SUSPICIOUS: Final = frozenset(
    {Failure.DNS_TIMEOUT, Failure.DNS_SERVFAIL, Failure.DNS_REFUSED, Failure.DNS_NXDOMAIN, Failure.DNS_BOGUS}
)
"""What a resolver that does not work says of every name. `dns_bogus`: its clock or its trust anchor may be wrong."""
_PART: Final = 0.5
"""Of a lookup's time, after which a silence is looked into."""


class Control:
    """Looks into one lookup's trouble.

    Args:
        servers: of the lookup.
        begin_s: when the lookup began, on the loop's clock.
        deadline_s: when everybody must have been told.
        known: a name that these servers have answered lately; empty: none.
    """

    def __init__(self, servers: NameServers, begin_s: float, deadline_s: float, known: str) -> None:
        self._servers = servers._replace(attempts=1)  # no luckier than the name that it is compared with
        self._deadline_s = deadline_s
        self._known = known
        self._now = asyncio.Event()
        self._patience_s = (deadline_s - begin_s) * _PART
        self._task = asyncio.ensure_future(self._ask())

    async def judge(self, answer: Answer) -> Answer:
        """The answer as it is, or marked as our own fault, with the sentence that says so."""
        if answer.failure not in SUSPICIOUS:
            return answer
        self._now.set()
        rcode = await self._task
        if rcode == "NOERROR" or (answer.failure is Failure.DNS_NXDOMAIN and rcode != "NXDOMAIN"):
            return answer
        places = " and ".join(place for place, _ in self._servers.servers)
        said = "" if rcode in SILENT else f", not even for the root's name servers ({rcode})"
        verb = "answers" if len(self._servers.servers) == 1 else "answer"
        detail = f"this machine's name server {places} {verb} no question{said}; what was seen: {answer.detail}"
        return answer._replace(detail=detail, ours=True)

    def end(self) -> None:
        """The lookup is over."""
        self._task.cancel()

    async def _ask(self) -> str:
        """Reply code for the root, or for the known name where the root is refused, once there is reason to ask."""
        from uptime_tui.resolve.query import query_one

        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await self._now.wait()
        root = await query_one(".", "NS", self._servers, self._deadline_s)
        if root.rcode == "REFUSED" and self._known:
            other = await query_one(self._known, "A", self._servers, self._deadline_s)
            return other.rcode
        return root.rcode
