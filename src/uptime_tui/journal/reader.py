"""Reads the journal over a connection of its own; one reader belongs to one thread at a time."""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from uptime_tui.journal.pack import (
    EVENT_BITS,
    HOUR_MS,
    MONITOR_BITS,
    MONITOR_MASK,
    SPAN_BITS,
    Point,
    row_point,
    span_key,
    tally,
    unpack_records,
)
from uptime_tui.model.diagnosis import Diagnosis, Past
from uptime_tui.model.events import Event
from uptime_tui.model.incident import Incident
from uptime_tui.model.outcome import Rest
from uptime_tui.model.result import Result
from uptime_tui.model.status import State
from uptime_tui.model.succession import Shown
from uptime_tui.model.units import MonitorId

T = TypeVar("T")
_RECENT_ROWS: Final = 300_000


class Reader:
    """Queries for screens and for the start. A journal that does not exist yet is an empty one.

    A journal that was set aside is left for the new one.

    Args:
        path: the database file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._ended = False

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """End the query that another thread runs, and answer no more."""
        self._ended = True
        if self._connection is not None:
            with suppress(sqlite3.ProgrammingError):  # it has just been closed
                self._connection.interrupt()

    def _opened(self) -> sqlite3.Connection | None:
        """The connection to the file that is the journal now."""
        try:
            facts = self._path.stat()
        except OSError:
            return self._connection
        file = (facts.st_dev, facts.st_ino)
        if file != self._file:
            self.close()
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, timeout=2.0, check_same_thread=False)
            self._file = file
        return self._connection

    def number(self, name: str) -> MonitorId | None:
        """The number of a monitor's name; None where it never had one."""
        rows = self._rows("SELECT id FROM monitor WHERE name = ?", name)
        return next((MonitorId(number) for (number,) in rows), None)

    def states(self) -> dict[MonitorId, State]:
        """The newest state of every monitor; one that cannot be read is left out."""
        found = {}
        for number, data in self._rows("SELECT monitor, data FROM state"):
            state = _decoded(data, State)
            if state is not None:
                found[MonitorId(number)] = state
        return found

    def certificates(self) -> dict[MonitorId, Shown]:
        """What the server of each monitor showed last."""
        rows = self._rows("SELECT monitor, data FROM certificate")
        return {MonitorId(n): shown for n, data in rows if (shown := _decoded(data, Shown)) is not None}

    def open_incidents(self) -> dict[MonitorId, Incident]:
        """Incidents that have no end yet, by monitor."""
        rows = self._rows("SELECT data FROM incident WHERE closed_ms IS NULL ORDER BY id")
        return {incident.monitor: incident for (data,) in rows if (incident := _decoded(data, Incident)) is not None}

    def unexplained(self) -> set[MonitorId]:
        """Monitors whose incident goes on and has no diagnosis: the engine ended before it was made."""
        statement = """SELECT monitor FROM incident WHERE closed_ms IS NULL
            AND NOT EXISTS (SELECT 1 FROM diagnosis WHERE diagnosis.incident = incident.id)"""
        return {MonitorId(number) for (number,) in self._rows(statement)}

    def incidents(self, monitor: MonitorId, limit: int) -> tuple[Incident, ...]:
        """The newest incidents of a monitor, newest first."""
        rows = self._rows(
            "SELECT data FROM incident WHERE monitor = ? ORDER BY opened_ms DESC, id DESC LIMIT ?", monitor, limit
        )
        return tuple(found for (data,) in rows if (found := _decoded(data, Incident)) is not None)

    def events(self, monitor: MonitorId, limit: int) -> tuple[Event, ...]:
        """The newest events of a monitor, newest first."""
        low = monitor << EVENT_BITS
        rows = self._rows(
            "SELECT data FROM event WHERE k BETWEEN ? AND ? ORDER BY k DESC LIMIT ?",
            low,
            low | (1 << EVENT_BITS) - 1,
            limit,
        )
        return tuple(found for (data,) in rows if (found := _decoded(data, Event)) is not None)

    def newest(self) -> dict[MonitorId, Result]:
        """The newest full record of each monitor, as far as it was kept."""
        return self._records("SELECT monitor, data FROM newest")

    def failed(self) -> dict[MonitorId, Result]:
        """The newest failed record of each monitor."""
        return self._records("SELECT monitor, data FROM failed")

    def diagnoses(self, incident: int) -> tuple[Diagnosis, ...]:
        """Why the monitor of an incident failed: what was found first, and the newest where it was found out again."""
        return tuple(self._diagnoses("SELECT data FROM diagnosis WHERE incident = ? ORDER BY at_ms", incident))

    def newest_diagnosis(self, monitor: MonitorId) -> Diagnosis | None:
        """The newest one of a monitor."""
        statement = "SELECT data FROM diagnosis WHERE monitor = ? ORDER BY at_ms DESC LIMIT 1"
        return next(self._diagnoses(statement, monitor), None)

    def _diagnoses(self, statement: str, number: int) -> Iterator[Diagnosis]:
        for (data,) in self._rows(statement, number):
            with suppress(zlib.error):
                found = _decoded(zlib.decompress(data), Diagnosis)
                if found is not None:
                    yield found

    def backends(self) -> dict[MonitorId, list[Past]]:
        """What the addresses of each monitor's name said lately."""
        rows = self._rows("SELECT monitor, data FROM backends")
        return {MonitorId(n): found for n, data in rows if (found := _decoded(data, list[Past])) is not None}

    def rests(self) -> list[tuple[int, Rest]]:
        """Servers that are to be left alone, each with the end in Unix milliseconds."""
        rows = self._rows("SELECT until_ms, data FROM rest")
        return [(until_ms, rest) for until_ms, data in rows if (rest := _decoded(data, Rest)) is not None]

    def recent(self, monitors: Iterable[MonitorId], length: int, now_ms: int) -> dict[MonitorId, list[Point]]:
        """The newest points of these monitors, oldest first, at most `length` each; from the last hours only."""
        found: dict[MonitorId, list[Point]] = {monitor: [] for monitor in monitors}
        for key, value in self._rows("SELECT k, v FROM result ORDER BY k DESC LIMIT ?", _RECENT_ROWS):
            points = found.get(MonitorId(key & MONITOR_MASK))
            if points is not None and len(points) < length:
                points.append(row_point(key, value))
        hours = range(now_ms // HOUR_MS, now_ms // HOUR_MS - 3, -1)
        for monitor, points in found.items():
            for hour in hours:
                if len(points) >= length:
                    break
                for (data,) in self._rows("SELECT data FROM block WHERE k = ?", span_key(monitor, hour)):
                    sealed = sorted(unpack_records(data, hour), key=lambda point: -point.at_ms)
                    points.extend(sealed[: length - len(points)])
            points.reverse()
        return found

    def history(self, monitor: MonitorId, from_ms: int, to_ms: int) -> list[Point]:
        """Every point of a monitor in a span of time, in order."""
        low, high = span_key(monitor, from_ms // HOUR_MS), span_key(monitor, to_ms // HOUR_MS)
        points: list[Point] = []
        for key, data in self._rows("SELECT k, data FROM block WHERE k BETWEEN ? AND ?", low, high):
            points.extend(unpack_records(data, key & (1 << SPAN_BITS) - 1))
        points.extend(row_point(key, value) for key, value in self._unsealed(monitor, from_ms, to_ms))
        return sorted((point for point in points if from_ms <= point.at_ms < to_ms), key=lambda point: point.at_ms)

    def uptime(self, monitor: MonitorId, from_ms: int, to_ms: int) -> float | None:
        """Share of the known probes of a span that were not down, 0 to 1; None without any. Whole hours."""
        low, high = span_key(monitor, from_ms // HOUR_MS), span_key(monitor, to_ms // HOUR_MS)
        rows = self._rows(
            "SELECT coalesce(sum(good), 0), coalesce(sum(degraded), 0), coalesce(sum(down), 0) "
            "FROM rollup WHERE k BETWEEN ? AND ?",
            low,
            high,
        )
        good, degraded, down = next(iter(rows), (0, 0, 0))
        fresh = tally(self._unsealed(monitor, from_ms, to_ms))
        known = good + degraded + down + fresh.good + fresh.degraded + fresh.down
        return None if known == 0 else (known - down - fresh.down) / known

    def _unsealed(self, monitor: MonitorId, from_ms: int, to_ms: int) -> Iterable[tuple[int, int]]:
        return self._rows(
            "SELECT k, v FROM result WHERE k >= ? AND k < ? AND k & ? = ?",
            from_ms << MONITOR_BITS,
            to_ms << MONITOR_BITS,
            MONITOR_MASK,
            monitor,
        )

    def _records(self, statement: str) -> dict[MonitorId, Result]:
        found = {}
        for number, data in self._rows(statement):
            result = _decoded(data, Result)
            if result is not None:
                found[MonitorId(number)] = result
        return found

    def _rows(self, statement: str, *values: object) -> list[Any]:
        """All rows; none from a journal that is not there, or damaged where this query reads."""
        if self._ended:
            return []
        try:
            connection = self._opened()
            return [] if connection is None else connection.execute(statement, values).fetchall()
        except sqlite3.DatabaseError:
            return []


def _decoded(data: bytes, kind: type[T]) -> T | None:
    """A record as it was kept; None when an older version's form cannot be read any more."""
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except (msgspec.MsgspecError, TypeError):
        return None
