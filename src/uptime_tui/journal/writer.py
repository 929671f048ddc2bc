"""The one owner of the journal: everything is handed over in memory and written by one thread, in batches.

Nothing here blocks the caller but `open`, `flush` and `close`. A full disk stops nobody: what cannot be written is
kept in memory up to a bound, said in `problem`, and tried again.
"""

import logging
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from uptime_tui.journal import batch, seal, store, tending
from uptime_tui.journal.pack import EVENT_BITS, result_row
from uptime_tui.journal.waiting import Waiting
from uptime_tui.model.diagnosis import Diagnosis, Past
from uptime_tui.model.errors import UserError
from uptime_tui.model.events import Event
from uptime_tui.model.incident import Incident
from uptime_tui.model.outcome import Rest
from uptime_tui.model.result import Result
from uptime_tui.model.status import State
from uptime_tui.model.succession import Shown
from uptime_tui.model.units import MAX_MONITOR_ID, MonitorId

BATCH_ROWS: Final = 1000
COMMIT_S: Final = 0.75
"""With the commit itself, what is measured is on disk within a second."""
_SEAL_EVERY_S: Final = 60.0
_RETRY_S: Final = (1.0, 30.0)
_FLUSH_S: Final = 0.8
_FORGET_EVERY_MS: Final = 86_400_000
_FORGET_BETWEEN: Final = """DELETE FROM diagnosis WHERE incident = ?
    AND at_ms > (SELECT min(at_ms) FROM diagnosis WHERE incident = ?)
    AND at_ms < (SELECT max(at_ms) FROM diagnosis WHERE incident = ?)"""
_INTERRUPTS: Final = 20
_BETWEEN_S: Final = 0.005
_FORGET_SLICE: Final = 50
"""Monitors whose old blocks are deleted between two commits."""
_pack: Final = msgspec.msgpack.Encoder().encode
_log: Final = logging.getLogger(__name__)


def wall_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


class Journal:
    """Writes what the engine knows.

    Args:
        path: the database file; its folder exists.
        now_ms: Unix milliseconds.
        block_days: how long single results are kept, by the time that engines ran (`journal.tending`).
    """

    def __init__(self, path: Path, *, now_ms: Callable[[], int] = wall_ms, block_days: int = seal.BLOCK_DAYS) -> None:
        self._path = path
        self._now_ms = now_ms
        self._block_days = block_days
        self._connection: sqlite3.Connection | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._waiting = Waiting()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._idle = threading.Event()
        self._stopping = False
        self._writing = False
        self._refused = 0
        """Attempts that the disk has refused."""
        self._logged = False
        """The log says that it refuses."""
        self._names: dict[str, MonitorId] = {}
        self._next_id = 1
        self._next_incident = 1
        self._examiner = threading.Thread(target=self._examine, name="journal check", daemon=True)
        self._examination: sqlite3.Connection | None = None
        self._no_examination = False
        self._unsound = ""
        self._to_forget: list[MonitorId] = []
        self._forgot_ms = 0
        self._tending = tending.Tending()
        self.problem = ""
        """One line while the disk refuses what is to be kept; empty otherwise."""
        self.notices: tuple[str, ...] = ()
        """What was set aside since the start."""

    # --- what blocks ------------------------------------------------------------------

    def open(self) -> tuple[str, ...]:
        """Open or begin the journal and start the writer; returns notices, one line each.

        Raises:
            UserError: the folder cannot be written, or the journal is of a newer version.
        """
        self._connection, notice = store.open_or_replace(self._path, self._learn)
        self.notices = (notice,) if notice else ()
        self._idle.set()
        self._thread.start()
        self._examiner.start()
        return self.notices

    def flush(self) -> bool:
        """Wait, at most a second, until everything handed over is on disk; False when it is not.

        A disk that refuses is not waited for: an attempt that began meanwhile says that it does.
        """
        deadline_s = time.monotonic() + _FLUSH_S
        given_up = self._refused + (2 if self._writing else 1)
        while self._waiting or self._writing:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or self._refused >= given_up or not self._thread.is_alive():
                return False
            self._idle.clear()
            self._hurry.set()
            self._wake.set()
            self._idle.wait(left_s)
        return True

    def close(self) -> None:
        """Flush and end the writer."""
        self._end_examination()
        self.flush()
        self._stopping = True
        self._hurry.set()
        self._wake.set()
        self._thread.join(_FLUSH_S)
        if self._connection is not None and not self._thread.is_alive():
            self._connection.close()

    def _end_examination(self) -> None:
        """Break it off. An interrupt that comes a moment before the statement does nothing, so there may be several."""
        self._no_examination = True
        for _ in range(_INTERRUPTS):
            examination = self._examination
            if examination is not None:
                with suppress(sqlite3.ProgrammingError):  # it has just come to its end
                    examination.interrupt()
            if not self._examiner.is_alive():
                return
            self._examiner.join(_BETWEEN_S)

    # --- what never blocks ------------------------------------------------------------

    @property
    def pending(self) -> int:
        """Results not yet on disk."""
        return len(self._waiting)

    def ids(self, names: Sequence[str]) -> dict[str, MonitorId]:
        """A number for each unique name: the one it had, or a new one that nobody ever had.

        Raises:
            UserError: more than half a million names were ever used.
        """
        for name in names:
            if name not in self._names:
                if self._next_id > MAX_MONITOR_ID:
                    raise UserError("the journal has run out of monitor numbers", where=str(self._path))
                number = self._names[name] = MonitorId(self._next_id)
                self._next_id += 1
                self._put("monitor", None, "INSERT OR REPLACE INTO monitor (id, name) VALUES (?, ?)", number, name)
        return {name: self._names[name] for name in names}

    def rename(self, old: str, new: str) -> None:
        """Let the history of `old` go on under `new`; a former owner of `new` keeps its own under a made-up name."""
        number = self._names.pop(old, None)
        if number is None:
            return
        former = self._names.pop(new, None)
        if former is not None:
            self._put("monitor", None, "UPDATE monitor SET name = ? WHERE id = ?", f"{new}\x00{former}", former)
        self._names[new] = number
        self._put("monitor", None, "INSERT OR REPLACE INTO monitor (id, name) VALUES (?, ?)", number, new)

    def keep_result(self, result: Result) -> None:
        """Keep one result's time, failure and duration."""
        count = self._waiting.add_result(result_row(result))
        if count == 1:
            self._wake.set()
        elif count == BATCH_ROWS:
            self._hurry.set()

    def keep_newest(self, result: Result, *, failed: bool) -> None:
        """Keep one full record: the newest failed one, or (at the end) the newest one."""
        table = "failed" if failed else "newest"
        statement = f"INSERT OR REPLACE INTO {table} (monitor, data) VALUES (?, ?)"  # noqa: S608
        self._put(table, result.monitor, statement, result.monitor, _pack(result))

    def keep_event(self, event: Event) -> None:
        """Keep one event; two of one monitor in the same millisecond stand one after the other."""
        key = event.monitor << EVENT_BITS | event.at_ms
        self._put(
            "event",
            None,
            "INSERT INTO event (k, data) VALUES "
            "((SELECT coalesce(max(k) + 1, ?) FROM event WHERE k BETWEEN ? AND ? + 99), ?)",
            key,
            key,
            key,
            _pack(event),
        )

    def keep_incident(self, incident: Incident) -> Incident:
        """Keep an incident as it now is; returns it with its number."""
        if not incident.id:
            incident = msgspec.structs.replace(incident, id=self._next_incident)
            self._next_incident += 1
        self._put(
            "incident",
            incident.id,
            "INSERT OR REPLACE INTO incident (id, monitor, opened_ms, closed_ms, data) VALUES (?, ?, ?, ?, ?)",
            incident.id,
            incident.monitor,
            incident.opened_ms,
            incident.closed_ms,
            _pack(incident),
        )
        return incident

    def keep_state(self, monitor: MonitorId, state: State) -> None:
        """Keep the newest state of a monitor, so that a restart knows since when."""
        statement = "INSERT OR REPLACE INTO state (monitor, data) VALUES (?, ?)"
        self._put("state", monitor, statement, monitor, _pack(state))

    def keep_rest(self, until_ms: int, rest: Rest) -> None:
        """Keep until when a server is to be left alone (Unix milliseconds), and forget what is over."""
        self._put("rest", None, "DELETE FROM rest WHERE until_ms < ?", self._now_ms())
        statement = "INSERT OR REPLACE INTO rest (caller, until_ms, data) VALUES (?, ?, ?)"
        self._put("rest", None, statement, rest.of, until_ms, _pack(rest))

    def keep_certificate(self, monitor: MonitorId, shown: Shown) -> None:
        """Keep what a monitor's server showed last, so that a restart knows another certificate when it comes."""
        statement = "INSERT OR REPLACE INTO certificate (monitor, data) VALUES (?, ?)"
        self._put("certificate", monitor, statement, monitor, _pack(shown))

    def keep_diagnosis(self, incident: int, diagnosis: Diagnosis) -> None:
        """Keep why an incident's monitor failed. The first one of an incident stays, and the newest beside it."""
        statement = "INSERT OR REPLACE INTO diagnosis (incident, monitor, at_ms, data) VALUES (?, ?, ?, ?)"
        packed = zlib.compress(_pack(diagnosis))
        self._put("diagnosis", None, statement, incident, diagnosis.monitor, diagnosis.at_ms, packed)
        self._put("diagnosis", None, _FORGET_BETWEEN, *[incident] * 3)

    def keep_backends(self, monitor: MonitorId, past: Sequence[Past]) -> None:
        """Keep what the addresses of a monitor's name said lately."""
        statement = "INSERT OR REPLACE INTO backends (monitor, data) VALUES (?, ?)"
        self._put("backends", monitor, statement, monitor, _pack(past))

    def _put(self, kind: str, number: int | None, statement: str, *values: object) -> None:
        self._waiting.put(kind, number, statement, *values)
        self._wake.set()

    # --- the writer's thread ----------------------------------------------------------

    def _learn(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT id, name FROM monitor").fetchall()
        self._names = {name: MonitorId(number) for number, name in rows}
        self._next_id = max((number for number, _ in rows), default=0) + 1
        self._next_incident = (connection.execute("SELECT max(id) FROM incident").fetchone()[0] or 0) + 1

    def _run(self) -> None:
        self._retry_s = _RETRY_S[0]
        self._tidy_s = 0.0
        while True:
            self._wake.wait(_SEAL_EVERY_S)
            if not self._stopping:
                self._hurry.wait(COMMIT_S if self._wake.is_set() else 0)
            self._wake.clear()
            self._hurry.clear()
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 - a bug of ours: without this thread nothing would ever be kept
                _log.exception("journal")
                self.problem = f"the journal cannot be written (a bug of uptime-tui: {type(error).__name__})"
                self._hurry.wait(_RETRY_S[0])
            if self._stopping:
                return

    def _turn(self) -> None:
        if not self._path.exists():
            self._unsound = "the journal's file was taken away"
        if self._unsound:
            self._begin_anew()
        if self._commit():
            self._retry_s = _RETRY_S[0]
            self._idle.set()
        else:
            self._refused += 1
            self._idle.set()
            if self._stopping:
                return
            self._hurry.wait(self._retry_s)
            self._retry_s = min(self._retry_s * 2, _RETRY_S[1])
            self._wake.set()
            return
        now_s = time.monotonic()
        if now_s >= self._tidy_s and not self._stopping:
            self._tidy_s = now_s if self._tidy() else now_s + _SEAL_EVERY_S

    def _examine(self) -> None:
        """Read the whole file once, in a thread of its own: what is measured meanwhile is written all the same."""
        try:
            with store.reading(self._path) as self._examination:
                sound = self._no_examination or store.is_sound(self._examination)
        except sqlite3.OperationalError:  # taken away already, which the writer sees by itself
            return
        finally:
            self._examination = None
        if not sound:
            self._unsound = "the journal was damaged"
            self._wake.set()

    def _begin_anew(self) -> None:
        """Set the file aside and go on with a new one, which learns what this process knows."""
        assert self._connection is not None
        what, self._unsound = self._unsound, ""
        self._connection.close()
        try:
            notice = store.begin_anew(self._path, what)
            self._connection = store.open_store(self._path)
        except (OSError, sqlite3.Error) as error:
            _log.error("%s and cannot be set aside: %s", what, error)
            notice = f"{what} and cannot be set aside ({error}): what is measured now is lost at the end"
            self._connection = store.open_in_memory(self._path)
        for name, number in self._names.items():
            self._put("monitor", None, "INSERT OR REPLACE INTO monitor (id, name) VALUES (?, ?)", number, name)
        self.notices = (*self.notices, notice)

    def _commit(self) -> bool:
        """Write what waits, in one transaction; on failure it waits on."""
        self._writing = True
        results, statements = self._waiting.take()
        connection = self._connection
        assert connection is not None
        try:
            if results or statements:
                connection.execute("BEGIN IMMEDIATE")
                batch.append(connection, results)
                batch.execute(connection, statements.values())
                connection.execute("COMMIT")
        except Exception as error:
            self._waiting.give_back(results, statements)
            dropped = self._waiting.dropped
            lost = f", {dropped} had to be given up" if dropped else ""
            if not self._logged:
                self._logged = True
                _log.error("the journal cannot be written (%s): results are kept in memory", error)
            self.problem = f"the journal cannot be written ({error}); results kept in memory: {self.pending}{lost}"
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if not isinstance(error, sqlite3.Error):
                raise
            return False
        finally:
            self._writing = False
        if results or statements:
            self.problem = ""
            if self._logged:
                self._logged = False
                _log.warning("the journal is written again")
        return True

    def _tidy(self) -> bool:
        """One slice of sealing, or else of forgetting; True when there is more to do."""
        assert self._connection is not None
        now_ms = self._now_ms()
        try:
            old_ms = self._tending.now_ms(self._connection, now_ms)
            if seal.seal_slice(self._connection, now_ms):
                return True
            if not self._to_forget and old_ms - self._forgot_ms > _FORGET_EVERY_MS:
                self._forgot_ms = old_ms
                self._to_forget = sorted(self._names.values())
            some, self._to_forget = self._to_forget[:_FORGET_SLICE], self._to_forget[_FORGET_SLICE:]
            seal.forget_old(self._connection, some, old_ms, block_days=self._block_days)
            return bool(self._to_forget)
        except sqlite3.Error as error:
            self.problem = f"the journal cannot be tidied ({error})"
            return False
