"""Questions to name servers in search of a cause.

Each is asked once however many want to know, each is granted before it is sent, none is sent after the deadline.
"""

import asyncio
from typing import Final

import dns.exception
import dns.flags
from dns.name import Name

from uptime_tui.resolve.classify import SILENT
from uptime_tui.resolve.exchange import TCP_PACKETS, Granted, Heard, exchange, exchange_tcp, make_question
from uptime_tui.resolve.system import NameServers, candidates

PORT: Final = 53
"""Of the servers of a zone."""
NOT_ASKED: Final = "NOT_ASKED"
"""Reply code of a question that was not granted any more, or that cannot be asked."""
PATIENCE_S: Final = 1.2
"""For one server; a living one has answered by then."""


class Inquiry:
    """Asks on behalf of one search.

    Args:
        servers: the system's resolvers.
        granted: whether so many more packets may be sent.
        deadline_s: on the loop's clock.
        patience_s: with one server.
    """

    def __init__(
        self,
        servers: NameServers,
        granted: Granted,
        deadline_s: float,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.servers = servers
        self._granted = granted
        self._deadline_s = deadline_s
        self._patience_s = patience_s
        self._heard: dict[tuple[object, ...], Heard] = {}
        self._locks: dict[tuple[object, ...], asyncio.Lock] = {}

    def full(self, host: str) -> str:
        """The name that is asked for when a target is called so: a bare word is completed by the search list."""
        return host if "." in host else candidates(host, self.servers)[0]

    async def recursive(
        self, name: str | Name, kind: str, *, server: tuple[str, int] | None = None, validate: bool = True
    ) -> Heard:
        """What the system's first resolver that answers says, or `server`. Without `validate`: with the signatures."""
        if server is not None:
            return await self._once(name, kind, server, validate=validate)
        heard = await self._once(name, kind, self.servers.servers[0], validate=validate)
        for other in self.servers.servers[1:]:
            if heard.rcode not in SILENT:
                break
            heard = await self._once(name, kind, other, validate=validate)
        return heard

    async def authority(self, name: str | Name, kind: str, address: str) -> Heard:
        """What a server of a zone says of itself (RD=0)."""
        return await self._once(name, kind, (address, PORT), recursive=False)

    async def over_tcp(self, name: str | Name, kind: str, server: tuple[str, int]) -> Heard:
        """The same as `recursive`, over TCP."""
        left_s = self._left_s()
        if not (left_s and self._granted(TCP_PACKETS)):
            return Heard(server, NOT_ASKED)
        return await exchange_tcp(make_question(name, kind), server, left_s, self._granted)

    async def _once(
        self, name: str | Name, kind: str, server: tuple[str, int], *, validate: bool = True, recursive: bool = True
    ) -> Heard:
        key = (str(name).lower().rstrip("."), kind, server, validate, recursive)
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._heard:
                self._heard[key] = await self._ask(name, kind, server, validate=validate, recursive=recursive)
            return self._heard[key]

    async def _ask(
        self, name: str | Name, kind: str, server: tuple[str, int], *, validate: bool, recursive: bool
    ) -> Heard:
        try:
            question = make_question(name, kind, recursive=recursive, validate=validate, signatures=not validate)
        except dns.exception.DNSException:
            return Heard(server, NOT_ASKED)
        if recursive and validate:
            question.flags |= dns.flags.AD  # whether it was validated is wanted (RFC 6840 §5.7)
        left_s = self._left_s()
        if not (left_s and self._granted(1)):
            return Heard(server, NOT_ASKED)
        return await exchange(question, server, left_s, self._granted)

    def _left_s(self) -> float:
        return max(0.0, min(self._patience_s, self._deadline_s - asyncio.get_running_loop().time() - 0.05))
