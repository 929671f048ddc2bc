"""What the engine can announce about one monitor; kept by the journal, shown by every client."""

from enum import StrEnum

import msgspec

from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.units import MonitorId


class EventKind(StrEnum):
    """What happened."""

    STATUS = "status"  # a confirmed change of status
    SUSPECTED = "suspected"  # first failure after a success, not confirmed
    CLEARED = "cleared"  # suspicion gone before it was confirmed
    FLAPPING_STARTED = "flapping_started"
    FLAPPING_ENDED = "flapping_ended"
    FAILURE_CHANGED = "failure_changed"  # still failing, for another reason
    CERTIFICATE_RENEWED = "certificate_renewed"  # a newer one of the same issuer for the same names
    CERTIFICATE_CHANGED = "certificate_changed"  # another one, which may or may not be meant


class Event(msgspec.Struct, frozen=True, gc=False):
    """One announcement."""

    monitor: MonitorId
    at_ms: int
    kind: EventKind
    status: Status
    previous: Status
    failure: Failure | None = None
    detail: str = ""
