"""The list of certificates: every one that a monitor's server has shown, the one that ends first on top. Pure."""

from collections.abc import Callable
from typing import Any, Final

from uptime_tui.model.certificate import DAY_S, OBSOLETE, is_critical
from uptime_tui.model.failure import Failure
from uptime_tui.model.monitor import Monitor
from uptime_tui.view import words
from uptime_tui.view.columns import MONITORS, Column, Context, Layout
from uptime_tui.view.entry import MonitorLine
from uptime_tui.view.rows import ViewOptions
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.wire.messages import CertificateRow

DAYS: Final = "days"
"""The usual order."""
EMPTY: Final = ("No certificate has been seen yet.", "", "Monitors with TLS or STARTTLS show theirs; 2 shows all.")


def build_certificates(snapshot: Snapshot, options: ViewOptions, now_ms: int) -> tuple[MonitorLine, ...]:
    """A line for each monitor whose server has shown a certificate.

    Args:
        snapshot: what is known.
        options: filter and order.
        now_ms: Unix milliseconds, for filters that ask for days left.
    """
    shown = [snapshot.entries[number] for number in snapshot.certificates]
    if options.filter is not None:
        shown = list(options.filter.select(shown, now_ms / 1000))
    entries = [(entry.monitor, snapshot.certificates[entry.monitor.id]) for entry in shown]
    entries.sort(key=_by_name)
    entries.sort(key=_KEYS.get(options.sort, _by_days), reverse=options.reverse)
    return tuple(MonitorLine(monitor.id, "") for monitor, _ in entries)


def layout_of(options: ViewOptions) -> Layout:
    """The columns that these options ask for."""
    return CERTIFICATES if options.certificates else MONITORS


def problem_words(row: CertificateRow, monitor: Monitor, now_s: float) -> tuple[str, ...]:
    """All that is wrong with a certificate, worst first; a version of TLS that is obsolete is wrong as well."""
    found = [words.failure_title(problem).replace("certificate", "").strip() for problem in row.problems]
    if not monitor.expect.tls_verify:
        found.append("not judged")
    if row.not_after < now_s and Failure.TLS_EXPIRED not in row.problems:
        found.append("expired")
    if row.protocol in OBSOLETE:
        found.append(f"obsolete {row.protocol}")
    return tuple(found)


def _role(context: Context) -> str:
    row, now_s = context.certificate, context.now_ms / 1000
    if row is None:
        return "dim"
    if context.monitor.paused:
        return "dim"
    if any(problem is not Failure.TLS_EXPIRING for problem in row.problems):
        return "bad"
    if is_critical(row, now_s=now_s, critical_days=context.monitor.expect.tls_critical_days):
        return "bad" if context.monitor.expect.tls_verify else "warn"
    return "warn" if row.problems or row.protocol in OBSOLETE else "good"


def _days(context: Context) -> str:
    row = context.certificate
    return "" if row is None else words.days_left(row.not_after - context.now_ms / 1000)


def _names(context: Context) -> str:
    row = context.certificate
    if row is None:
        return ""
    names = ", ".join(row.names) or row.subject
    return f"{names} +{row.more_names}" if row.more_names else names


def _issuer(context: Context) -> str:
    row = context.certificate
    if row is None:
        return ""
    return "itself" if row.issuer == row.subject else row.issuer


def _problems(context: Context) -> str:
    row = context.certificate
    return "" if row is None else ", ".join(problem_words(row, context.monitor, context.now_ms / 1000))


CERTIFICATES: Final = Layout(
    (
        Column("days", "DAYS", 0, 5, 6, _days, right=True, sort=DAYS),
        Column("name", "NAME", 1, 14, 34, lambda c: c.monitor.name, sort="name"),
        Column("names", "FOR", 3, 16, 60, _names),
        Column("issuer", "ISSUER", 4, 14, 40, _issuer, sort="issuer"),
        Column("tls", "TLS", 5, 7, 7, lambda c: c.certificate.protocol if c.certificate else ""),
        Column("problems", "PROBLEMS", 2, 20, 200, _problems, sort="problems"),
    ),
    (("name", 22), ("names", 28), ("issuer", 24), ("problems", 30), ("name", 34), ("names", 60), ("issuer", 40),
     ("problems", 200)),
    {"d": DAYS, "n": "name", "i": "issuer", "p": "problems"},
    _role,
)  # fmt: skip

Shown = tuple[Monitor, CertificateRow]


def _by_days(entry: Shown) -> float:
    return entry[1].not_after / DAY_S


def _by_name(entry: Shown) -> str:
    return entry[0].name.casefold()


def _by_problems(entry: Shown) -> tuple[bool, bool, int]:
    """Those with a problem first, a mere warning behind."""
    row = entry[1]
    return not row.problems, row.problems == (Failure.TLS_EXPIRING,), row.not_after


_KEYS: Final[dict[str, Callable[[Shown], Any]]] = {
    DAYS: _by_days,
    "name": _by_name,
    "issuer": lambda entry: entry[1].issuer.casefold(),
    "problems": _by_problems,
}
