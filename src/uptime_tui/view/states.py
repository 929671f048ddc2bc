"""What is said when there is nothing to show, or something is wrong with the whole: drawn on purpose, in one place."""

from collections.abc import Callable
from heapq import nlargest
from operator import attrgetter
from typing import Final

from uptime_tui.model.units import MonitorId
from uptime_tui.view import certificates
from uptime_tui.view.cells import cell_width, cut, fit, wrap
from uptime_tui.view.columns import counts_text
from uptime_tui.view.rows import ViewOptions, count, problems
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.view.words import Glyphs, row_role, status_glyph, status_word, why

EMPTY: Final = (
    "Nothing is watched yet.",
    "",
    "Press A and paste a target:",
    "",
    "  https://shop.example.net/health",
    "  smtp://mx1.example.net",
    "  db3:5432",
    "",
    "The rest is inferred; the first probe runs while you look.",
)
WAITING: Final = ("Waiting for the engine …",)
LATE_MS: Final = 2000.0
"""Probes that start later than this are worth a word."""


BANNER_LINES: Final = 3
"""A notice that is longer than so many lines is cut; its beginning says where and what."""
_NAMES: Final = 34


def banner_lines(text: str, width: int) -> list[str]:
    """The banner in as many lines as it needs, up to a bound."""
    lines = wrap(text, max(width, 1))
    if len(lines) > BANNER_LINES:
        lines = [*lines[: BANNER_LINES - 1], cut(" ".join(lines[BANNER_LINES - 1 :]), width)]
    return lines


def unreadable(notice: str) -> tuple[str, ...]:
    """Nothing is watched because the file with the monitors is wrong: no news of an empty fleet."""
    return (
        "Nothing is watched.",
        "",
        *wrap(notice, 60),
        "",
        "E opens the file in $EDITOR; it is read again when saved.",
    )


def nothing_matches(filter_text: str, total: int) -> tuple[str, ...]:
    """The filter leaves nothing over."""
    return (f"None of {total} monitors matches  {filter_text}", "", "Esc clears the filter.")


def no_problems(total: int) -> tuple[str, ...]:
    """The view of problems is empty, which is good news."""
    return (f"No problems: all {total} monitors are as they should be.", "", "1 or 2 switches the view.")


def empty_table(snapshot: Snapshot, options: ViewOptions, problem: str) -> tuple[str, ...]:
    """What stands in place of a table without lines.

    Args:
        snapshot: what is known.
        options: how the user wants to see the fleet.
        problem: why no engine can be had; empty for none.
    """
    if not snapshot.complete:
        return (*WAITING, "", problem)
    if not snapshot.monitors:
        mistakes = [notice.text for notice in snapshot.notices if notice.id.startswith("config:")]
        return unreadable(mistakes[0]) if mistakes else EMPTY
    if options.filter is not None and options.filter.text.strip():
        return nothing_matches(options.filter.text, len(snapshot.monitors))
    if options.certificates:
        return certificates.EMPTY
    return no_problems(len(snapshot.monitors))


def unusual(options: ViewOptions, marked: int, *, frozen: bool, locked: bool) -> list[str]:
    """What is not as at first in how the fleet is seen, a word or two for each."""
    text = options.filter.text.strip() if options.filter is not None else ""
    words = {
        "problems only": options.problems_only,
        "certificates": options.certificates,
        f"filter: {text}": bool(text),
        f"{marked} marked": marked > 0,
        "frozen": frozen,
        "locked": locked,
    }
    return [word for word, holds in words.items() if holds]


def banner(snapshot: Snapshot, lost: str) -> tuple[str, str] | None:
    """One line above everything with its role: engine lost, this machine offline, or the worst notice."""
    if lost:
        return f"The engine {lost}: these are its last words", "bad"
    if snapshot.vitals.offline:
        return "This machine has no network: results are unknown, alarms are held.", "bad"
    order = {"error": 0, "warning": 1, "info": 2}
    notice = min(snapshot.notices, key=lambda n: order.get(n.level, 1), default=None)
    late_ms = snapshot.vitals.lateness_p99_ms
    if late_ms > LATE_MS and (notice is None or notice.level != "error"):
        return f"The engine cannot keep up: probes start {late_ms / 1000:.0f} s late; longer intervals help.", "warn"
    if notice is None:
        return None
    more = f"  (+{len(snapshot.notices) - 1})" if len(snapshot.notices) > 1 else ""
    return notice.text + more, {"error": "bad", "warning": "warn"}.get(notice.level, "dim")


def latest_changes(
    snapshot: Snapshot, number: int, clock: Callable[[int], str], glyphs: Glyphs
) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The newest change of state of each monitor, the newest first: what happened while nobody looked."""
    newest = nlargest(number, (row for row in snapshot.rows.values() if row.since_ms), key=attrgetter("since_ms"))
    names = min(max((cell_width(snapshot.monitors[row.id].name) for row in newest), default=0), _NAMES)
    return tuple(
        (
            (f"{clock(row.since_ms):<12} ", "dim"),
            (f"{status_glyph(row, glyphs)} {status_word(row):<9} ", row_role(row)),
            (f"{fit(snapshot.monitors[row.id].name, names)}  ", "plain"),
            (why(row), "dim"),
        )
        for row in newest
    )


def tiny_lines(
    snapshot: Snapshot, width: int, height: int, glyphs: Glyphs, lost: str = "",
    current: MonitorId | None = None, problem: str = "",
) -> list[str]:  # fmt: skip
    """Below 60x12: counts, what is wrong with the whole, then a line for each problem as long as there is room.

    Below 30x3 the counts alone, and after them as much as fits of what is wrong with the whole. The line of the monitor
    that keys mean, `current`, is among those that are shown, and marked. `problem` is why no engine can be had.
    """
    counts = counts_text(count(snapshot.rows.values()), glyphs)
    wrong = banner(snapshot, lost)
    if width < 30 or height < 3:
        return [cut(f"{counts} {wrong[0]}" if wrong else counts, width)]
    lines = [counts, wrong[0]] if wrong else [counts]
    if not snapshot.monitors:
        said = empty_table(snapshot, ViewOptions(), problem)
        lines = lines if lost else [counts]  # what else is wrong is said below
        return [*lines, *(part for line in said if line for part in wrap(line.strip(), width))][:height]
    found, room = problems(snapshot), height - len(lines)
    here = next((place for place, entry in enumerate(found) if entry.row.id == current), 0)
    first = max(0, here - room + 1)
    shown = found[first : first + room]
    name_width = min(max((cell_width(entry.monitor.name) for entry in shown), default=0), width // 3)
    lines += [
        f"{status_glyph(entry.row, glyphs)}{glyphs.cursor if entry.row.id == current else ' '}"
        f"{fit(entry.monitor.name, name_width)} {why(entry.row)}".rstrip()
        for entry in shown
    ]
    return [cut(line, width) for line in lines]
