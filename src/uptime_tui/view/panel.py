"""The side panel as lines of spans: how far the newest probe got, what it means, what to check. Pure."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from uptime_tui.knowledge.entry import Hints
from uptime_tui.model.failure import FACTS, Failure, Phase, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result
from uptime_tui.model.target import place
from uptime_tui.view import words
from uptime_tui.view.cells import cell_width, cut
from uptime_tui.view.diagnosis import NOT_YET, diagnosis_lines, explains, hanging, wrapped
from uptime_tui.view.mailstack import Stack
from uptime_tui.view.past import past_lines
from uptime_tui.view.trend import trend_text
from uptime_tui.wire.messages import Focus, MonitorRow

PanelLine = tuple[tuple[str, str], ...]
"""Spans of text and role: plain dim strong good warn bad unknown accent command title faint."""

_PHASES: Final = (Phase.DNS, Phase.CONNECT, Phase.TLS, Phase.PROTOCOL, Phase.CONTENT)
_LOOKED_INTO: Final = frozenset({Status.DOWN, Status.DEGRADED})
_SHOWN_CAUSES: Final = 4
_SHOWN_NAMES: Final = 6
_SHOWN_LINKS: Final = 4
_LABEL: Final = 10
"""Cells of the labels on the left."""


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
    """Warning that its port may be open to the world; empty for none."""
    now_ms: int
    width: int
    glyphs: words.Glyphs
    clock: Callable[[int], str]
    """Unix milliseconds to a time of day here, with the date when it is another day."""
    stack: Stack | None = None
    """The mail host that the monitor is a part of."""
    brief: bool = False
    """The screen is small: of a diagnosis only the conclusion."""


def panel_lines(context: PanelContext) -> tuple[PanelLine, ...]:
    """All lines, as many as there are, none wider than the panel (of 20 cells at least); the screen scrolls."""
    result = _told(context)
    course, diagnosis = tuple(_course(context, result)), tuple(_diagnosis(context, result))
    ends_first = context.brief and _is_failing(context.row)  # on a small screen the conclusion is seen at once
    return (
        *_head(context),
        *((*diagnosis, *course) if ends_first else (*course, *diagnosis)),
        *_exposure(context),
        *_facts(context, result),
        *_certificate(context),
        *past_lines(context.focus, context.now_ms, context.width, context.clock, failing=_is_failing(context.row)),
    )


def _told(context: PanelContext) -> Result | None:
    """The result the panel speaks of: the failed one while there is a failure, else the newest."""
    focus = context.focus
    if focus is None:
        return None
    return (focus.failed if _is_failing(context.row) else None) or focus.result


def _is_failing(row: MonitorRow) -> bool:
    return row.failure is not None or row.suspected is not None


def _head(context: PanelContext) -> Iterator[PanelLine]:
    monitor, row, glyphs, width = context.monitor, context.row, context.glyphs, context.width
    yield ((cut(monitor.name, width), "title"),)
    state = f"{words.status_glyph(row, glyphs)} {words.status_word(row)}"
    age = words.age((context.now_ms - row.since_ms) / 1000)
    since = f" for {age}, since {context.clock(row.since_ms)}" if row.since_ms else ""
    yield ((state, words.row_role(row)), (cut(since, width - cell_width(state)), "dim"))
    if row.flapping:
        yield from wrapped("flapping: it changes too often to be believed", width, "warn")
    if row.suspected is not None and row.status is not Status.DOWN:
        yield from wrapped(f"suspected: {FACTS[row.suspected].title}; being tried again", width, "warn")
    yield from wrapped(f"{monitor.target.service}://{place(monitor.target)}{monitor.target.path}", width, "plain")
    if context.stack is not None:
        yield from wrapped(context.stack.sentence, width, words.ROLES[context.stack.status])


def _course(context: PanelContext, result: Result | None) -> Iterator[PanelLine]:
    if result is not None:
        yield from ladder_lines(result, context.width, context.glyphs, context.monitor.target.service)


def ladder_lines(result: Result, width: int, glyphs: words.Glyphs, service: str = "") -> list[PanelLine]:
    """`DNS ✓2ms ▸ TCP ✗ refused ▸ TLS – ▸ SMTP –`: what was passed, where it ended, what was not reached."""
    lines: list[PanelLine] = []
    line: list[tuple[str, str]] = []
    used = 0
    for number, phase in enumerate(_PHASES):
        text, role = _rung(result, phase, glyphs, service)
        joint = f" {glyphs.step} " if number else ""
        if line and used + cell_width(joint + text) > width:
            lines.append(tuple(line))
            line, used, joint = [], 0, f"{glyphs.step} "
        if joint:
            line.append((joint, "faint"))
        text = cut(text, width - cell_width(joint))
        line.append((text, role))
        used += cell_width(joint + text)
    lines.append(tuple(line))
    return lines


def _rung(result: Result, phase: Phase, glyphs: words.Glyphs, service: str) -> tuple[str, str]:
    timings = result.timings
    spoken = "protocol" if service in {"", "tcp"} else service.upper()
    name, took = {
        Phase.DNS: ("DNS", timings.dns),
        Phase.CONNECT: ("TCP", timings.connect),
        Phase.TLS: ("TLS", timings.tls),
        Phase.PROTOCOL: (spoken, timings.protocol),
        Phase.CONTENT: ("content", timings.content),
    }[phase]
    if result.failure is not None and result.phase is phase:
        code = result.failure.value.removeprefix(f"{phase.value}_").replace("_", " ")
        return f"{name} {glyphs.no} {code}", words.ROLES[result.status]
    if took is None:
        return f"{name} {glyphs.none}", "dim"
    return f"{name} {glyphs.yes}{words.latency(took)}", "good"


def _diagnosis(context: PanelContext, result: Result | None) -> Iterator[PanelLine]:
    """What failed, what shows it, what it means and what to check; of what is up only what somebody has asked for."""
    row, width = context.row, context.width
    said = row.suspected or row.failure
    found = None if context.focus is None else context.focus.diagnosis
    if found is not None and result is not None and explains(found, said, row.since_ms):
        yield from () if context.brief else ((),)
        if said is None:
            yield from wrapped(f"looked at by hand, {context.clock(found.at_ms)}: up", width, "good")
        elif not context.brief:
            yield from wrapped(result.detail, width, words.ROLES[result.status])
        yield from diagnosis_lines(found, width, context.glyphs, context.clock, brief=context.brief)
        return
    if said is not None:
        yield from () if context.brief else ((),)
        yield from _not_looked_into(context, result, said)


def _not_looked_into(context: PanelContext, result: Result | None, said: Failure) -> Iterator[PanelLine]:
    """What the probe itself says, and what it may mean in general."""
    row, width = context.row, context.width
    if result is not None and result.failure is not None:
        yield from wrapped(FACTS[result.failure].title, width, words.ROLES[result.status])
        yield from wrapped(result.detail, width, "strong")
        for seen in result.facts:
            if seen.text != result.detail:
                yield from hanging(f"{_mark(seen.ok, context.glyphs)} ", seen.text, width, "plain")
        if said is Failure.INTERMITTENT:
            yield from wrapped(words.why(row), width, "warn")
    else:
        yield from wrapped(words.why(row), width, words.row_role(row))
    if row.failure is not None and row.status in _LOOKED_INTO:
        yield from wrapped(NOT_YET, width, "dim")
    if context.hints is not None:
        yield from _hints(context.hints, width, context.glyphs)


def _mark(ok: bool | None, glyphs: words.Glyphs) -> str:  # noqa: FBT001 - evidence is for, against or neither
    return glyphs.none if ok is None else glyphs.yes if ok else glyphs.no


def _hints(hints: Hints, width: int, glyphs: words.Glyphs) -> Iterator[PanelLine]:
    yield ()
    yield from wrapped(hints.meaning, width, "plain")
    for number, cause in enumerate(hints.causes[:_SHOWN_CAUSES], 1):
        yield ()
        yield from hanging(f"{number} ", cause.text, width, "strong")
        for item in cause.items:
            yield from hanging(f"  {glyphs.bullet} ", item.text, width, "plain")
            if item.command:
                yield from hanging("    $ ", item.command, width, "command")
            if item.where:
                yield from hanging("    see ", item.where, width, "plain")
        for command in cause.commands:
            yield from hanging("  $ ", command, width, "command")


def _exposure(context: PanelContext) -> Iterator[PanelLine]:
    if not context.exposure:
        return
    yield ()
    mark = context.glyphs.status[Status.DEGRADED]
    yield from hanging(f"{mark} ", "it may be open to the world", context.width, "warn")
    yield from wrapped(context.exposure, context.width, "plain")


def _facts(context: PanelContext, result: Result | None) -> Iterator[PanelLine]:
    monitor, row, focus, width = context.monitor, context.row, context.focus, context.width
    yield ()
    yield from _labelled("purpose", monitor.purpose or context.meaning, width)
    yield from _labelled("service", f"{context.service_title}, {monitor.category}", width)
    yield from _labelled("runbook", monitor.runbook, width)
    yield from _labelled("tags", ", ".join(monitor.tags), width)
    if result is not None:
        if not any(seen.id == "address" for seen in result.evidence):
            yield from _labelled("address", result.address or "", width)
        yield from _labelled("says", result.banner, width)
    if result is not None and not _is_failing(row):  # else it stands among the evidence
        if monitor.expect.closed:
            yield from _labelled("closed", result.detail, width)
        yield from _seen(result, "address", "addresses", width)
        yield from _seen(result, "redirect", "redirects", width)
    if row.trend:
        took = f" {words.latency(row.latency_ms)}".rstrip()
        room = min(width - _LABEL - cell_width(took), len(row.trend))
        yield (
            ("latency".ljust(_LABEL), "dim"),
            (trend_text(row.trend, room, context.glyphs), "accent"),
            (took, "plain"),
        )
    if focus is not None and focus.uptime_day is not None:
        yield from _labelled("uptime", f"{words.share(focus.uptime_day)} of the last 24 h", width)
    if row.last_ms:
        yield from _labelled("last", context.clock(row.last_ms), width)
    if focus is not None and focus.next_ms is not None:
        every = "" if row.slowed else f", every {_interval(monitor)}"
        yield from _labelled("next", f"{context.clock(focus.next_ms)}{every}", width)
    yield from _labelled("pace", row.slowed, width, "warn")


def _seen(result: Result, kind: str, label: str, width: int) -> Iterator[PanelLine]:
    """All evidence of a kind, a line each."""
    for number, seen in enumerate(each for each in result.facts if each.id == kind):
        yield from _labelled("" if number else label, seen.text, width, "warn" if seen.ok is False else "plain")


def _interval(monitor: Monitor) -> str:
    seconds = monitor.interval_s
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"


def _certificate(context: PanelContext) -> Iterator[PanelLine]:
    certificate = None if context.focus is None else context.focus.certificate
    if certificate is None:
        return
    width = context.width
    left_s = certificate.not_after - context.now_ms / 1000
    yield ()
    until = f"{words.days_left(left_s)} left" if left_s > 0 else f"ended {words.days_left(-left_s)} ago"
    yield from _labelled("cert", until, width, "bad" if certificate.problems else "plain")
    for problem in certificate.problems:
        yield from _labelled("", words.failure_title(problem), width, "bad")
    more = f" and {len(certificate.names) - _SHOWN_NAMES} more" if len(certificate.names) > _SHOWN_NAMES else ""
    yield from _labelled("names", ", ".join(certificate.names[:_SHOWN_NAMES]) + more or certificate.subject, width)
    yield from _labelled("issuer", certificate.issuer, width)
    if certificate.chain:
        yield from _labelled("chain", f"{certificate.chain_length} certificates", width)
    for link in certificate.chain[:_SHOWN_LINKS]:
        ends = words.days_left(link.not_after - context.now_ms / 1000)
        by = "itself" if link.issuer == link.subject else link.issuer
        yield from _labelled("", f"{link.subject}, by {by}, {ends} left", width)
    session = ", ".join(part for part in (certificate.protocol, certificate.cipher, certificate.key) if part)
    yield from _labelled("session", session, width, "warn" if certificate.is_obsolete else "plain")
    yield from _labelled("SHA-256", certificate.sha256, width, "dim")


def _labelled(label: str, text: str, width: int, role: str = "plain") -> Iterator[PanelLine]:
    """A label and its text beside it; nothing when there is no text."""
    if text:
        yield from hanging(label.ljust(_LABEL), text, width, role)
