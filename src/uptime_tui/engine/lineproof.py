"""Does our line carry anything? Looked at where too few networks are monitored to know it from them.

Two things may be asked beside the monitored: the name servers of this machine, and the routers on the way to what is
silent (`dial.hops`). A name server beyond the gateway that answers proves the line; one that answered before and is
silent too, or one of our own network that lives and finds nobody, proves that it is down. Packets to two networks that
both end at the same router, the first or the second, prove it as well. One silent network and no name server beyond
the gateway prove nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from uptime_tui.dial.hops import Hop, walk, walk_udp
from uptime_tui.engine.doubt import Held
from uptime_tui.engine.routes import named
from uptime_tui.engine.selfcheck import Network, is_loopback
from uptime_tui.model.failure import Failure
from uptime_tui.resolve.classify import OURS, SILENT
from uptime_tui.resolve.lookup import Resolver, Spawn

_PATIENCE_S: Final = 2.0
_LATELY_S: Final = 3600.0
"""A name server that has not answered for so long proves nothing by its silence."""
_WITHIN_S: Final = 0.9
"""Below a second the kernel sends no SYN again."""
_LIFETIMES: Final = range(1, 5)
_NEAR: Final = 2
"""Routers that count as the end of our own line: ours, and the one that the provider put beside it."""
_WALKS: Final = 2
_NEVER_BARE: Final = 3306
"""MySQL counts connections that say nothing, and locks out who makes many."""
_NO_ROUTE: Final = frozenset({"3/0", "3/6", "1/0"})
"""Destination network unreachable, unknown (RFC 792, 1122 §3.2.2.1); no route to destination (RFC 4443 §3.1)."""

_TOLD: Final = frozenset({Failure.HOST_UNREACHABLE, Failure.PARTIAL})
"""A router beside the target has looked for it and says so, in its own time; or another address answers."""


class LineProof:
    """Looks at the line.

    Args:
        spawn: runs a coroutine on the loop and keeps hold of it.
        resolver: whose name servers are asked.
        network: knows the gateways.
    """

    def __init__(self, spawn: Spawn, resolver: Resolver, network: Network) -> None:
        self._spawn = spawn
        self._resolver = resolver
        self._network = network

    def ask(self, gateway: str, silences: Sequence[Held], done: Callable[[str | None], None]) -> None:
        """Have `done` told why our line is down, empty where it is well, None where nothing shows either.

        At most two questions to each name server and eight packets.
        """
        self._spawn(self._look(gateway, silences, done))

    async def _look(self, gateway: str, silences: Sequence[Held], done: Callable[[str | None], None]) -> None:
        done(await self._reason(gateway, silences))

    async def _reason(self, gateway: str, silences: Sequence[Held]) -> str | None:
        servers = self._resolver.name_servers.servers
        said = await asyncio.gather(*(self._answers(server) for server in servers))
        if True in said:
            return ""
        heard_s = self._resolver.heard_s
        if False in said and heard_s and asyncio.get_running_loop().time() - heard_s < _LATELY_S:
            places = " and ".join(address for address, _ in servers)
            return f"neither what is monitored beyond {named(gateway)} nor the name server {places} answers"
        return await self._walk(gateway, silences)

    async def _answers(self, server: tuple[str, int]) -> bool | None:
        """Whether something beyond the gateway answers this name server; None when that cannot be told."""
        from uptime_tui.resolve.query import query_one

        address = server[0]
        outside = not is_loopback(address) and bool(self._network.next_hop(address))
        asked = self._resolver.name_servers._replace(servers=(server,), attempts=2)
        reply = await query_one(".", "NS", asked, asyncio.get_running_loop().time() + _PATIENCE_S)
        if reply.rcode == "SERVFAIL":
            return False
        if reply.rcode in SILENT:
            return False if outside and reply.rcode != OURS else None
        return True if outside else None

    async def _walk(self, gateway: str, silences: Sequence[Held]) -> str | None:
        """Where the ways to two silent networks end."""
        ways = {
            held.place: held.result for held in silences if held.result.address and held.result.failure not in _TOLD
        }
        if len(ways) < _WALKS:
            return None
        walks = []
        for result in list(ways.values())[:_WALKS]:
            address, port = result.address or "", result.port or 0
            bare = port not in {0, _NEVER_BARE}
            steps = walk(address, port, _LIFETIMES, _WITHIN_S) if bare else walk_udp(address, _LIFETIMES, _WITHIN_S)
            walks.append(steps)
        ends = {_end(hops) for hops in await asyncio.gather(*walks)}
        end = ends.pop()
        if ends or not end:
            return None
        where = named(gateway) if end == gateway else f"the router {end} behind {named(gateway)}"
        return f"what is sent to {len(ways)} networks ends at {where}: this machine's line is down, or all of them are"


def _end(hops: Sequence[Hop]) -> str:
    """The router near us that answered last; empty where somebody farther did, or nobody."""
    telling = [hop for hop in hops if hop.address]
    if not telling or any(hop.ttl > _NEAR and hop.word == "passed" for hop in telling):
        return ""
    last = telling[-1]
    if last.word == "passed" or (last.word == "unreachable" and last.message in _NO_ROUTE):
        return last.address
    return ""
