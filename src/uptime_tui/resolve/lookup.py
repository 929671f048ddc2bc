"""Names to addresses as this system does it, kept by TTL, with a cause when there is none.

A lookup that is kept answers at once; a new one runs as one coroutine however many wait for it. Nothing here
starts a task: the owner of the loop hands in `spawn`.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from uptime_tui.model.failure import Failure
from uptime_tui.resolve.answer import Answer, family_of
from uptime_tui.resolve.classify import TROUBLE_TTL_S, classify
from uptime_tui.resolve.control import SUSPICIOUS, is_for_anything, judge
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
Asked = tuple[str, int]
"""A name, and the family whose answer must not be missed: 4, 6, or 0 for whatever comes."""

MAX_KEPT: Final = 20_000
_HOSTS_TTL_S: Final = 1.0
_OWN_MODULES: Final = frozenset({"files", "dns", "compat"})
_NOTHING: Final = (0.0, Answer(()))
_NEGATIVE: Final = frozenset({Failure.DNS_NXDOMAIN, Failure.DNS_NO_ADDRESS})
_GRACE_S: Final = 0.1
"""The lookup's own word on a deadline says more than the waiter's."""
_WORTH_S: Final = 0.25
"""Whoever has this long left when another one's lookup ran out of time is worth a lookup of his own."""


class _Waiter(NamedTuple):
    asked_s: float
    deadline_s: float
    done: Done
    timer: asyncio.TimerHandle


class Resolver:
    """Resolves names on one loop.

    Args:
        spawn: runs a coroutine on the loop and keeps hold of it.
        nameservers: address and port of servers to ask instead of resolv.conf's.
        etc: folder of `hosts`, `resolv.conf` and `nsswitch.conf`.
        machine: this machine's name; its domain is searched where resolv.conf names none.
    """

    def __init__(
        self,
        spawn: Spawn,
        *,
        nameservers: tuple[tuple[str, int], ...] = (),
        etc: Path = Path("/etc"),
        machine: str = "",
    ) -> None:
        self._spawn = spawn
        self._own_servers = nameservers
        self._domain = (machine or os.uname().nodename).partition(".")[2].lower()
        self._hosts = WatchedFile(etc / "hosts", parse_hosts)
        self._order = WatchedFile(etc / "nsswitch.conf", parse_nsswitch)
        self._resolv = WatchedFile(etc / "resolv.conf", parse_resolv)
        self._kept: dict[Asked, tuple[float, Answer]] = {}
        self._had: dict[str, tuple[str, ...]] = {}
        """The addresses that names had last in DNS, for comparison only."""
        self._waiting: dict[Asked, list[_Waiter]] = {}
        self._heard_s = 0.0
        """When the name servers were known to work, by an answer of theirs."""
        self._known = ""
        """The name that was found last in DNS."""
        self._loop = asyncio.get_running_loop()
        self._stamps = self._read_stamps()
        self._look_s = self._loop.time() + _HOSTS_TTL_S

    def resolve(self, host: str, deadline_s: float, done: Done, family: int = 0) -> None:
        """Have `done(answer)` called once, at once where the answer is known.

        Args:
            host: A-label name or IP literal.
            deadline_s: on the loop's clock; `done` is called by then.
            done: called on the loop's thread.
            family: the one that counts, 4 or 6, or 0; addresses of the other one are told all the same.
        """
        now_s = self._loop.time()
        asked = host, family
        if now_s >= self._look_s:
            self._look_at_files(now_s)
        kept = self._kept.get(asked)
        if kept is not None and kept[0] > now_s:
            done(kept[1])
            return
        if is_address(host):
            self._keep(asked, Answer((host,), source="literal", ttl_s=86400.0), now_s)
            done(self._kept[asked][1])
            return
        if asked not in self._waiting:
            known = None if self._files_are_last() else self._from_hosts(host)
            if known is not None and (not family or family in map(family_of, known.addresses)):
                self._keep(asked, known, now_s)
                done(known)
                return
            shared = self._kept_for_others(host, family, now_s)
            if shared is not None:
                done(shared)
                return
            self._waiting[asked] = []
            self._spawn(self._look_up(asked, deadline_s))
        timer = self._loop.call_at(deadline_s + _GRACE_S, self._give_up, asked, done)
        self._waiting[asked].append(_Waiter(now_s, deadline_s, done, timer))

    def _kept_for_others(self, host: str, family: int, now_s: float) -> Answer | None:
        """An answer to who asked for another family, where it has addresses of this one: nothing is asked twice."""
        for other in (0, 4, 6):
            until_s, answer = self._kept.get((host, other), _NOTHING)
            if until_s > now_s and answer.addresses and family in {0, *map(family_of, answer.addresses)}:
                return answer
        return None

    def forget(self) -> None:
        """Forget every answer that is kept: the network has changed."""
        self._kept.clear()

    @property
    def name_servers(self) -> NameServers:
        """Who is asked, and the domains that are searched, as they are now."""
        servers = self._resolv.value()
        if self._own_servers:
            servers = servers._replace(servers=self._own_servers)
        if servers.search is None:
            servers = servers._replace(search=(self._domain,) if self._domain else ())
        return servers

    @property
    def heard_s(self) -> float:
        """When the name servers were known to work, on the loop's clock; 0: never yet."""
        return self._heard_s

    @property
    def order(self) -> tuple[str, ...]:
        """Sources of names in nsswitch.conf, in order."""
        return self._order.value()

    @property
    def asks_own_servers(self) -> bool:
        """Whether our configuration names the servers, and not the system's."""
        return bool(self._own_servers)

    def in_hosts_file(self, host: str) -> tuple[str, ...]:
        """What the hosts file says of a name, whether or not it is asked."""
        return tuple(self._hosts.value().get(host, ()))

    def _look_at_files(self, now_s: float) -> None:
        """A name that was added to the hosts file, or another name server, counts from now on."""
        self._look_s = now_s + _HOSTS_TTL_S
        stamps = self._read_stamps()
        if stamps != self._stamps:
            self._stamps = stamps
            self._kept.clear()

    def _read_stamps(self) -> tuple[object, ...]:
        return self._hosts.stamp(), self._order.stamp(), self._resolv.stamp()

    def _keep(self, asked: Asked, answer: Answer, now_s: float) -> None:
        if len(self._kept) >= MAX_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[asked] = (now_s + answer.ttl_s, answer)

    def _files_are_last(self) -> bool:
        """Whether nsswitch.conf has DNS asked before the hosts file."""
        order = self._order.value()
        return "dns" in order and "files" in order and order.index("dns") < order.index("files")

    def _from_hosts(self, host: str) -> Answer | None:
        if "files" not in self._order.value():
            return None
        known = self._hosts.value().get(host)
        if known is None and (host == "localhost" or host.endswith(".localhost")):
            known = ("127.0.0.1", "::1")  # RFC 6761 §6.3
        return Answer(known, source="hosts", ttl_s=_HOSTS_TTL_S) if known else None

    def _give_up(self, asked: Asked, done: Done) -> None:
        """A waiter's own time is up, whoever's lookup it is."""
        now_s = self._loop.time()
        waiting = self._waiting.get(asked, [])
        for waiter in waiting:
            if waiter.done is done:
                waiting.remove(waiter)
                waited_s = now_s - waiter.asked_s
                ours = self._heard_s < waiter.asked_s
                whose = "this machine's name servers answer no question; what was seen: " if ours else ""
                detail = f"{whose}{asked[0]}: no answer from the name servers in {waited_s:.1f} s"
                done(Answer((), Failure.DNS_TIMEOUT, detail, ms=waited_s * 1000, ours=ours))
                return

    async def _look_up(self, asked: Asked, deadline_s: float) -> None:
        try:
            answer = await self._ask(*asked, deadline_s)
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, or its monitor stays silent for ever
            answer = Answer(
                (), Failure.DNS_SERVFAIL, f"{asked[0]}: lookup failed ({type(error).__name__})", ttl_s=TROUBLE_TTL_S
            )
        now_s = self._loop.time()
        if not answer.ours:
            self._heard_s = now_s
        waiting = self._waiting.pop(asked, [])
        if answer.failure is Failure.DNS_TIMEOUT:
            patient = [waiter for waiter in waiting if waiter.deadline_s - now_s > _WORTH_S]
            if patient and now_s >= deadline_s - _WORTH_S:
                waiting = [waiter for waiter in waiting if waiter not in patient]
                self._waiting[asked] = patient
                self._spawn(self._look_up(asked, max(waiter.deadline_s for waiter in patient)))
        if asked not in self._waiting:
            self._keep(asked, answer, now_s)
        for waiter in waiting:
            waiter.timer.cancel()
            waiter.done(answer._replace(ms=(now_s - waiter.asked_s) * 1000))

    async def _ask(self, host: str, family: int, deadline_s: float) -> Answer:
        """What is found, once it is known that it is not this machine's own resolving that fails.

        What is held against a name was said after the name servers had been seen to work.
        """
        servers = self.name_servers
        answer = await self._search(host, family, servers, self._by(deadline_s))
        if answer.addresses and answer.source == "dns":
            return await self._compare(host, answer, servers, deadline_s)
        if answer.failure not in SUSPICIOUS:
            return answer
        known = "" if self._known in candidates(host, servers) else self._known
        judged = await judge(answer, servers, self._by(deadline_s), known)
        return judged if judged.ours else await self._search(host, family, servers, deadline_s)

    async def _compare(self, host: str, answer: Answer, servers: NameServers, deadline_s: float) -> Answer:
        """An answer that has nothing in common with what the name had before may be everybody's."""
        before = self._had.get(host, answer.addresses)
        if set(before).isdisjoint(answer.addresses):
            answer = await is_for_anything(answer, servers, self._by(deadline_s))
        if answer.addresses:
            self._had.pop(host, None)
            self._had[host] = answer.addresses
            if len(self._had) > MAX_KEPT:
                del self._had[next(iter(self._had))]
        return answer

    def _by(self, deadline_s: float) -> float:
        """When half of the time that is left is over: what comes after needs some, too."""
        return (self._loop.time() + deadline_s) / 2

    async def _search(self, host: str, family: int, servers: NameServers, deadline_s: float) -> Answer:
        """Every candidate name in turn; the first with an address wins, else the most telling finding."""
        from uptime_tui.resolve.query import query_both

        found: dict[str, Answer] = {}
        for name in candidates(host, servers):
            answer = found[name] = classify(name, await query_both(name, servers, deadline_s, family), family)
            if answer.addresses:
                self._known = name
                return answer
            if answer.failure in {Failure.DNS_TIMEOUT, Failure.NO_DESCRIPTORS}:
                break
        negative = _most_telling(host, found)
        # where the files come first they have the other family alone: they count unless DNS could not be asked
        late = self._from_hosts(host) if self._files_are_last() or negative.failure in _NEGATIVE else None
        return late or await self._from_system(host, negative, deadline_s)

    async def _from_system(self, host: str, negative: Answer, deadline_s: float) -> Answer:
        """The last say of the system's other modules (mDNS, systemd, LDAP…), which only libc can ask."""
        import socket

        if self._own_servers or not set(self._order.value()) - _OWN_MODULES:
            return negative
        try:
            async with asyncio.timeout_at(deadline_s):
                found = await self._loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:  # TimeoutError is one of them
            return negative
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        return Answer(addresses, source="nss", ttl_s=30.0) if addresses else negative


def _most_telling(host: str, found: Mapping[str, Answer]) -> Answer:
    """What to say when no candidate has an address: trouble before a missing record before a missing name."""
    trouble = next((answer for answer in found.values() if answer.failure not in _NEGATIVE), None)
    bare = next((answer for answer in found.values() if answer.failure is Failure.DNS_NO_ADDRESS), None)
    answer = trouble or bare or found.get(host) or next(iter(found.values()))
    others = [name for name in found if not answer.detail.startswith(name)]
    if not others:
        return answer
    return answer._replace(detail=f"{answer.detail} (asked for as well: {', '.join(others[:3])})")
