"""Columns of the table: one declaration each, dropped from the right of the priorities as the screen narrows."""

from collections.abc import Callable
from typing import Final, NamedTuple

from uptime_tui.model.monitor import Monitor
from uptime_tui.model.target import place
from uptime_tui.view import words
from uptime_tui.view.cells import cell_width, fit
from uptime_tui.view.rows import GroupRow
from uptime_tui.view.trend import trend_text
from uptime_tui.view.words import Glyphs
from uptime_tui.wire.messages import CertificateRow, Counts, MonitorRow

Span = tuple[str, str]
"""Text and role."""


class Context(NamedTuple):
    """What a cell may look at."""

    monitor: Monitor
    row: MonitorRow
    now_ms: int
    width: int
    glyphs: Glyphs
    certificate: CertificateRow | None = None
    exposed: bool = False
    """Its port may be open to the world, and should not be."""


class Column(NamedTuple):
    """One column. Widths are cells."""

    id: str
    title: str
    priority: int
    """The lower, the longer it stays."""
    narrowest: int
    widest: int
    cell: Callable[[Context], str]
    right: bool = False
    sort: str = ""
    """The order it stands for, marked in the header."""
    ease: int = 0
    """Cells it is to have before a column that only repeats the panel is taken; 0: `narrowest`."""


def _state(context: Context) -> str:
    row = context.row
    return f"{words.status_glyph(row, context.glyphs)} {words.status_word(row)}"


def _for(context: Context) -> str:
    return words.age((context.now_ms - context.row.since_ms) / 1000) if context.row.since_ms else ""


def _certificate(context: Context) -> str:
    end = context.row.cert_not_after
    return "" if end is None else words.days_left(end - context.now_ms / 1000)


def _target(context: Context) -> str:
    target = context.monitor.target
    return f"{place(target)}{target.path}"


def _why(context: Context) -> str:
    return words.why(context.row) or (words.EXPOSED if context.exposed else "")


COLUMNS: Final = (
    Column("state", "STATE", 0, 10, 10, _state, sort="state"),
    Column("name", "NAME", 1, 14, 34, lambda c: c.monitor.name, sort="name", ease=20),
    Column("service", "SERVICE", 8, 11, 13, lambda c: c.monitor.target.service),
    Column("target", "TARGET", 6, 20, 38, _target, ease=28),
    Column("latency", "LAT", 4, 6, 7, lambda c: words.latency(c.row.latency_ms), right=True, sort="latency"),
    Column("trend", "TREND", 5, 6, 24, lambda c: trend_text(c.row.trend, c.width, c.glyphs), right=True, ease=8),
    Column("for", "FOR", 3, 4, 4, _for, right=True, sort="for"),
    Column("cert", "CERT", 7, 4, 5, _certificate, right=True),
    Column("why", "WHY", 2, 22, 200, _why, ease=36),
)
"""In the order in which they stand."""

_ESSENTIAL: Final = 5
"""Up to this priority a column is taken however narrow the others become."""
_GROWTH: Final = (("name", 18), ("why", 30), ("trend", 8), ("why", 36), ("name", 22), ("target", 28), ("trend", 12),
                  ("why", 60), ("name", 34), ("target", 38), ("trend", 24), ("latency", 7), ("cert", 5),
                  ("service", 13), ("why", 200))  # fmt: skip
"""Who gets cells that are left, up to how many, in turn."""


class Layout(NamedTuple):
    """The columns of one kind of list, and how they are used."""

    columns: tuple[Column, ...]
    growth: tuple[tuple[str, int], ...]
    orders: dict[str, str]
    """Key in the menu of orders to the order."""
    role: Callable[[Context], str]
    """Of a line."""


MONITORS: Final = Layout(
    COLUMNS,
    _GROWTH,
    {"s": "state", "n": "name", "l": "latency", "f": "for", "c": "category"},
    lambda context: words.row_role(context.row),
)

Chosen = tuple[tuple[Column, int], ...]


def choose_columns(width: int, layout: Layout = MONITORS) -> Chosen:
    """The columns that fit into `width` cells with a blank between them, and the width of each."""
    chosen: list[Column] = []
    taken = 0
    for column in sorted(layout.columns, key=lambda column: column.priority):
        need = column.narrowest + (1 if chosen else 0)
        ease = 0 if column.priority <= _ESSENTIAL else sum(max(0, c.ease - c.narrowest) for c in chosen)
        if taken + need + ease > width:
            break
        chosen.append(column)
        taken += need
    widths = {column.id: column.narrowest for column in chosen}
    left = width - taken
    for name, goal in layout.growth:
        if name in widths and left > 0:
            more = min(left, max(0, goal - widths[name]))
            widths[name] += more
            left -= more
    return tuple((column, widths[column.id]) for column in layout.columns if column.id in widths)


def header_text(chosen: Chosen, sort: str, *, reverse: bool, glyphs: Glyphs) -> str:
    """Titles, the sorted column marked with an arrow."""
    cells = []
    for column, width in chosen:
        title = column.title
        if column.sort and column.sort == sort:
            title += glyphs.up if reverse else glyphs.down
        cells.append(fit(title, width, right=column.right))
    return " ".join(cells)


def row_spans(chosen: Chosen, context: Context, layout: Layout = MONITORS) -> tuple[Span, ...]:
    """A monitor's line in at most three runs of one style: state, the middle, why. Healthy rows are quiet."""
    cells = []
    for column, width in chosen:
        text = column.cell(context._replace(width=width))
        cells.append(fit(text, width, right=column.right))
    role = layout.role(context)
    if len(cells) == 1:
        return ((cells[0], role),)
    if role == "good" and context.exposed and chosen[-1][0].id == "why":
        return ((cells[0], role), (" " + " ".join(cells[1:-1]) + " ", "plain"), (cells[-1], "warn"))
    if role in {"good", "dim"}:
        return ((cells[0], role), (" " + " ".join(cells[1:]), "dim" if role == "dim" else "plain"))
    if chosen[-1][0].id in {"why", "problems"} and len(cells) > 2:
        return ((cells[0], role), (" " + " ".join(cells[1:-1]) + " ", "strong"), (cells[-1], role))
    return ((cells[0], role), (" " + " ".join(cells[1:]), "strong"))


def group_spans(group: GroupRow, width: int, glyphs: Glyphs) -> tuple[Span, ...]:
    """A group's header: fold mark, title, counts by state, p95, and a rule to the edge."""
    mark = glyphs.closed if group.collapsed else glyphs.open
    counts = counts_text(group.counts, glyphs)
    p95 = f" p95 {words.latency(group.p95_ms)}" if group.p95_ms is not None else ""
    text = f"{mark} {group.title} {group.total}  {counts}{p95} "
    rest = width - cell_width(text)
    role = "bad" if group.counts.down else "warn" if group.counts.degraded else "dim"
    if rest <= 0:
        return ((fit(text, width), role if group.key == "problems" else "group"),)
    return ((text, role if group.key == "problems" else "group"), (glyphs.rule * rest, "faint"))


def counts_text(counts: Counts, glyphs: Glyphs) -> str:
    """`✗3 !5 ✓112 ‖2`: zeros are left out, but one thing is always said."""
    parts = [f"{glyph}{number}" for status, glyph in _in_order(glyphs) if (number := getattr(counts, status))]
    return " ".join(parts) or f"{glyphs.yes}0"


def _in_order(glyphs: Glyphs) -> tuple[tuple[str, str], ...]:
    order = ("down", "degraded", "unknown", "up", "paused", "pending")
    by_name = {status.value: glyph for status, glyph in glyphs.status.items()}
    return tuple((name, by_name[name]) for name in order)
