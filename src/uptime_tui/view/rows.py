"""The table as a flat list of group headers and monitors: filtered, grouped, sorted. Pure.

The first group is the queue of problems; a problem stands there and is counted in its category, not repeated.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from uptime_tui.model.failure import Status
from uptime_tui.model.filter import Filter
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.units import MonitorId
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.wire.messages import Counts, MonitorRow

PROBLEMS: Final = "problems"
SORTS: Final = ("state", "name", "latency", "for", "category")


class GroupRow(NamedTuple):
    """A group's header."""

    key: str
    title: str
    counts: Counts
    collapsed: bool
    total: int
    """Monitors of the group that the filter lets through."""
    p95_ms: float | None


class MonitorLine(NamedTuple):
    """A monitor's line."""

    id: MonitorId
    group: str


ViewRow = GroupRow | MonitorLine


class ViewOptions(NamedTuple):
    """How the user wants to see the fleet."""

    filter: Filter | None = None
    sort: str = "state"
    reverse: bool = False
    collapsed: frozenset[str] = frozenset()
    grouped: bool = True
    problems_only: bool = False
    certificates: bool = False
    """The list of certificates (`view.certificates`)."""
    categories: tuple[str, ...] = ()
    """Order of the groups; others follow by name."""


_RANK: Final = {
    Status.UNKNOWN: 1,
    Status.PENDING: 2,
    Status.UP: 3,
    Status.PAUSED: 4,
    Status.DOWN: 0,
    Status.DEGRADED: 0,
}
_PROBLEM: Final = frozenset({Status.DOWN, Status.DEGRADED})

Entry = tuple[Monitor, MonitorRow]


def build_view(snapshot: Snapshot, options: ViewOptions, now_ms: int) -> tuple[ViewRow, ...]:
    """The rows from top to bottom.

    Args:
        snapshot: what is known.
        options: filter, order and folding.
        now_ms: Unix milliseconds, for filters that ask for days left.
    """
    problems: list[Entry] = []
    groups = [
        _gather(snapshot, options, name, problems, now_ms)
        for name in _ordered(snapshot.by_category, options.categories)
    ]
    if not options.grouped:
        entries = problems if options.problems_only else [*problems, *(e for group in groups for e in group.healthy)]
        return tuple(MonitorLine(monitor.id, "") for monitor, _ in _sorted(entries, options))
    view: list[ViewRow] = []
    if problems:
        view.append(_problem_header(problems, options))
        if PROBLEMS not in options.collapsed:
            view.extend(MonitorLine(monitor.id, PROBLEMS) for monitor, _ in _sorted(problems, options))
    if options.problems_only:
        return tuple(view)
    for group in groups:
        header = group.header
        if header.total:
            view.append(header)
            if not header.collapsed:
                view.extend(MonitorLine(monitor.id, header.key) for monitor, _ in _sorted(group.healthy, options))
    return tuple(view)


def new_problems(shown: Iterable[ViewRow], now: Iterable[ViewRow]) -> int:
    """How many monitors of the queue of problems `now` do not stand in the one that is shown."""
    before = {entry.id for entry in shown if isinstance(entry, MonitorLine) and entry.group == PROBLEMS}
    return sum(
        1 for entry in now if isinstance(entry, MonitorLine) and entry.group == PROBLEMS and entry.id not in before
    )


class _Group(NamedTuple):
    header: GroupRow
    healthy: list[Entry]


def _gather(snapshot: Snapshot, options: ViewOptions, category: str, problems: list[Entry], now_ms: int) -> _Group:
    """One category: its header and what is not a problem; problems are added to the common queue."""
    wanted = options.filter.matches if options.filter is not None and options.filter.text.strip() else None
    now_s = now_ms / 1000
    rows = snapshot.rows
    tally = dict.fromkeys(Status, 0)
    healthy: list[Entry] = []
    latencies: list[float] = []
    for monitor in snapshot.by_category[category]:
        if wanted is not None and not wanted(snapshot.subject(monitor, now_s)):
            continue
        row = rows[monitor.id]
        tally[row.status] += 1
        (problems if row.status in _PROBLEM else healthy).append((monitor, row))
        if row.latency_ms is not None:
            latencies.append(row.latency_ms)
    counts = Counts(**{status.value: number for status, number in tally.items()})
    collapsed = category in options.collapsed
    return _Group(GroupRow(category, category, counts, collapsed, sum(tally.values()), _p95(latencies)), healthy)


def _ordered(present: Iterable[str], wanted: tuple[str, ...]) -> list[str]:
    there = set(present)
    return [*(name for name in wanted if name in there), *sorted(there.difference(wanted))]


def _problem_header(problems: list[Entry], options: ViewOptions) -> GroupRow:
    down = sum(1 for _, row in problems if row.status is Status.DOWN)
    counts = Counts(down=down, degraded=len(problems) - down)
    return GroupRow(PROBLEMS, "PROBLEMS", counts, PROBLEMS in options.collapsed, len(problems), None)


def _p95(latencies: list[float]) -> float | None:
    if not latencies:
        return None
    latencies.sort()
    return latencies[min(len(latencies) - 1, int(len(latencies) * 0.95))]


def _sorted(entries: list[Entry], options: ViewOptions) -> list[Entry]:
    """By the chosen order; equal ones stay in the order of their names."""
    if options.sort == "latency":  # what has none is last in either direction
        known = [entry for entry in entries if entry[1].latency_ms is not None]
        known.sort(key=_by_latency, reverse=options.reverse)
        return [*known, *(entry for entry in entries if entry[1].latency_ms is None)]
    return sorted(entries, key=_KEYS.get(options.sort, _by_state), reverse=options.reverse)


def _by_state(entry: Entry) -> tuple[int, int, int]:
    """Down before degraded, the longest first; then suspected, unknown, pending, up, paused by name."""
    row = entry[1]
    if row.status in _PROBLEM:
        return (0, 0 if row.status is Status.DOWN else 1, row.since_ms)
    return (0 if row.suspected is not None else _RANK[row.status], 2, 0)


def _by_latency(entry: Entry) -> float:
    return -(entry[1].latency_ms or 0.0)


_KEYS: Final[dict[str, Callable[[Entry], Any]]] = {
    "state": _by_state,
    "name": lambda entry: entry[0].name.casefold(),
    "for": lambda entry: -entry[1].since_ms,
    "category": lambda entry: (entry[0].category, entry[0].name.casefold()),
}


def problems(snapshot: Snapshot) -> list[Entry]:
    """Whatever is down or degraded, the worst first, then the longest: the order in which it is looked after."""
    found = [(snapshot.monitors[row.id], row) for row in snapshot.rows.values() if row.status in _PROBLEM]
    return sorted(found, key=_by_state)


def count(rows: Iterable[MonitorRow]) -> Counts:
    """How many are in each status."""
    tally = dict.fromkeys(Status, 0)
    for row in rows:
        tally[row.status] += 1
    return Counts(**{status.value: number for status, number in tally.items()})
