"""The side panel as lines of spans: how far the newest probe got, what it means, what to check. Pure."""

import ipaddress
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from uptime_tui.knowledge.entry import Hints
from uptime_tui.model.certificate import Certificate
from uptime_tui.model.events import EventKind
from uptime_tui.model.failure import FACTS, Phase, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result
from uptime_tui.view import words
from uptime_tui.view.cells import cut, wrap
from uptime_tui.view.trend import trend_text
from uptime_tui.view.words import Glyphs
from uptime_tui.wire.messages import Focus, MonitorRow

PanelLine = tuple[tuple[str, str], ...]
"""Spans of text and role: plain dim strong good warn bad unknown accent command title faint."""

_PHASES: Final = (Phase.DNS, Phase.CONNECT, Phase.TLS, Phase.PROTOCOL, Phase.CONTENT)
_SHOWN_CAUSES: Final = 4


class PanelContext(NamedTuple):
    """Everything the panel looks at."""

    monitor: Monitor
    row: MonitorRow
    focus: Focus | None
    """Of this monitor; None until the engine has sent it."""
    hints: Hints | None
    """What the knowledge base says about the present failure."""
    service_title: str
    meaning: str
    """What the service usually is for, from the catalogue."""
    exposure: str
    exposure_note: str
    now_ms: int
    width: int
    glyphs: Glyphs
    clock: Callable[[int], str]
    """Unix milliseconds to a time of day here, with the date when it is another day."""


def panel_lines(context: PanelContext) -> tuple[PanelLine, ...]:
    """All lines, as many as there are; the screen scrolls."""
    lines: list[PanelLine] = []
    lines.extend(_head(context))
    result = _told(context)
    if result is not None:
        lines.extend(ladder_lines(result, context.width, context.glyphs))
    lines.extend(_diagnosis(context, result))
    lines.extend(_exposure(context, result))
    lines.extend(_facts(context, result))
    lines.extend(_past(context))
    return tuple(lines)


def _told(context: PanelContext) -> Result | None:
    """The result the panel speaks of: the failed one while there is a failure, else the newest."""
    focus = context.focus
    if focus is None:
        return None
    if context.row.failure is not None or context.row.suspected is not None:
        return focus.failed or focus.result
    return focus.result


def _head(context: PanelContext) -> Iterator[PanelLine]:
    monitor, row, glyphs = context.monitor, context.row, context.glyphs
    yield ((cut(monitor.name, context.width), "title"),)
    state = f"{words.status_glyph(row, glyphs)} {words.status_word(row)}"
    since = f" for {words.age((context.now_ms - row.since_ms) / 1000)}, since {context.clock(row.since_ms)}"
    yield ((state, words.row_role(row)), (since if row.since_ms else "", "dim"))
    if row.flapping:
        yield (("flapping: it changes too often to be believed", "warn"),)
    if row.suspected is not None and row.status is not Status.DOWN:
        yield ((f"suspected: {FACTS[row.suspected].title}; being tried again", "warn"),)
    target = monitor.target
    host = f"[{target.host}]" if ":" in target.host else target.host
    for text in wrap(f"{target.service}://{host}:{target.port}{target.path}", context.width):
        yield ((text, "plain"),)


def ladder_lines(result: Result, width: int, glyphs: Glyphs) -> list[PanelLine]:
    """`DNS ✓2ms ▸ TCP ✗ refused ▸ TLS – ▸ SMTP –`: what was passed, where it ended, what was not reached."""
    steps = [_rung(result, phase, glyphs) for phase in _PHASES]
    lines: list[PanelLine] = []
    line: list[tuple[str, str]] = []
    used = 0
    for number, (text, role) in enumerate(steps):
        joined = f" {glyphs.step} " if number else ""
        if line and used + len(joined) + len(text) > width:
            lines.append(tuple(line))
            line, used, joined = [], 0, f"{glyphs.step} "
        if joined:
            line.append((joined, "faint"))
        line.append((text, role))
        used += len(joined) + len(text)
    lines.append(tuple(line))
    return lines


def _rung(result: Result, phase: Phase, glyphs: Glyphs) -> tuple[str, str]:
    timings = result.timings
    took = {
        Phase.DNS: timings.dns,
        Phase.CONNECT: timings.connect,
        Phase.TLS: timings.tls,
        Phase.PROTOCOL: timings.protocol,
        Phase.CONTENT: timings.content,
    }[phase]
    name = {Phase.DNS: "DNS", Phase.CONNECT: "TCP", Phase.TLS: "TLS", Phase.PROTOCOL: "protocol"}.get(phase, "content")
    if result.phase is phase:
        role = words.ROLES[result.status]
        return f"{name} {glyphs.no}{words.latency(took)}", role
    if took is None:
        return f"{name} {glyphs.none}", "dim"
    return f"{name} {glyphs.yes}{words.latency(took)}", "good"


def _diagnosis(context: PanelContext, result: Result | None) -> Iterator[PanelLine]:
    row, hints, width = context.row, context.hints, context.width
    if result is not None and result.failure is not None and (row.failure or row.suspected):
        yield ()
        yield ((FACTS[result.failure].title, words.ROLES[result.status]), (f"  {result.failure}", "dim"))
        for text in wrap(result.detail, width):
            yield ((text, "strong"),)
        if result.banner:
            yield from _labelled("said", result.banner, width)
    if hints is None:
        return
    yield ()
    for text in wrap(hints.meaning, width):
        yield ((text, "plain"),)
    for number, cause in enumerate(hints.causes[:_SHOWN_CAUSES], 1):
        yield ()
        yield from _hanging(f"{number} ", cause.text, width, "strong")
        for check in cause.check:
            yield from _hanging(f"  {context.glyphs.bullet} ", check, width, "plain")
        for command in cause.commands:
            yield from _hanging("  $ ", command, width, "command")


def _exposure(context: PanelContext, result: Result | None) -> Iterator[PanelLine]:
    if result is None or not is_exposed(context.exposure, context.row, result.address):
        return
    yield ()
    yield ((f"{context.glyphs.status[Status.DEGRADED]} open to the world", "warn"),)
    note = f"{context.service_title} answers at the public address {result.address}. {context.exposure_note}"
    for text in wrap(note, context.width):
        yield ((text, "plain"),)


def is_exposed(exposure: str, row: MonitorRow, address: str | None) -> bool:
    """Whether a service that should not be public answers at a public address."""
    if exposure == "public" or address is None or row.status not in {Status.UP, Status.DEGRADED}:
        return False
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_global
    except ValueError:
        return False


def _facts(context: PanelContext, result: Result | None) -> Iterator[PanelLine]:
    monitor, row, width = context.monitor, context.row, context.width
    yield ()
    yield from _labelled("purpose", monitor.purpose or context.meaning, width)
    yield from _labelled("service", f"{context.service_title}, {monitor.category}", width)
    if monitor.runbook:
        yield from _labelled("runbook", monitor.runbook, width)
    if monitor.tags:
        yield from _labelled("tags", ", ".join(monitor.tags), width)
    if result is not None and result.address:
        yield from _labelled("address", result.address, width)
    if result is not None and result.banner and row.failure is None:
        yield from _labelled("says", result.banner, width)
    if row.trend:
        room = max(8, min(width - 10, 60))
        text = trend_text(row.trend, min(room, len(row.trend)), context.glyphs)
        yield (("latency ".ljust(10), "dim"), (text, "accent"), (f" {words.latency(row.latency_ms)}", "plain"))
    focus = context.focus
    if focus is not None and focus.uptime_day is not None:
        yield from _labelled("uptime", f"{words.share(focus.uptime_day)} of the last 24 h", width)
    if focus is not None and focus.next_ms is not None:
        yield from _labelled("next", f"{context.clock(focus.next_ms)}, every {_interval(monitor)}", width)
    if focus is not None and focus.certificate is not None:
        yield from _certificate(focus.certificate, context)


def _interval(monitor: Monitor) -> str:
    seconds = monitor.interval_s
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"


def _certificate(certificate: Certificate, context: PanelContext) -> Iterator[PanelLine]:
    width = context.width
    left_s = certificate.not_after - context.now_ms / 1000
    yield ()
    problems = ", ".join(words.failure_title(problem) for problem in certificate.problems)
    role = "bad" if certificate.problems else "plain"
    until = f"{words.days_left(left_s)} left" if left_s > 0 else f"ended {words.days_left(-left_s)} ago"
    yield (("cert".ljust(10), "dim"), (until, role))
    if problems:
        yield from _labelled("", problems, width, "bad")
    yield from _labelled("names", ", ".join(certificate.names[:6]) or certificate.subject, width)
    yield from _labelled("issuer", certificate.issuer, width)
    if certificate.protocol:
        yield from _labelled("session", f"{certificate.protocol}, {certificate.key}", width)


def _past(context: PanelContext) -> Iterator[PanelLine]:
    focus = context.focus
    if focus is None or not (focus.events or focus.incidents):
        return
    yield ()
    yield (("lately", "dim"),)
    for event in focus.events[:8]:
        word = event.kind.value.replace("_", " ") if event.kind is not EventKind.STATUS else event.status.value
        reason = f": {FACTS[event.failure].title}" if event.failure is not None else ""
        role = words.ROLES[event.status] if event.kind is EventKind.STATUS else "dim"
        yield ((f"{context.clock(event.at_ms)} ", "dim"), (cut(f"{word}{reason}", max(8, context.width - 9)), role))


def _labelled(label: str, text: str, width: int, role: str = "plain") -> Iterator[PanelLine]:
    for number, line in enumerate(wrap(text, width - 10)):
        yield ((label.ljust(10) if number == 0 else " " * 10, "dim"), (line, role))


def _hanging(lead: str, text: str, width: int, role: str) -> Iterator[PanelLine]:
    for number, line in enumerate(wrap(text, width - len(lead))):
        yield ((lead if number == 0 else " " * len(lead), "dim"), (line, role))
