"""Messages between client and engine. One version number: both ends are the same installation or say so.

Every message is a tagged msgspec struct, sent as msgpack behind a 4-byte length (`framing`). The engine may
leave out intermediate states of a row (newest wins), never the last one: a row is complete in itself.
"""

from typing import Final

import msgspec

from uptime_tui.model.certificate import Certificate
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.events import Event
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.incident import Incident
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Evidence, Result, Timings
from uptime_tui.model.units import MonitorId

PROTOCOL: Final = 5
"""Raised by whoever changes, renames or removes a field of a message, or of what a message carries; a new field with a
default needs nothing."""
TREND_LENGTH: Final = 60
NAMES_SHOWN: Final = 4


class MonitorRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that a table row shows of one monitor's present; complete, so a newer one replaces it.

    Sent without the names of its fields: it is what most bytes between engine and client are.
    """

    id: MonitorId
    status: Status
    since_ms: int
    suspected: Failure | None
    failure: Failure | None
    detail: str
    flapping: bool
    last_ms: int
    """Start of the newest probe, Unix milliseconds; 0 before the first."""
    latency_ms: float | None
    """Total of the newest successful probe."""
    cert_not_after: int | None
    """Unix seconds."""
    trend: bytes
    """The newest results, oldest first, at most `TREND_LENGTH`: 0 failed, 1 ours or unknown, 2..255 latency on a
    log scale (`view.trend`)."""
    slowed: str = ""
    """Why it is probed less often than its interval says, one line; empty when it is not."""
    address: str | None = None
    """Of the newest probe."""


class CertificateRow(msgspec.Struct, frozen=True, gc=False):
    """What a list of certificates shows of the one that a monitor's server has. Sent when it changes, not per probe."""

    id: MonitorId
    not_before: int
    """Unix seconds."""
    not_after: int
    subject: str
    names: tuple[str, ...]
    """At most `NAMES_SHOWN`."""
    more_names: int
    issuer: str
    problems: tuple[Failure, ...]
    protocol: str
    sha256: str


class Focus(msgspec.Struct, frozen=True):
    """What the side panel shows of the one monitor a client looks at."""

    id: MonitorId
    result: Result | None
    """The newest one."""
    failed: Result | None
    """The newest failed one while the failure lasts or is suspected."""
    certificate: Certificate | None
    incidents: tuple[Incident, ...] = ()
    """The newest first, at most 10."""
    events: tuple[Event, ...] = ()
    """The newest first, at most 20."""
    next_ms: int | None = None
    """When the next probe is due, Unix milliseconds; None while paused."""
    uptime_day: float | None = None
    """Share of known time that was not down in the last 24 h, 0 to 1; None without data."""
    diagnosis: Diagnosis | None = None
    """The newest one: of the present failure, also while it grows, else of the last incident that has one."""


class Notice(msgspec.Struct, frozen=True):
    """Something about the engine itself that the user must see until it is gone."""

    id: str
    text: str
    """Safe text, one line: what, where, what to do."""
    level: str = "warning"
    """`info`, `warning` or `error`."""


class Vitals(msgspec.Struct, frozen=True):
    """How the engine itself is."""

    version: str = ""
    pid: int = 0
    started_ms: int = 0
    home: str = ""
    probes: int = 0
    """Probes finished since the start."""
    in_flight: int = 0
    lateness_p99_ms: float = 0.0
    rss_bytes: int = 0
    clients: int = 0
    journal_pending: int = 0
    """Results not yet on disk."""
    skipped: int = 0
    """Starts skipped because the previous probe was still running."""
    offline: bool = False
    """This machine has no network: results are unknown, alarms held."""
    kept: bool = False
    """Started to stay (`uptime-tui start`, systemd); otherwise it ends with its last client."""


# --- client to engine ----------------------------------------------------------------------------------


class Hello(msgspec.Struct, frozen=True, tag=True):
    """First message of a client. `watch` asks for the snapshot and all changes (a dashboard)."""

    protocol: int = PROTOCOL
    client: str = ""
    watch: bool = True


class Focused(msgspec.Struct, frozen=True, tag=True):
    """The client looks at this monitor: send its Focus now and whenever it changes; None: at none."""

    monitor: MonitorId | None


class Request(msgspec.Struct, frozen=True):
    """Base of what is answered by exactly one Reply with the same number."""

    number: int


class Recheck(Request, frozen=True, tag=True):
    """Probe these now, whatever the schedule says (limits per host still hold)."""

    monitors: tuple[MonitorId, ...]


class Diagnose(Request, frozen=True, tag=True):
    """Find out anew why a monitor is as it is; the facts come with its Focus as they are found."""

    monitor: MonitorId


class AskDiagnosis(Request, frozen=True, tag=True):
    """The diagnoses kept with an incident; the Reply's `diagnoses` are filled where there are any."""

    incident: int


class Pause(Request, frozen=True, tag=True):
    """Pause or resume; written to `monitors.toml`, undoable."""

    monitors: tuple[MonitorId, ...]
    paused: bool


class Add(Request, frozen=True, tag=True):
    """Add monitors: each a table as in `monitors.toml` (only keys the user set)."""

    tables: tuple[dict[str, object], ...]


class Edit(Request, frozen=True, tag=True):
    """Set or, with None, remove keys of one monitor's block."""

    monitor: MonitorId
    changes: dict[str, object]
    seen: dict[str, object] | None = None
    """The `table` that the user was shown: a key of it that others have changed since is not written over."""


class Delete(Request, frozen=True, tag=True):
    """Delete monitors; undoable, their history is kept."""

    monitors: tuple[MonitorId, ...]


class Undo(Request, frozen=True, tag=True):
    """Undo (or redo) the newest change of the configuration."""

    redo: bool = False


class TryTarget(Request, frozen=True, tag=True):
    """Probe a table that is not (yet) a monitor; answered by a Trial, then by a Reply."""

    table: dict[str, object]


class AskStatus(Request, frozen=True, tag=True):
    """Vitals, counts and notices, as a Reply whose `status` is filled."""


class AskTable(Request, frozen=True, tag=True):
    """The keys the user wrote for a monitor, for the form; the Reply's `table` is filled."""

    monitor: MonitorId


class Stay(Request, frozen=True, tag=True):
    """Go on without clients from now on, whoever started the engine."""


class Shutdown(Request, frozen=True, tag=True):
    """End the engine; the Reply comes before it goes."""


# --- engine to client ----------------------------------------------------------------------------------


class Welcome(msgspec.Struct, frozen=True, tag=True):
    """First message of the engine; a different protocol number means: restart the older end."""

    protocol: int
    version: str
    pid: int


class FleetState(msgspec.Struct, frozen=True, tag=True):
    """Every monitor and its row: replaces all that the client knew. Sent at first and after each reload."""

    monitors: tuple[Monitor, ...]
    rows: tuple[MonitorRow, ...]
    notices: tuple[Notice, ...]
    vitals: Vitals
    undo: str = ""
    """What the next undo would do (`delete mx1 smtp`); empty when there is nothing."""
    redo: str = ""
    certificates: tuple[CertificateRow, ...] = ()


class Changes(msgspec.Struct, frozen=True, tag=True):
    """Rows that changed since the last message, newest state only; None: that part did not change."""

    rows: tuple[MonitorRow, ...] = ()
    focus: Focus | None = None
    notices: tuple[Notice, ...] | None = None
    vitals: Vitals | None = None
    certificates: tuple[CertificateRow, ...] = ()


class Counts(msgspec.Struct, frozen=True):
    """How many monitors are in each status."""

    up: int = 0
    degraded: int = 0
    down: int = 0
    unknown: int = 0
    paused: int = 0
    pending: int = 0


class StatusReport(msgspec.Struct, frozen=True):
    """What `uptime-tui status` prints."""

    vitals: Vitals
    counts: Counts
    notices: tuple[Notice, ...] = ()
    problems: tuple[str, ...] = ()
    """Names of monitors that are down or degraded."""


class Trial(msgspec.Struct, frozen=True, tag=True):
    """Result of a TryTarget."""

    number: int
    result: Result


class Reply(msgspec.Struct, frozen=True, tag=True):
    """Answer to a Request. `error` is one line for the user; empty means done."""

    number: int
    error: str = ""
    key: str = ""
    """Of the monitor's table, with dots, that the error is about; empty where it is about none."""
    message: str = ""
    """What was done, for the footer: `paused 2`, `deleted mx1 smtp`."""
    names: tuple[str, ...] = ()
    """Names of the monitors that were added or touched."""
    status: StatusReport | None = None
    table: dict[str, object] | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    """The first one as it was, and the newest where it was looked into again."""


class Goodbye(msgspec.Struct, frozen=True, tag=True):
    """The engine ends or turns this client away; `reason` is one line."""

    reason: str


ClientMessage = (
    Hello
    | Focused
    | Recheck
    | Diagnose
    | AskDiagnosis
    | Pause
    | Add
    | Edit
    | Delete
    | Undo
    | TryTarget
    | AskStatus
    | AskTable
    | Stay
    | Shutdown
)
EngineMessage = Welcome | FleetState | Changes | Trial | Reply | Goodbye

__all__ = [
    "NAMES_SHOWN",
    "PROTOCOL",
    "TREND_LENGTH",
    "Add",
    "AskDiagnosis",
    "AskStatus",
    "AskTable",
    "CertificateRow",
    "Changes",
    "ClientMessage",
    "Counts",
    "Delete",
    "Diagnose",
    "Diagnosis",
    "Edit",
    "EngineMessage",
    "Evidence",
    "FleetState",
    "Focus",
    "Focused",
    "Goodbye",
    "Hello",
    "MonitorRow",
    "Notice",
    "Pause",
    "Phase",
    "Recheck",
    "Reply",
    "Request",
    "Shutdown",
    "StatusReport",
    "Stay",
    "Timings",
    "Trial",
    "TryTarget",
    "Undo",
    "Vitals",
    "Welcome",
]
