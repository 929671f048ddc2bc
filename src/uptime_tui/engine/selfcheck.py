"""Is it us? Descriptors, the clock, a suspend, and whether this machine has a network at all."""

import errno
import logging
import resource
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from uptime_tui.dial.zone import place_of
from uptime_tui.engine.routes import PROC_NET, UNSEEN, Route, default_interfaces, next_hop, read_routes
from uptime_tui.model.failure import FACTS, Failure, Side
from uptime_tui.model.result import Result
from uptime_tui.vantage.closed import SILENCE

RESERVED: Final = 64
"""Descriptors that are not for probes: journal, clients, log."""
_log: Final = logging.getLogger(__name__)
_JUMP_S: Final = 5.0
_LOOK_AGAIN_S: Final = 1.0
_HOSTS: Final = 3
"""Different hosts without a local route, and no success between, that prove it is us."""
_NO_EVIDENCE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
"""Nothing could be looked at: that says nothing about the network."""
_REMEMBERED: Final = 8
"""Addresses that answered last, by which a lost route is noticed."""
_DESCRIPTORS_EACH: Final = 2
"""A probe holds one, while its name is looked up two."""
_SUSPICIOUS: Final = frozenset(
    {
        Failure.NET_UNREACHABLE, Failure.HOST_UNREACHABLE, Failure.TIMEOUT, Failure.DNS_TIMEOUT, Failure.DNS_SERVFAIL,
        Failure.DNS_REFUSED,
    }
)  # fmt: skip
"""What a lost network looks like; DNS refused: a local forwarder that has lost its own servers."""


def raise_limits(wanted: int) -> int:
    """Raise the soft limit of open files to the hard one; returns how many probes may run at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):
            soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(8, min(wanted, (soft - RESERVED) // _DESCRIPTORS_EACH))


class Lapse(NamedTuple):
    """Time that went wrong between two looks, in seconds; 0.0 below five."""

    slept_s: float
    """This machine was suspended."""
    jumped_s: float
    """The wall clock was set."""
    stalled_s: float
    """This process did not run, or did nothing else: what it should have heard meanwhile says little."""


class ClockWatch:
    """Tells a suspend, a jump of the wall clock and a stall by comparing three clocks between two looks.

    A machine that is merely busy moves all three alike: that is a stall, never a suspend or a jump.

    Args:
        monotonic: stands still while the machine sleeps (CLOCK_MONOTONIC).
        boottime: goes on while it sleeps (CLOCK_BOOTTIME).
        wall: what the user's watch says.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        boottime: Callable[[], float] | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic = monotonic
        self._boottime = boottime or (lambda: time.clock_gettime(time.CLOCK_BOOTTIME))
        self._wall = wall
        self._last = (monotonic(), self._boottime(), wall())

    def look(self) -> Lapse:
        """What happened since the last look; it should be a second ago."""
        now = (self._monotonic(), self._boottime(), self._wall())
        awake, whole, shown = (a - b for a, b in zip(now, self._last, strict=True))
        self._last = now
        slept, jumped = whole - awake, shown - whole
        return Lapse(
            slept if slept > _JUMP_S else 0.0,
            jumped if abs(jumped) > _JUMP_S else 0.0,
            awake if awake > _JUMP_S else 0.0,
        )


class Network:
    """Whether this machine has a network, by local evidence only: nothing is sent.

    Offline is: the interfaces of the default route (without one: all but the loopback) have no link; or there is no
    route to what failed, and the default route was lost, or the routes to all that answered last. Before anything
    has answered, several hosts must be without a route. A fleet that is truly down changes none of this.

    Args:
        now_s: a monotonic clock.
        sys_net: the kernel's list of interfaces.
        proc_net: the kernel's routing tables.
        has_route: whether an address can be routed to.
    """

    def __init__(
        self,
        now_s: Callable[[], float] = time.monotonic,
        sys_net: Path = Path("/sys/class/net"),
        proc_net: Path = PROC_NET,
        has_route: Callable[[str], bool] | None = None,
    ) -> None:
        self._now_s = now_s
        self._sys_net = sys_net
        self._proc_net = proc_net
        self._has_route = has_route or _has_route
        self._looked_s = -_LOOK_AGAIN_S
        self._link = self._routed = True
        self._routes: tuple[Route, ...] = ()
        self._outward: set[str] = set()
        self._had_outward = False
        self._answered: dict[str, None] = {}
        self._unrouted: set[str] = set()
        self.offline = False
        self.line_is_down = False
        """Link and routes are well, and nothing answers behind them (`engine.doubt`)."""

    def next_hop(self, address: str) -> str:
        """The gateway or tunnel towards an address (`engine.routes.next_hop`), `UNSEEN` where the tables do not say."""
        self.has_link()
        hop = next_hop(address, self._routes)
        if hop is None:  # in the midst of a change, perhaps
            self._looked_s = -_LOOK_AGAIN_S
            self.has_link()
            hop = next_hop(address, self._routes)
        return UNSEEN if hop is None else hop

    def judge(self, result: Result, host: str) -> Result:
        """The result as it is, or the same marked as our own fault."""
        failure, address = result.failure, result.address
        if is_loopback(address or host) or (failure is not None and FACTS[failure].side is Side.OURS):
            return result
        silent = failure is None and any(e.id == SILENCE for e in result.evidence)
        if failure is Failure.REFUSED or (failure is None and not silent):
            self._heard_from(address)
            return result
        if failure is Failure.NET_UNREACHABLE and not any(e.id.startswith("icmp_") for e in result.evidence):
            self._unrouted.add(host)
        suspicious = silent or failure in _SUSPICIOUS
        if self.has_link() and not (suspicious and self._is_cut_off(address)):
            return result
        self.offline = True
        detail = f"this machine has no network; what was seen: {result.detail}"
        return msgspec.structs.replace(
            result, failure=Failure.WATCHER_OFFLINE, phase=None, detail=detail, severity=None
        )

    def is_back(self) -> bool:
        """True once, when link and routes have come back to a machine that was offline."""
        if not self.offline or not self.has_link() or self._is_cut_off(None):
            return False
        self._unrouted.clear()
        self.offline = False
        return True

    def has_link(self) -> bool:
        """Whether an interface that leads out has a link; looked at once a second at most."""
        now_s = self._now_s()
        if now_s - self._looked_s >= _LOOK_AGAIN_S:
            self._looked_s = now_s
            try:
                self._look()
            except OSError:
                _log.debug("network", exc_info=True)
        return self._link

    def _look(self) -> None:
        """All at once, or nothing where a descriptor is lacking for it."""
        routes = read_routes(self._proc_net)
        outward = default_interfaces(routes)
        self._link = self._any_link(outward)
        self._routes = routes
        self._outward = outward
        self._had_outward = self._had_outward or bool(outward)
        self._routed = any(map(self._has_route, self._answered))

    def _heard_from(self, address: str | None) -> None:
        self._unrouted.clear()
        self.offline = self.offline and self._had_outward and not self._outward  # a neighbour answers without a route
        if address is not None:
            self._answered.pop(address, None)
            self._answered[address] = None
            self._routed = True
            if len(self._answered) > _REMEMBERED:
                del self._answered[next(iter(self._answered))]

    def _is_cut_off(self, address: str | None) -> bool:
        """Whether it is our routing table that keeps us from that address."""
        if address is not None and self._has_route(address):
            return False
        if self._had_outward and not self._outward:
            return True
        if self._answered:
            return not self._routed
        return not self._outward and len(self._unrouted) >= _HOSTS

    def _any_link(self, outward: set[str]) -> bool:
        try:
            interfaces = {entry.name for entry in self._sys_net.iterdir()} - {"lo"}
        except FileNotFoundError:
            return True  # no such list here: no evidence
        return any(_has_carrier(self._sys_net / name) for name in outward & interfaces or interfaces)


def _has_route(address: str) -> bool:
    """Asks the routing table by connecting a datagram socket: no packet is sent."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect(place_of(address, 9))
    except OSError as error:
        return error.errno in _NO_EVIDENCE
    return True


def _has_carrier(interface: Path) -> bool:
    try:
        return (interface / "carrier").read_text().strip() == "1"
    except OSError as error:
        if error.errno in _NO_EVIDENCE:
            raise
        return False  # the file cannot be read while the interface is switched off


def is_loopback(place: str) -> bool:
    """Whether an address or name means this machine itself."""
    return place.startswith("127.") or place in {"::1", "localhost"} or place.endswith(".localhost")
