"""The table as a flat list of group headers and monitors: filtered, grouped, sorted. Pure.

The first group is the queue of problems; a problem stands there and is counted in its category, not repeated.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import takewhile
from operator import attrgetter
from typing import Any, Final, NamedTuple

from uptime_tui.model.failure import Status
from uptime_tui.model.filter import Filter
from uptime_tui.model.units import MonitorId
from uptime_tui.view.entry import PROBLEMS, Entry, MonitorLine
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.wire.messages import Counts, MonitorRow

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


def build_view(snapshot: Snapshot, options: ViewOptions, now_ms: int) -> tuple[ViewRow, ...]:
    """The rows from top to bottom.

    Args:
        snapshot: what is known.
        options: filter, order and folding.
        now_ms: Unix milliseconds, for filters that ask for days left.
    """
    groups = list(_groups(snapshot, options, now_ms / 1000))
    queue = [entry for group in groups for entry in group.problems]
    if not options.grouped:
        healthy = [] if options.problems_only else [entry for group in groups for entry in group.healthy]
        return tuple(MonitorLine(entry.monitor.id, "") for entry in _sorted(queue + healthy, options))
    view: list[ViewRow] = []
    if queue:
        view.append(_problem_header(queue, options))
        if PROBLEMS not in options.collapsed:
            view += [entry.queue_line for entry in _sorted(queue, options)]
    if options.problems_only:
        return tuple(view)
    for group in groups:
        collapsed = group.category in options.collapsed
        view.append(_header(group, collapsed=collapsed))
        if not collapsed:
            view += [entry.line for entry in _sorted(group.healthy, options)]
    return tuple(view)


def held_view(shown: Iterable[ViewRow], now: Iterable[ViewRow], monitors: Container[MonitorId]) -> tuple[ViewRow, ...]:
    """The lines that are shown, each in its place, without those of monitors that are no more; headers as they are now.

    Args:
        shown: the lines.
        now: the lines as they would be in their order now.
        monitors: those that there are.
    """
    kept = [row for row in shown if isinstance(row, GroupRow) or row.id in monitors]
    filled = {row.group for row in kept if isinstance(row, MonitorLine)}
    headers = {row.key: row for row in now if isinstance(row, GroupRow)}
    return tuple(
        headers.get(row.key, row) if isinstance(row, GroupRow) else row
        for row in kept
        if not isinstance(row, GroupRow) or row.key in headers or row.key in filled
    )


def new_problems(shown: Iterable[ViewRow], now: Iterable[ViewRow]) -> int:
    """How many monitors of the queue of problems `now` do not stand in the one that is shown."""
    return len(_queue(now) - _queue(shown))


def _queue(view: Iterable[ViewRow]) -> set[MonitorId]:
    """The monitors of the queue, which is the first group."""
    queue = takewhile(lambda row: (row.key if isinstance(row, GroupRow) else row.group) == PROBLEMS, view)
    return {row.id for row in queue if isinstance(row, MonitorLine)}


class _Group(NamedTuple):
    """What the filter lets through of one category, by name."""

    category: str
    entries: Sequence[Entry]
    problems: list[Entry]
    healthy: list[Entry]


def _groups(snapshot: Snapshot, options: ViewOptions, now_s: float) -> Iterator[_Group]:
    """The categories in their order, without those of which nothing is left."""
    for category in _ordered(snapshot.by_category, options.categories):
        entries: Sequence[Entry] = snapshot.by_category[category]
        if options.filter is not None:
            entries = options.filter.select(entries, now_s)
        if entries:
            bad = [entry for entry in entries if entry.is_problem]
            yield _Group(category, entries, bad, [entry for entry in entries if not entry.is_problem])


def _ordered(present: Iterable[str], wanted: tuple[str, ...]) -> list[str]:
    there = set(present)
    return [*(name for name in wanted if name in there), *sorted(there.difference(wanted))]


def _header(group: _Group, *, collapsed: bool) -> GroupRow:
    entries = group.entries
    latencies = [entry.latency_ms for entry in entries if entry.latency_ms is not None]
    return GroupRow(group.category, group.category, count(entries), collapsed, len(entries), _p95(latencies))


def _problem_header(queue: list[Entry], options: ViewOptions) -> GroupRow:
    return GroupRow(PROBLEMS, "PROBLEMS", count(queue), PROBLEMS in options.collapsed, len(queue), None)


def _p95(latencies: list[float]) -> float | None:
    if not latencies:
        return None
    latencies.sort()
    return latencies[min(len(latencies) - 1, int(len(latencies) * 0.95))]


_LARGEST_FIRST: Final = frozenset({"latency", "for"})
_KEYS: Final[dict[str, Callable[[Entry], Any]]] = {
    "state": attrgetter("by_state"),
    "name": attrgetter("by_name"),
    "latency": attrgetter("latency_ms"),
    "for": attrgetter("since_ms"),
    "category": attrgetter("category", "by_name"),
}


def _sorted(entries: list[Entry], options: ViewOptions) -> list[Entry]:
    """By the chosen order; equal ones stay in the order of their names."""
    order = options.sort if options.sort in _KEYS else "state"
    rest: list[Entry] = []
    if order == "latency":  # what has none is last in either direction
        rest = [entry for entry in entries if entry.latency_ms is None]
        entries = [entry for entry in entries if entry.latency_ms is not None]
    reverse = options.reverse is not (order in _LARGEST_FIRST)
    return sorted(entries, key=_KEYS[order], reverse=reverse) + rest


def problems(snapshot: Snapshot) -> list[Entry]:
    """Whatever is down or degraded, the worst first, then the longest: the order in which it is looked after."""
    found = [entry for entries in snapshot.by_category.values() for entry in entries if entry.is_problem]
    return sorted(found, key=_KEYS["state"])


def count(rows: Iterable[MonitorRow | Entry]) -> Counts:
    """How many are in each status."""
    tally = Counter(map(attrgetter("status"), rows))
    return Counts(**{status.value: tally[status] for status in Status})
