"""An incident: from the first confirmed failure of a monitor to its recovery."""

import msgspec

from uptime_tui.model.events import Event, EventKind
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.units import MonitorId


class Incident(msgspec.Struct, frozen=True):
    """One outage or degradation of one monitor. Times are Unix milliseconds."""

    id: int
    """Given by the journal; 0 until it is kept."""
    monitor: MonitorId
    opened_ms: int
    status: Status
    """The worst status it reached."""
    failure: Failure | None
    """The failure that opened it."""
    detail: str = ""
    closed_ms: int | None = None


def is_problem(status: Status) -> bool:
    """Whether a confirmed status is an incident: ours is not (`unknown` never opens one)."""
    return status in {Status.DOWN, Status.DEGRADED}


def advance(current: Incident | None, event: Event) -> Incident | None:
    """The incident after a confirmed status event: opened, worsened, closed, or as it was.

    Returns the incident to keep (closed when `closed_ms` is set), or None when there is none. A turn to
    `unknown` or `pending` leaves an open incident open: nothing was learned about the target. Pausing closes it.
    """
    if event.kind is not EventKind.STATUS:
        return current
    if is_problem(event.status):
        if current is None:
            return Incident(0, event.monitor, event.at_ms, event.status, event.failure, event.detail)
        worst = Status.DOWN if Status.DOWN in {current.status, event.status} else event.status
        return msgspec.structs.replace(current, status=worst)
    if current is not None and event.status in {Status.UP, Status.PAUSED}:
        return msgspec.structs.replace(current, closed_ms=event.at_ms)
    return current
