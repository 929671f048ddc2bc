"""A diagnosis as text: Markdown for a ticket. Pure.

What came from the network stands in code spans, so that no ticket system takes it for markup of its own.
"""

from collections.abc import Callable, Iterator

from uptime_tui.model.diagnosis import Check, Diagnosis, Suspect
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Evidence, Result
from uptime_tui.model.target import place
from uptime_tui.view.diagnosis import relation_text
from uptime_tui.view.words import failure_title, latency

_MARKS = {True: "✓", False: "✗", None: "–"}
_VERDICTS = {"fine": "✓", "wrong": "✗", "open": "–"}


def markdown(monitor: Monitor, diagnosis: Diagnosis, clock: Callable[[int], str]) -> str:
    """The whole report.

    Args:
        monitor: whose.
        diagnosis: of it.
        clock: Unix milliseconds to date and time.
    """
    return "\n".join(_lines(monitor, diagnosis, clock)) + "\n"


def _lines(monitor: Monitor, diagnosis: Diagnosis, clock: Callable[[int], str]) -> Iterator[str]:
    failed = diagnosis.failed
    title = failure_title(failed.failure) if failed.failure is not None else "up"
    yield f"# {code(monitor.name)}: {title}"
    yield ""
    yield f"- target: {code(f'{monitor.target.service}://{place(monitor.target)}{monitor.target.path}')}"
    if monitor.purpose:
        yield f"- purpose: {code(monitor.purpose)}"
    yield f"- probed: {clock(failed.at_ms)} from `{failed.vantage}`"
    yield f"- seen: {code(failed.detail)}"
    if diagnosis.last_good is not None:
        yield f"- last good: {_good(diagnosis.last_good, clock)}"
    if diagnosis.summary:
        yield f"- together: {code(diagnosis.summary)}"
    yield ""
    if diagnosis.suspects:
        yield "## Causes"
        yield ""
        for number, suspect in enumerate(diagnosis.suspects[:5], 1):
            yield from _cause(number, suspect)
        yield ""
    yield "## Evidence"
    yield ""
    yield from map(_fact, diagnosis.evidence)
    if diagnosis.relations:
        yield ""
        yield "## How far it reaches"
        yield ""
        for relation in diagnosis.relations:
            yield f"- {code(relation_text(relation))}"
    if diagnosis.audit:
        yield ""
        yield "## Mail domain"
        yield ""
        yield from map(_fact, diagnosis.audit)
    yield ""
    looked = "" if diagnosis.complete else ", not finished"
    yield f"Looked for {diagnosis.took_ms / 1000:.1f} s with {diagnosis.packets} packets{looked}."
    yield "✓ checked and fine, ✗ found wrong, – cannot be seen from there."


def _good(result: Result, clock: Callable[[int], str]) -> str:
    took = f" in {latency(result.timings.total)}" if result.timings.total is not None else ""
    at = f" at {code(result.address)}" if result.address else ""
    said = f", it said {code(result.banner)}" if result.banner else ""
    return f"{clock(result.at_ms)}{at}{took}{said}"


def _cause(number: int, suspect: Suspect) -> Iterator[str]:
    yield f"{number}. **{suspect.confidence:.0%}** {suspect.text}"
    for label, ids in (("for", suspect.speaks_for), ("against", suspect.speaks_against)):
        if ids:
            yield f"   - {label}: {', '.join(code(each) for each in ids)}"
    if number == 1:
        for check in suspect.checks:
            yield f"   - {_check(check)}"


def _check(check: Check) -> str:
    text = f"{_VERDICTS[check.verdict]} {check.text}" if check.text else ""
    if check.verdict == "fine":
        return text
    run = f"run {code(check.command)}" if check.command else ""
    see = f"see {code(check.where)}" if check.where else ""
    return ": ".join(part for part in (text, "; ".join(part for part in (run, see) if part)) if part)


def _fact(seen: Evidence) -> str:
    return f"- {_MARKS[seen.ok]} {code(seen.text)} ({seen.phase})"


def code(text: str) -> str:
    """A code span that holds any text (CommonMark 0.31 §6.1): fenced by more backticks than it has in a row."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
