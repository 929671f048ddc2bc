"""The engine's present as messages: rows, focus, notices, vitals. Reads everything, owns nothing."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from uptime_tui import __version__
from uptime_tui.config.edit import MonitorsFile
from uptime_tui.engine.fleet import Fleet
from uptime_tui.engine.history import History
from uptime_tui.engine.reload import Reloader
from uptime_tui.engine.scheduler import Scheduler
from uptime_tui.engine.selfcheck import Network
from uptime_tui.engine.tracker import Tracker
from uptime_tui.journal.reader import Reader
from uptime_tui.journal.writer import Journal
from uptime_tui.model.units import MonitorId
from uptime_tui.wire.framing import encode
from uptime_tui.wire.messages import (
    CertificateRow,
    Diagnosis,
    FleetState,
    Focus,
    MonitorRow,
    Notice,
    StatusReport,
    Vitals,
)

_INCIDENTS: Final = 10


class Present:
    """What clients are told (`engine.bus.Source`). Every part is handed in once, by the engine's main."""

    fleet: Fleet
    tracker: Tracker
    scheduler: Scheduler
    slowed: Callable[[MonitorId], str]
    diagnosis: Callable[[MonitorId], Diagnosis | None]
    network: Network
    journal: Journal
    reader: Reader
    history: History
    reloader: Reloader
    file: MonitorsFile
    clients: Callable[[], int]

    def __init__(self, home: str, *, kept: bool) -> None:
        self._home = home
        self._started_ms = time.time_ns() // 1_000_000
        self.kept = kept
        self.own_notices: dict[str, Notice] = {}

    def read(self, journal_file: Path, loop: asyncio.AbstractEventLoop, changed: Callable[[MonitorId], None]) -> None:
        """Open the journal for reading: what is quick on this thread, what is not in another."""
        self.reader = Reader(journal_file)
        self.history = History(loop, Reader(journal_file), changed)

    def row(self, number: MonitorId) -> MonitorRow | None:
        """A monitor's row; None when it is gone."""
        if number not in self.fleet.monitors:
            return None
        row, why = self.tracker.row(number), self.slowed(number)
        return msgspec.structs.replace(row, slowed=why) if why else row

    def certificate(self, number: MonitorId) -> CertificateRow | None:
        """The certificate of a monitor's server."""
        return self.tracker.certificates.row(number)

    def focus(self, number: MonitorId) -> Focus | None:
        """What a panel shows of a monitor."""
        if number not in self.fleet.monitors:
            return None
        tracker = self.tracker
        due_s = self.scheduler.due_in_s(number)
        next_ms = None if due_s is None else time.time_ns() // 1_000_000 + int(due_s * 1000)
        incidents = tracker.chronicle.lately(number, _INCIDENTS, self.reader.incidents)
        return Focus(
            id=number,
            result=tracker.newest.get(number),
            failed=tracker.failed.get(number),
            certificate=tracker.certificates.get(number),
            incidents=incidents,
            events=tracker.chronicle.recent(number, self.reader.events),
            next_ms=next_ms,
            uptime_day=self.history.uptime_day(number),
            diagnosis=self.diagnosis(number),
        )

    def say(self, id_: str, text: str, level: str) -> None:
        """Show a line until it is taken back (`own_notices`)."""
        self.own_notices[id_] = Notice(id_, text, level)

    def say_while(self, id_: str, text: str) -> None:
        """Show a fault for as long as there is a text."""
        if text:
            self.say(id_, text, "error")
        else:
            self.own_notices.pop(id_, None)

    def notices(self) -> tuple[Notice, ...]:
        """What the user must see."""
        own = list(self.own_notices.values())
        own += [Notice("journal:kept", text) for text in self.journal.notices]
        if self.journal.problem:
            own.append(Notice("journal", self.journal.problem, "error"))
        return (*self.reloader.notices, *own)

    def vitals(self) -> Vitals:
        """How the engine is."""
        return Vitals(
            version=__version__,
            pid=os.getpid(),
            started_ms=self._started_ms,
            home=self._home,
            probes=self.tracker.probes,
            in_flight=self.scheduler.in_flight,
            lateness_p99_ms=self.scheduler.lateness_p99_ms(),
            rss_bytes=_rss_bytes(),
            clients=self.clients(),
            journal_pending=self.journal.pending,
            skipped=self.scheduler.skipped,
            offline=self.network.offline or self.network.line_is_down,
            kept=self.kept,
        )

    def fleet_state(self) -> bytes:
        """The whole, as one frame."""
        return encode(
            FleetState(
                monitors=tuple(self.fleet.monitors.values()),
                rows=tuple(row for number in self.fleet.monitors if (row := self.row(number)) is not None),
                notices=self.notices(),
                vitals=self.vitals(),
                undo=self.file.undo_label,
                redo=self.file.redo_label,
                certificates=self.tracker.certificates.rows(),
            )
        )

    def report(self) -> StatusReport:
        """What `uptime-tui status` prints."""
        return StatusReport(self.vitals(), self.tracker.counts(), self.notices(), self.tracker.problems())


def _rss_bytes() -> int:
    """Resident memory of this process (proc(5), statm); 0 where there is no such file."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
