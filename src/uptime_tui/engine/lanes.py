"""How much of a host is in use: at most `PER_HOST` probes at once, and in each lane what its service allows."""

from typing import Final, TypeVar

from uptime_tui.model.schedule import Pace
from uptime_tui.model.units import MonitorId

PER_HOST: Final = 2

K = TypeVar("K")
Key = tuple[str, str]
"""Host and lane."""


class Lanes:
    """Counts what runs, and remembers when a lane with a spacing was used last. Times are the loop's, in seconds."""

    def __init__(self) -> None:
        self._hosts: dict[str, int] = {}
        self._lanes: dict[Key, int] = {}
        self._used_s: dict[Key, float] = {}
        self._members: dict[Key, dict[MonitorId, float]] = {}
        """Monitors of lanes with a spacing, and their intervals."""

    def is_full(self, host: str, pace: Pace) -> bool:
        """Whether one more probe has to wait until another one ends."""
        return self._hosts.get(host, 0) >= PER_HOST or self._lanes.get((host, pace.lane), 0) >= pace.per_host

    def free_at_s(self, host: str, pace: Pace) -> float:
        """When the lane's spacing allows the next start; 0 where nothing speaks against one now."""
        return self._used_s.get((host, pace.lane), -pace.spacing_s) + pace.spacing_s if pace.spacing_s else 0.0

    def enter(self, host: str, pace: Pace, now_s: float) -> None:
        """A probe starts."""
        key = host, pace.lane
        self._hosts[host] = self._hosts.get(host, 0) + 1
        self._lanes[key] = self._lanes.get(key, 0) + 1
        if pace.spacing_s:
            self._used_s[key] = now_s

    def leave(self, host: str, pace: Pace) -> None:
        """A probe has ended."""
        _less(self._hosts, host)
        _less(self._lanes, (host, pace.lane))

    def join(self, number: MonitorId, host: str, pace: Pace, interval_s: float) -> None:
        """A monitor will use that lane so often."""
        if pace.spacing_s:
            self._members.setdefault((host, pace.lane), {})[number] = interval_s

    def part(self, number: MonitorId, host: str, pace: Pace) -> None:
        """A monitor uses that lane no more."""
        members = self._members.get((host, pace.lane), {})
        members.pop(number, None)
        if not members:
            self._members.pop((host, pace.lane), None)
            self._used_s.pop((host, pace.lane), None)

    def interval_s(self, host: str, pace: Pace, wanted_s: float) -> float:
        """The interval that the lane has room for when all its monitors take their turns; the wanted one, or longer."""
        intervals = self._members.get((host, pace.lane), {}).values()
        return wanted_s * max(1.0, sum(pace.spacing_s / each for each in intervals))


def _less(counts: dict[K, int], key: K) -> None:
    if counts[key] > 1:
        counts[key] -= 1
    else:
        del counts[key]
