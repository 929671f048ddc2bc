"""Words, glyphs and numbers as every screen and line shows them. State is a glyph and a word; colour comes last."""

from typing import Final, NamedTuple

from uptime_tui.model.failure import FACTS, Failure, Status
from uptime_tui.wire.messages import MonitorRow


class Glyphs(NamedTuple):
    """One set of characters; every one takes one cell."""

    status: dict[Status, str]
    suspected: str
    open: str
    closed: str
    step: str
    yes: str
    no: str
    none: str
    levels: str
    failed: str
    ours: str
    rule: str
    bullet: str
    mark: str
    cursor: str
    down: str
    up: str


UNICODE: Final = Glyphs(
    status={
        Status.UP: "✓", Status.DEGRADED: "!", Status.DOWN: "✗",
        Status.UNKNOWN: "?", Status.PAUSED: "‖", Status.PENDING: "·",
    },
    suspected="~", open="▾", closed="▸", step="▸", yes="✓", no="✗", none="–", levels="▁▂▃▄▅▆▇█", failed="×", ours="?",
    rule="─", bullet="•", mark="▪", cursor=">", down="↓", up="↑",
)  # fmt: skip
ASCII: Final = Glyphs(
    status={
        Status.UP: ".", Status.DEGRADED: "!", Status.DOWN: "X",
        Status.UNKNOWN: "?", Status.PAUSED: "=", Status.PENDING: "-",
    },
    suspected="~", open="-", closed="+", step=">", yes="y", no="X", none="-", levels="___..::|", failed="X", ours="?",
    rule="-", bullet="*", mark="#", cursor=">", down="v", up="^",
)  # fmt: skip

ROLES: Final = {
    Status.UP: "good",
    Status.DEGRADED: "warn",
    Status.DOWN: "bad",
    Status.UNKNOWN: "unknown",
    Status.PAUSED: "dim",
    Status.PENDING: "dim",
}
"""Role of a status; a theme gives each role its style."""

EXPOSED: Final = "answers at a public address"
"""Of a port that should not; beside a row that is up."""

_PLAIN: Final = frozenset(
    {Failure.HTTP_STATUS, Failure.NO_GREETING, Failure.PARTIAL, Failure.STARTTLS_MISSING, Failure.TLS_EXPIRING}
)
"""Their details say it alone; with the title before them a narrow column would show nothing but the title."""

_WORDS: Final = {
    Status.UP: "up",
    Status.DEGRADED: "DEGRADED",
    Status.DOWN: "DOWN",
    Status.UNKNOWN: "unknown",
    Status.PAUSED: "paused",
    Status.PENDING: "pending",
}


def status_word(row: MonitorRow) -> str:
    """What the row says; a suspected failure is said so while the confirmed status stays what it was."""
    if row.suspected is not None and row.status in {Status.UP, Status.PENDING, Status.UNKNOWN}:
        return "suspect"
    return _WORDS[row.status]


def status_glyph(row: MonitorRow, glyphs: Glyphs) -> str:
    """One character for the same."""
    if row.suspected is not None and row.status in {Status.UP, Status.PENDING, Status.UNKNOWN}:
        return glyphs.suspected
    return glyphs.status[row.status]


def row_role(row: MonitorRow) -> str:
    """Role of the row's state."""
    if row.suspected is not None and row.status is not Status.DOWN:
        return "warn"
    return ROLES[row.status]


def why(row: MonitorRow) -> str:
    """Why, in a line: the failure in words, then what was seen."""
    failure = row.suspected or row.failure
    if failure is None:
        return "flapping" if row.flapping else ""
    text = row.detail if failure in _PLAIN and row.detail else _joined(FACTS[failure].title, row.detail)
    return f"flapping; {text}" if row.flapping else text


def _joined(title: str, detail: str) -> str:
    """Title and detail, without saying the same twice."""
    if detail.casefold().startswith(title.casefold()):
        return detail
    return f"{title}: {detail}" if detail else title


def failure_title(failure: Failure) -> str:
    """The failure in a few words."""
    return FACTS[failure].title


def age(seconds: float) -> str:
    """`12s` never: the text changes at most once a minute: `<1m`, `4m`, `1h`, `3d`, `2w`."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 1:
        return "<1m"
    if minutes < 60:
        return f"{minutes}m"
    if minutes < 48 * 60:
        return f"{minutes // 60}h"
    days = minutes // (24 * 60)
    return f"{days}d" if days < 100 else f"{min(days // 7, 999)}w"


def latency(ms: float | None) -> str:
    """`0.3ms`, `31ms`, `1.2s`; empty for none."""
    if ms is None:
        return ""
    if ms < 9.95:
        return f"{ms:.1f}ms"
    if ms < 999.5:
        return f"{ms:.0f}ms"
    return f"{ms / 1000:.1f}s" if ms < 99_950 else f"{ms / 1000:.0f}s"


def days_left(seconds: float) -> str:
    """Time to a certificate's end in full units: `14d`, `5h`, `20m`, or `-2d` once it is over."""
    sign = "-" if seconds < 0 else ""
    for unit, size in (("d", 86400), ("h", 3600)):
        if abs(seconds) >= size:
            return f"{sign}{int(abs(seconds) / size)}{unit}"
    return f"{sign}{int(abs(seconds) / 60)}m"


def share(value: float | None) -> str:
    """A share as a percentage that never rounds up to a hundred."""
    if value is None:
        return ""
    if value >= 1.0:
        return "100%"
    return f"{min(round(value * 100, 2), 99.99):.2f}%"
