"""Names to addresses as this system does it, kept by TTL, with a cause when there is none.

A lookup that is kept answers at once; a new one runs as one coroutine however many wait for it. Nothing here
starts a task: the owner of the loop hands in `spawn`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from uptime_tui.model.failure import Failure
from uptime_tui.resolve.answer import Answer
from uptime_tui.resolve.classify import TROUBLE_TTL_S, classify
from uptime_tui.resolve.system import (
    NameServers,
    WatchedFile,
    candidates,
    is_address,
    parse_hosts,
    parse_nsswitch,
    parse_resolv,
)

Spawn = Callable[[Coroutine[Any, Any, None]], None]
Done = Callable[[Answer], None]

MAX_KEPT: Final = 20_000
_HOSTS_TTL_S: Final = 1.0
_OWN_MODULES: Final = frozenset({"files", "dns", "compat"})


class Resolver:
    """Resolves names on one loop.

    Args:
        spawn: runs a coroutine on the loop and keeps hold of it.
        nameservers: address and port of servers to ask instead of resolv.conf's.
        etc: folder of `hosts`, `resolv.conf` and `nsswitch.conf`.
    """

    def __init__(
        self, spawn: Spawn, *, nameservers: tuple[tuple[str, int], ...] = (), etc: Path = Path("/etc")
    ) -> None:
        self._spawn = spawn
        self._own_servers = nameservers
        self._hosts = WatchedFile(etc / "hosts", parse_hosts)
        self._order = WatchedFile(etc / "nsswitch.conf", parse_nsswitch)
        self._resolv = WatchedFile(etc / "resolv.conf", parse_resolv)
        self._kept: dict[str, tuple[float, Answer]] = {}
        self._waiting: dict[str, list[tuple[float, Done]]] = {}
        self._loop = asyncio.get_running_loop()

    def resolve(self, host: str, deadline_s: float, done: Done) -> None:
        """Have `done(answer)` called once, at once where the answer is known.

        Args:
            host: A-label name or IP literal.
            deadline_s: on the loop's clock; the lookup gives up by then.
            done: called on the loop's thread.
        """
        now_s = self._loop.time()
        kept = self._kept.get(host)
        if kept is not None and kept[0] > now_s:
            done(kept[1])
            return
        if is_address(host):
            self._keep(host, Answer((host,), source="literal", ttl_s=86400.0), now_s, None)
            done(self._kept[host][1])
            return
        waiting = self._waiting.get(host)
        if waiting is not None:
            waiting.append((now_s, done))
            return
        known = self._from_hosts(host)
        if known is not None:
            self._keep(host, known, now_s, None)
            done(known)
            return
        self._waiting[host] = [(now_s, done)]
        self._spawn(self._look_up(host, deadline_s))

    def forget(self) -> None:
        """Forget every answer that is kept: the network has changed."""
        self._kept.clear()

    def _keep(self, host: str, answer: Answer, now_s: float, asked_s: float | None) -> None:
        if len(self._kept) >= MAX_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[host] = (now_s + answer.ttl_s, answer._replace(ms=0.0) if asked_s is not None else answer)

    def _from_hosts(self, host: str) -> Answer | None:
        order = self._order.value()
        if "files" not in order:
            return None
        known = self._hosts.value().get(host)
        if known is None and (host == "localhost" or host.endswith(".localhost")):
            known = ("127.0.0.1", "::1")  # RFC 6761 §6.3
        return Answer(known, source="hosts", ttl_s=_HOSTS_TTL_S) if known else None

    async def _look_up(self, host: str, deadline_s: float) -> None:
        try:
            answer = await self._ask(host, deadline_s)
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, or its monitor stays silent for ever
            answer = Answer(
                (), Failure.DNS_SERVFAIL, f"{host}: lookup failed ({type(error).__name__})", ttl_s=TROUBLE_TTL_S
            )
        now_s = self._loop.time()
        self._keep(host, answer, now_s, now_s)
        for asked_s, done in self._waiting.pop(host, ()):
            done(answer._replace(ms=(now_s - asked_s) * 1000))

    async def _ask(self, host: str, deadline_s: float) -> Answer:
        """Every candidate name in turn; the first with an address wins, else the finding about the name itself."""
        from uptime_tui.resolve.query import query_both

        servers = self._resolv.value()
        if self._own_servers:
            servers = NameServers(servers=self._own_servers, timeout_s=servers.timeout_s, attempts=servers.attempts)
        first: Answer | None = None
        for name in candidates(host, servers):
            answer = classify(name, await query_both(name, servers, deadline_s))
            if answer.addresses:
                return answer
            if first is None or name == host:
                first = answer
            if answer.failure not in {Failure.DNS_NXDOMAIN, Failure.DNS_NO_ADDRESS}:
                break
        assert first is not None
        if not self._own_servers and set(self._order.value()) - _OWN_MODULES:
            return await self._from_system(host, first)
        return first

    async def _from_system(self, host: str, negative: Answer) -> Answer:
        """The last say of the system's other modules (mDNS, systemd, LDAP…), which only libc can ask."""
        import socket

        try:
            found = await self._loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            return negative
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        return Answer(addresses, source="nss", ttl_s=30.0) if addresses else negative
