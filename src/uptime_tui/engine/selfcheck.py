"""Is it us? Descriptors, the clock, a suspend, and whether this machine has a network at all."""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Result

RESERVED: Final = 64
"""Descriptors that are not for probes: journal, clients, log."""
_JUMP_S: Final = 5.0
_LOOK_AGAIN_S: Final = 1.0
_HOSTS: Final = 3
"""Different hosts without a local route, and no success between, that prove it is us."""
_SUSPICIOUS: Final = frozenset(
    {Failure.NET_UNREACHABLE, Failure.HOST_UNREACHABLE, Failure.TIMEOUT, Failure.DNS_TIMEOUT, Failure.DNS_SERVFAIL}
)


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
    return max(8, min(wanted, soft - RESERVED))


class ClockWatch:
    """Tells a suspend and a jump of the wall clock by comparing three clocks between two looks.

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

    def look(self) -> tuple[float, float]:
        """Seconds slept, and seconds the wall clock jumped beyond that, since the last look; 0.0 below five."""
        now = (self._monotonic(), self._boottime(), self._wall())
        awake, whole, shown = (a - b for a, b in zip(now, self._last, strict=True))
        self._last = now
        slept, jumped = whole - awake, shown - whole
        return (slept if slept > _JUMP_S else 0.0, jumped if abs(jumped) > _JUMP_S else 0.0)


class Network:
    """Whether this machine has a network, by local evidence only: nothing is sent.

    Offline is: no interface but the loopback has a link; or several hosts in a row could not even be routed to.

    Args:
        now_s: a monotonic clock.
        sys_net: the kernel's list of interfaces.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic, sys_net: Path = Path("/sys/class/net")) -> None:
        self._now_s = now_s
        self._sys_net = sys_net
        self._looked_s = -_LOOK_AGAIN_S
        self._link = True
        self._unrouted: set[str] = set()
        self.offline = False

    def judge(self, result: Result, host: str) -> Result:
        """The result as it is, or the same marked as our own fault."""
        if _is_loopback(result.address or host):
            return result
        if result.failure is None or (
            result.failure not in _SUSPICIOUS and result.phase not in {Phase.DNS, Phase.CONNECT}
        ):
            self._unrouted.clear()
            self.offline = False
            return result
        if result.failure is Failure.NET_UNREACHABLE and not any(e.id == "icmp" for e in result.evidence):
            self._unrouted.add(host)
        self.offline = result.failure in _SUSPICIOUS and (not self.has_link() or len(self._unrouted) >= _HOSTS)
        if not self.offline:
            return result
        detail = f"this machine has no network; what was seen: {result.detail}"
        return msgspec.structs.replace(
            result, failure=Failure.WATCHER_OFFLINE, phase=None, detail=detail, severity=None
        )

    def has_link(self) -> bool:
        """Whether any interface but the loopback has a link; looked at once a second at most."""
        now_s = self._now_s()
        if now_s - self._looked_s >= _LOOK_AGAIN_S:
            self._looked_s = now_s
            self._link = self._any_link()
        return self._link

    def _any_link(self) -> bool:
        try:
            interfaces = [entry for entry in self._sys_net.iterdir() if entry.name != "lo"]
        except OSError:
            return True  # no such list here: no evidence
        return any(_has_carrier(entry) for entry in interfaces)


def _has_carrier(interface: Path) -> bool:
    try:
        return (interface / "carrier").read_text().strip() == "1"
    except OSError:
        return False  # the file cannot be read while the interface is switched off


def _is_loopback(place: str) -> bool:
    return place.startswith("127.") or place in {"::1", "localhost"} or place.endswith(".localhost")
