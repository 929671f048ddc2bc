"""A diagnosis as lines of spans: the conclusion first, then what shows it, what to check, what else was seen. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from uptime_tui.model.diagnosis import Check, Diagnosis, Relation, Suspect
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence, Result
from uptime_tui.view.cells import cell_width, cut, wrap
from uptime_tui.view.words import Glyphs, latency

Span = tuple[str, str]
LineOf = tuple[Span, ...]
NOT_YET: Final = "not looked into yet: it waits for its turn; d looks at once"
"""Of a confirmed failure without a diagnosis: many failed at once, or the engine has just been started."""
_NARROWEST: Final = 8
_SHOWN_OTHERS: Final = 3
_LEAST: Final = 0.02
"""Causes less likely than this are not shown: evidence rules them out."""
_NAMES: Final = 4
_BEFORE_MS: Final = 1000
"""A status may be confirmed by a probe that began a moment before it is said to last."""
_PHASES: Final = tuple(Phase)


def diagnosis_lines(
    diagnosis: Diagnosis, width: int, glyphs: Glyphs, clock: Callable[[int], str], *, brief: bool = False
) -> Iterator[LineOf]:
    """All that was found; what the failed probe said itself stands above it, with whoever shows the diagnosis.

    Args:
        diagnosis: of a failure, or of a monitor that is up.
        width: cells, at least 20.
        glyphs: characters.
        clock: Unix milliseconds to a time of day.
        brief: the conclusion and the next step alone, for small screens.
    """
    first = diagnosis.first
    if diagnosis.summary:
        yield from wrapped(diagnosis.summary, width, "warn")
    if first is not None:
        yield from hanging(f"{first.confidence:.0%} ", first.text, width, "strong")
    if brief:
        yield from _next_step(diagnosis, width, glyphs)
    yield from _effort(diagnosis, width)
    if brief:
        return
    yield from _last_good(diagnosis, width, clock)
    showing, others = _facts(diagnosis)
    yield from _listed_facts("", showing, width, glyphs)
    if first is not None:
        yield ()
        for check in first.checks:
            yield from _check(check, width, glyphs)
    yield from _others(diagnosis.suspects[1:], width)
    yield from _relations(diagnosis.relations, width, glyphs)
    yield from _listed_facts("seen as well", others, width, glyphs)
    if diagnosis.audit:
        yield ()
        yield (("mail domain", "dim"),)
        yield from audit_lines(diagnosis, width, glyphs)


def audit_lines(diagnosis: Diagnosis, width: int, glyphs: Glyphs) -> Iterator[LineOf]:
    """The records of a mail server's domain, in the order in which a sender meets them."""
    for seen in diagnosis.audit:
        yield from _fact(seen, width, glyphs)


def good_text(result: Result, clock: Callable[[int], str]) -> str:
    """`03:11, 192.0.2.7, 12ms`: a success, to be held against what was seen later."""
    took = latency(result.timings.total)
    return ", ".join(part for part in (clock(result.at_ms), result.address, took) if part)


def explains(diagnosis: Diagnosis, failure: Failure | None, since_ms: int) -> bool:
    """Whether it is of this failure (None: of none) and not of an earlier one.

    Args:
        diagnosis: the newest one.
        failure: the present one.
        since_ms: when the present status began, Unix milliseconds.
    """
    return diagnosis.failure is failure and diagnosis.failed.at_ms >= since_ms - _BEFORE_MS


def belongs_to(diagnosis: Diagnosis, opened_ms: int, closed_ms: int | None) -> bool:
    """Whether it was made while an incident lasted."""
    return opened_ms - _BEFORE_MS <= diagnosis.at_ms and (closed_ms is None or diagnosis.at_ms <= closed_ms)


def _last_good(diagnosis: Diagnosis, width: int, clock: Callable[[int], str]) -> Iterator[LineOf]:
    """When it last went well, and what is otherwise now: the address, what the server said."""
    good, failed = diagnosis.last_good, diagnosis.failed
    if good is None or diagnosis.failure is None:
        return
    yield from hanging("last good ", good_text(good, clock), width, "plain")
    if good.address and failed.address and good.address != failed.address:
        yield from hanging("", f"then at {good.address}, now at {failed.address}", width, "warn")
    if good.banner and good.banner != failed.banner:
        yield from hanging("it said   ", good.banner, width, "plain")


def _effort(diagnosis: Diagnosis, width: int) -> Iterator[LineOf]:
    state = f"{diagnosis.took_ms / 1000:.1f} s, {diagnosis.packets} packets" if diagnosis.complete else "looking…"
    facts = len(diagnosis.evidence)
    yield from wrapped(f"{facts} fact{'' if facts == 1 else 's'}, {state}", width, "dim")


def next_command(diagnosis: Diagnosis | None) -> str:
    """The command that shows the next thing nobody has looked at yet; empty where there is none.

    A check that the evidence found wrong is worth its command as well: it says more than we can see.
    """
    if diagnosis is None:
        return ""
    checks = [check for suspect in diagnosis.suspects for check in suspect.checks if check.command]
    wanted = [check for check in checks if check.verdict != "fine"] or checks
    return wanted[0].command if wanted else ""


def _next_step(diagnosis: Diagnosis, width: int, glyphs: Glyphs) -> Iterator[LineOf]:
    """What was found wrong with its own command, else the next command of all."""
    wrong = [check for suspect in diagnosis.suspects[:1] for check in suspect.checks if check.verdict == "wrong"]
    for check in wrong[:1]:
        yield from hanging(f"{glyphs.no} ", check.text, width, "bad")
    command = next((check.command for check in wrong[:1] if check.command), "") or next_command(diagnosis)
    if command:
        yield from hanging("$ ", command, width, "command")


def _facts(diagnosis: Diagnosis) -> tuple[list[Evidence], list[Evidence]]:
    """What shows the first cause, and what else was seen: the failing layer first, what is against the target first.

    The second may be long, and would push what is to be checked out of sight. Without a cause all of it comes first.
    """
    failing, first = diagnosis.failed.phase, diagnosis.first
    said = diagnosis.failed.detail if diagnosis.failure is not None else ""

    def place(seen: Evidence) -> tuple[bool, bool, int]:
        return seen.phase is not failing, seen.ok is not False, _PHASES.index(seen.phase)

    showing: list[Evidence] = []
    others: list[Evidence] = []
    for seen in sorted((seen for seen in diagnosis.evidence if seen.text != said), key=place):
        shows = first is None or seen.ok is False or seen.id in first.speaks_for
        (showing if shows else others).append(seen)
    return showing, others


def _listed_facts(title: str, facts: Sequence[Evidence], width: int, glyphs: Glyphs) -> Iterator[LineOf]:
    if facts:
        yield ()
    if facts and title:
        yield ((title, "dim"),)
    for seen in facts:
        yield from _fact(seen, width, glyphs)


def _fact(seen: Evidence, width: int, glyphs: Glyphs) -> Iterator[LineOf]:
    mark, role = _mark(seen.ok, glyphs)
    yield from hanging(f"{mark} ", seen.text, width, role)


def _mark(ok: bool | None, glyphs: Glyphs) -> tuple[str, str]:  # noqa: FBT001 - evidence is for, against or neither
    if ok is None:
        return glyphs.none, "plain"
    return (glyphs.yes, "plain") if ok else (glyphs.no, "bad")


def verdict_mark(check: Check, glyphs: Glyphs) -> str:
    """`✓` checked and fine, `✗` found wrong, `–` cannot be seen from here."""
    return {"fine": glyphs.yes, "wrong": glyphs.no, "open": glyphs.none}[check.verdict]


def _check(check: Check, width: int, glyphs: Glyphs) -> Iterator[LineOf]:
    if check.text:
        role = "bad" if check.verdict == "wrong" else "plain"
        yield from hanging(f"{verdict_mark(check, glyphs)} ", check.text, width, role)
    if check.command and check.verdict != "fine":
        yield from hanging("  $ ", check.command, width, "command")
    if check.where and check.verdict != "fine":
        yield from hanging("  see ", check.where, width, "plain")


def _others(suspects: Sequence[Suspect], width: int) -> Iterator[LineOf]:
    likely = [suspect for suspect in suspects if suspect.confidence >= _LEAST][:_SHOWN_OTHERS]
    if likely:
        yield ()
        yield (("otherwise", "dim"),)
    for suspect in likely:
        yield from hanging(f"{suspect.confidence:.0%} ".rjust(5), suspect.text, width, "plain")


def _relations(relations: Sequence[Relation], width: int, glyphs: Glyphs) -> Iterator[LineOf]:
    if relations:
        yield ()
        yield (("how far it reaches", "dim"),)
    for relation in relations:
        yield from hanging(f"{glyphs.bullet} ", relation_text(relation), width, "plain")


def relation_text(relation: Relation) -> str:
    """`host mx1.example.net: 3 of 4 fail (a, b, c)`."""
    whole = len(relation.failing) + len(relation.fine)
    if not relation.failing:
        return f"{relation.shared}: the other {whole} {'is' if whole == 1 else 'are'} fine ({_listed(relation.fine)})"
    verb = "fails" if len(relation.failing) == 1 else "fail"
    return f"{relation.shared}: {len(relation.failing)} of {whole} others {verb} ({_listed(relation.failing)})"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more


def wrapped(text: str, width: int, role: str) -> Iterator[LineOf]:
    """Text over as many lines as it needs."""
    for line in wrap(text, width):
        yield ((line, role),)


def hanging(lead: str, text: str, width: int, role: str) -> Iterator[LineOf]:
    """Text wrapped beside its lead, below it where that leaves no room to read."""
    indent = cell_width(lead)
    if width - indent < _NARROWEST:
        yield ((cut(lead, width), "dim"),)
        lead, indent = "  ", 2
    for number, line in enumerate(wrap(text, width - indent)):
        yield ((lead if number == 0 else " " * indent, "dim"), (line, role))
