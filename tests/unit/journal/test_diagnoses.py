"""Diagnoses in the journal: the first one of an incident is frozen, and both go when their incident is long over."""

import zlib

import msgspec
import pytest

from uptime_tui.journal import seal, store
from uptime_tui.journal.pack import HOUR_MS
from uptime_tui.journal.reader import Reader
from uptime_tui.journal.writer import Journal
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.units import MonitorId

NOW_MS = 500_000 * HOUR_MS
DAY_MS = 24 * HOUR_MS


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite3"


def found(at_ms, summary=""):
    failed = Result(MonitorId(1), at_ms, Failure.REFUSED, Phase.CONNECT, "refused", Timings())
    return Diagnosis(MonitorId(1), at_ms, failed, Failure.REFUSED, summary=summary, complete=True)


def test_what_was_seen_first_stays_and_only_the_newest_stands_beside_it(path):
    journal = Journal(path)
    journal.open()
    for number in range(5):
        journal.keep_diagnosis(7, found(NOW_MS + number, f"look {number}"))
    journal.keep_diagnosis(8, found(NOW_MS + 9, "another incident"))
    journal.close()
    reader = Reader(path)
    assert [each.summary for each in reader.diagnoses(7)] == ["look 0", "look 4"]
    assert [each.summary for each in reader.diagnoses(8)] == ["another incident"]
    assert reader.diagnoses(9) == ()
    newest = reader.newest_diagnosis(MonitorId(1))
    assert newest is not None
    assert newest.summary == "another incident"
    reader.close()


def test_they_are_forgotten_with_the_single_results_but_not_while_the_incident_goes_on(path):
    connection = store.open_store(path)
    old_ms = NOW_MS - 40 * DAY_MS
    for incident, at_ms, closed_ms in ((1, old_ms, old_ms + 1), (2, old_ms, None), (3, NOW_MS - DAY_MS, NOW_MS)):
        connection.execute("INSERT INTO incident VALUES (?, 1, ?, ?, x'')", (incident, at_ms, closed_ms))
        packed = zlib.compress(msgspec.msgpack.encode(found(at_ms)))
        connection.execute("INSERT INTO diagnosis VALUES (?, 1, ?, ?)", (incident, at_ms, packed))
    seal.forget_old(connection, [2], NOW_MS, block_days=30)
    assert connection.execute("SELECT count(*) FROM diagnosis").fetchone() == (3,)
    seal.forget_old(connection, [1], NOW_MS, block_days=30)
    assert connection.execute("SELECT incident FROM diagnosis ORDER BY incident").fetchall() == [(2,), (3,)]
    connection.close()


def test_a_journal_of_the_version_before_keeps_what_it_has(path):
    connection = store.open_store(path)
    connection.executescript(
        """DROP TABLE tended; DROP TABLE diagnosis; PRAGMA user_version = 4;
        CREATE TABLE diagnosis (incident INTEGER PRIMARY KEY, monitor INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        data BLOB NOT NULL); CREATE INDEX diagnosis_of_monitor ON diagnosis (monitor, at_ms);"""
    )
    packed = zlib.compress(msgspec.msgpack.encode(found(NOW_MS, "kept")))
    connection.execute("INSERT INTO diagnosis VALUES (1, 1, ?, ?)", (NOW_MS, packed))
    connection.close()
    store.open_store(path).close()
    reader = Reader(path)
    assert [each.summary for each in reader.diagnoses(1)] == ["kept"]
    reader.close()
