"""What happened to a monitor: its newest events and incidents, each incident with the cause that was found. Pure."""

from collections.abc import Callable, Iterator
from typing import Final

from uptime_tui.model.events import Event, EventKind
from uptime_tui.model.failure import FACTS
from uptime_tui.model.incident import Incident
from uptime_tui.view import words
from uptime_tui.view.diagnosis import LineOf, belongs_to, hanging
from uptime_tui.wire.messages import Focus

_SHOWN_EVENTS: Final = 8
_SHOWN_INCIDENTS: Final = 5
_OF_CERTIFICATES: Final = frozenset({EventKind.CERTIFICATE_RENEWED, EventKind.CERTIFICATE_CHANGED})


def past_lines(
    focus: Focus | None, now_ms: int, width: int, clock: Callable[[int], str], *, failing: bool
) -> Iterator[LineOf]:
    """Events, then incidents; nothing where there is none.

    Args:
        focus: of the monitor; None until the engine has sent it.
        now_ms: Unix milliseconds.
        width: cells.
        clock: Unix milliseconds to a time of day.
        failing: the newest incident goes on, and its cause is told above.
    """
    if focus is None:
        return
    if focus.events:
        yield ()
        yield (("lately", "dim"),)
    for event in focus.events[:_SHOWN_EVENTS]:
        text, role = _told(event)
        yield from hanging(f"{clock(event.at_ms)} ", text, width, role)
    if focus.incidents:
        yield ()
        yield (("incidents", "dim"),)
    for incident in focus.incidents[:_SHOWN_INCIDENTS]:
        yield from one_line(incident, now_ms, width, clock)
        if not failing:
            yield from _cause(focus, incident, width)


def one_line(incident: Incident, now_ms: int, width: int, clock: Callable[[int], str]) -> Iterator[LineOf]:
    """`03:12 down for 4 min: connection refused`."""
    end_ms = now_ms if incident.closed_ms is None else incident.closed_ms
    lasted = words.age((end_ms - incident.opened_ms) / 1000)
    reason = f": {FACTS[incident.failure].title}" if incident.failure is not None else ""
    goes_on = ", goes on" if incident.closed_ms is None else ""
    text = f"{incident.status.value} for {lasted}{goes_on}{reason}"
    yield from hanging(f"{clock(incident.opened_ms)} ", text, width, words.ROLES[incident.status])


def _told(event: Event) -> tuple[str, str]:
    """Text and role."""
    if event.kind in _OF_CERTIFICATES:
        return event.detail, "warn" if event.kind is EventKind.CERTIFICATE_CHANGED else "plain"
    word = event.kind.value.replace("_", " ") if event.kind is not EventKind.STATUS else event.status.value
    reason = f": {FACTS[event.failure].title}" if event.failure is not None else ""
    return f"{word}{reason}", words.ROLES[event.status] if event.kind is EventKind.STATUS else "plain"


def _cause(focus: Focus, incident: Incident, width: int) -> Iterator[LineOf]:
    found = focus.diagnosis
    if found is not None and found.first is not None and belongs_to(found, incident.opened_ms, incident.closed_ms):
        yield from hanging("  ", f"{found.first.confidence:.0%} {found.first.text}", width, "plain")
