"""What a client knows of the fleet: the fold of the engine's messages. The client owns it, everybody else reads."""

from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

from uptime_tui.model.monitor import Monitor
from uptime_tui.model.units import MonitorId
from uptime_tui.view.entry import Entry
from uptime_tui.wire.messages import (
    CertificateRow,
    Changes,
    EngineMessage,
    FleetState,
    Focus,
    MonitorRow,
    Notice,
    Vitals,
)


class Dirty(NamedTuple):
    """What a message changed."""

    everything: bool = False
    """Monitors came, went or were edited: all is to be drawn anew."""
    rows: frozenset[MonitorId] = frozenset()
    order: bool = False
    """A status or a suspicion changed, so the order of the view may have."""
    focus: bool = False
    notices: bool = False
    vitals: bool = False

    def joined(self, other: "Dirty") -> "Dirty":
        """Both changes as one."""
        return Dirty(
            self.everything or other.everything,
            self.rows | other.rows if self.rows else other.rows,
            self.order or other.order,
            self.focus or other.focus,
            self.notices or other.notices,
            self.vitals or other.vitals,
        )


class Snapshot:
    """Monitors, rows and the engine's own state, always the newest that was received."""

    def __init__(self) -> None:
        self.monitors: dict[MonitorId, Monitor] = {}
        self.rows: dict[MonitorId, MonitorRow] = {}
        self.by_category: dict[str, list[Entry]] = {}
        """Sorted by name, ignoring case."""
        self.certificates: dict[MonitorId, CertificateRow] = {}
        """Of the monitors whose server has shown one."""
        self.focus: Focus | None = None
        self.notices: tuple[Notice, ...] = ()
        self.vitals = Vitals()
        self.undo = ""
        self.redo = ""
        self.complete = False
        """A first FleetState has arrived."""
        self.entries: dict[MonitorId, Entry] = {}
        self.is_exposed: Callable[[Monitor, MonitorRow], bool] = lambda _monitor, _row: False
        """Whether a row carries the warning that its port may be open to the world; whoever has a catalogue sets it."""

    def apply(self, message: EngineMessage) -> Dirty:
        """Take a message in; messages that carry no state change nothing."""
        if isinstance(message, FleetState):
            return self._replace(message)
        if isinstance(message, Changes):
            return self._update(message)
        return Dirty()

    def _replace(self, message: FleetState) -> Dirty:
        self.monitors = {monitor.id: monitor for monitor in message.monitors}
        self.rows = {row.id: row for row in message.rows if row.id in self.monitors}
        self.certificates = {row.id: row for row in message.certificates if row.id in self.rows}
        entries = [Entry(self.monitors[number], row) for number, row in self.rows.items()]
        self.entries = {entry.monitor.id: entry for entry in entries}
        self.by_category = {}
        for entry in sorted(entries, key=attrgetter("by_name")):
            self.by_category.setdefault(entry.category, []).append(entry)
        self.notices, self.vitals = message.notices, message.vitals
        self.undo, self.redo = message.undo, message.redo
        self.complete = True
        if self.focus is not None and self.focus.id not in self.monitors:
            self.focus = None
        return Dirty(everything=True)

    def _update(self, message: Changes) -> Dirty:
        order = False
        rows = self.rows
        changed = []
        for row in message.rows:
            before = rows.get(row.id)
            if before is None:
                continue  # deleted meanwhile: the FleetState without it is on its way or was first
            rows[row.id] = row
            self.entries[row.id].take(row)
            changed.append(row.id)
            order = (
                order or row.status is not before.status or (row.suspected is None) is not (before.suspected is None)
            )
        for certificate in message.certificates:
            if certificate.id in rows:
                self.certificates[certificate.id] = certificate
                changed.append(certificate.id)
                order = True
        if message.focus is not None:
            self.focus = message.focus
        if message.notices is not None:
            self.notices = message.notices
        if message.vitals is not None:
            self.vitals = message.vitals
        return Dirty(
            rows=frozenset(changed),
            order=order,
            focus=message.focus is not None,
            notices=message.notices is not None,
            vitals=message.vitals is not None,
        )
