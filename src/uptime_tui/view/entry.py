"""A monitor with its newest row, as the view sorts and filters it: a key is made once for a row, not for each view."""

from typing import Final, NamedTuple

from uptime_tui.model.failure import Status
from uptime_tui.model.filter import searchable
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.target import place
from uptime_tui.model.units import MonitorId
from uptime_tui.wire.messages import MonitorRow

PROBLEMS: Final = "problems"
"""The group that is the queue of problems."""


class MonitorLine(NamedTuple):
    """A monitor's line."""

    id: MonitorId
    group: str


PROBLEM: Final = frozenset({Status.DOWN, Status.DEGRADED})
_DEGRADED: Final = 1 << 50
"""Beyond every Unix millisecond: whatever is down stands first."""
_HEALTHY: Final = {
    Status.UNKNOWN: 3 << 50,
    Status.PENDING: 4 << 50,
    Status.UP: 5 << 50,
    Status.PAUSED: 6 << 50,
}
_SUSPECTED: Final = 2 << 50


class Entry:
    """One monitor of a snapshot, which owns it and hands it every newer row. A filter reads it as its subject."""

    __slots__ = (
        "_text",
        "by_name",
        "by_state",
        "category",
        "is_problem",
        "latency_ms",
        "line",
        "monitor",
        "queue_line",
        "row",
        "since_ms",
        "status",
    )  # fmt: skip

    def __init__(self, monitor: Monitor, row: MonitorRow) -> None:
        self.monitor = monitor
        self.category = monitor.category
        self.by_name = monitor.name.casefold()
        """The key by which names are sorted."""
        self.line = MonitorLine(monitor.id, monitor.category)
        """Its line in the group of its category."""
        self.queue_line = MonitorLine(monitor.id, PROBLEMS)
        self._text = ""
        self.take(row)

    def take(self, row: MonitorRow) -> None:
        """A newer row."""
        self.row = row
        self.status = row.status
        self.since_ms = row.since_ms
        self.latency_ms = row.latency_ms
        self.is_problem = row.status in PROBLEM
        self.by_state = _by_state(row)
        """Down before degraded, the longest first; then suspected, unknown, pending, up, paused."""

    @property
    def text(self) -> str:
        """Where plain words are looked for; made when it is first asked for."""
        if not self._text:
            monitor, target = self.monitor, self.monitor.target
            address = f"{target.service}://{place(target)}{target.path}"
            self._text = searchable(monitor.name, address, monitor.purpose, monitor.tags)
        return self._text

    @property
    def host(self) -> str:
        """Host of the target."""
        return self.monitor.target.host

    @property
    def service(self) -> str:
        """The catalogue's name."""
        return self.monitor.target.service

    @property
    def tags(self) -> tuple[str, ...]:
        """As the user wrote them."""
        return self.monitor.tags

    @property
    def suspected(self) -> bool:
        """A failure that is not confirmed yet."""
        return self.row.suspected is not None

    @property
    def failure(self) -> str:
        """Code of the suspected or confirmed failure; empty for none."""
        return self.row.suspected or self.row.failure or ""

    @property
    def cert_not_after(self) -> int | None:
        """End of the certificate, Unix seconds."""
        return self.row.cert_not_after


def _by_state(row: MonitorRow) -> int:
    if row.status is Status.DOWN:
        return row.since_ms
    if row.status is Status.DEGRADED:
        return _DEGRADED + row.since_ms
    return _SUSPECTED if row.suspected is not None else _HEALTHY[row.status]
