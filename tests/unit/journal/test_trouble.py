"""What a journal lives through: a bad record, a bug, a clock set back, a file taken away, tables that are not ours."""

import sqlite3
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from uptime_tui.journal import batch, store
from uptime_tui.journal.reader import Reader
from uptime_tui.journal.writer import Journal
from uptime_tui.model.errors import UserError
from uptime_tui.model.events import Event, EventKind
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.units import MAX_MONITOR_ID, MonitorId

NOW_MS = 1_800_000_000_000
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def opened(path):
    journals = []

    def make(**kwargs):
        journal = Journal(path, **{"now_ms": lambda: NOW_MS, **kwargs})
        journals.append(journal)
        journal.open()
        return journal

    yield make
    for journal in journals:
        journal.close()


def result(at_ms, failure=None):
    return Result(MonitorId(1), at_ms, failure, None, "", Timings(total=1.0))


def event(monitor=1, at_ms=NOW_MS):
    return Event(MonitorId(monitor), at_ms, EventKind.STATUS, Status.DOWN, Status.UP, Failure.REFUSED, "x")


def wait_until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kept(path):
    reader = Reader(path)
    points = reader.history(MonitorId(1), 0, NOW_MS * 2)
    reader.close()
    return points


def test_two_results_in_one_millisecond_are_both_kept(path, opened):
    """A clock that was set back by an hour meets milliseconds that are taken."""
    journal = opened()
    for n in range(3):
        journal.keep_result(result(NOW_MS + n))
    journal.keep_result(result(NOW_MS, Failure.REFUSED))
    assert journal.flush()
    journal.keep_result(result(NOW_MS + 1, Failure.TIMEOUT))
    journal.keep_result(result(NOW_MS + 50))
    assert journal.flush()
    points = kept(path)
    assert [p.failure for p in points].count(None) == 4
    assert {p.failure for p in points} == {None, Failure.REFUSED, Failure.TIMEOUT}
    assert len(points) == 6


def test_a_record_that_cannot_be_kept_holds_up_no_other(path, opened, caplog):
    journal = opened()
    journal._put("bad", None, "INSERT INTO monitor (id, name) VALUES (?, ?)", 7, None)
    journal._put("bad", None, "INSERT INTO state (monitor, data) VALUES (?, ?)", 1 << 70, b"")
    journal.keep_result(result(NOW_MS))
    assert journal.flush()
    assert len(kept(path)) == 1
    assert journal.problem == ""
    assert caplog.text.count("not kept") == 2


def test_a_bug_in_the_writer_is_said_and_ends_nothing(path, opened, monkeypatch, caplog):
    journal = opened()
    real = batch.append
    monkeypatch.setattr(batch, "append", lambda *_: 1 // 0)
    journal.keep_result(result(NOW_MS))
    wait_until(lambda: "ZeroDivisionError" in journal.problem)
    monkeypatch.setattr(batch, "append", real)
    wait_until(journal.flush)
    assert journal.problem == ""
    assert len(kept(path)) == 1
    assert "ZeroDivisionError" in caplog.text


def test_the_last_monitor_number_fits_every_key(path, opened):
    journal = opened()
    journal.keep_event(event(MAX_MONITOR_ID))
    journal.keep_result(Result(MonitorId(MAX_MONITOR_ID), NOW_MS, None, None, "", Timings()))
    assert journal.flush()
    reader = Reader(path)
    assert reader.events(MonitorId(MAX_MONITOR_ID), 5) == (event(MAX_MONITOR_ID),)
    reader.close()


def test_what_is_measured_while_the_file_is_examined_is_written(path, opened, monkeypatch):
    """A year of results takes seconds to read; a kill or a stop within them must cost nothing."""
    begun, examined = threading.Event(), []

    def slow(connection):
        begun.set()
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            connection.execute(ENDLESS)
        examined.append(True)
        return True

    monkeypatch.setattr(store, "is_sound", slow)
    journal = opened()
    journal.keep_result(result(NOW_MS))
    assert journal.flush()
    assert begun.wait(10)
    assert not examined
    assert len(kept(path)) == 1
    journal.close()
    wait_until(lambda: examined)


def test_an_examination_that_begins_just_when_the_journal_closes_ends_too(opened, monkeypatch):
    """SQLite forgets an interrupt that comes before the statement."""
    begun, asked, ended = threading.Event(), threading.Event(), threading.Event()

    class Asked:
        def __init__(self, connection):
            self.execute = connection.execute
            self._connection = connection

        def interrupt(self):
            self._connection.interrupt()
            asked.set()

    @contextmanager
    def reading(path):
        with real(path) as connection:
            yield Asked(connection)

    def late(connection):
        begun.set()
        assert asked.wait(10)
        with suppress(sqlite3.OperationalError):
            connection.execute(ENDLESS)
        ended.set()
        return True

    real = store.reading
    monkeypatch.setattr(store, "reading", reading)
    monkeypatch.setattr(store, "is_sound", late)
    journal = opened()
    assert begun.wait(10)
    journal.close()
    assert ended.wait(10)


def test_a_disk_that_fails_during_the_examination_proves_nothing():
    class Failing:
        def execute(self, _):
            raise sqlite3.OperationalError("disk I/O error")

    assert store.is_sound(Failing())


def test_readers_follow_to_the_new_file_when_the_old_one_is_set_aside(path, opened):
    journal = opened()
    reader = Reader(path)
    assert reader.events(MonitorId(1), 5) == ()
    journal._unsound = "the journal was damaged"
    journal.keep_event(event())
    wait_until(lambda: journal.notices)
    wait_until(journal.flush)
    assert reader.events(MonitorId(1), 5) == (event(),)
    reader.close()


def test_a_file_that_is_taken_away_is_begun_anew_with_the_same_numbers(path, opened):
    journal = opened()
    number = journal.ids(["a"])["a"]
    assert journal.flush()
    path.unlink()
    journal.keep_result(result(NOW_MS))
    wait_until(lambda: journal.notices)
    assert "taken away" in journal.notices[0]
    wait_until(journal.flush)
    journal.close()
    again = opened()
    assert again.ids(["b", "a"]) == {"a": number, "b": number + 1}


def test_a_reader_that_came_before_the_journal_sees_it(path, opened):
    reader = Reader(path)
    assert reader.events(MonitorId(1), 5) == ()
    journal = opened()
    journal.keep_event(event())
    assert journal.flush()
    assert reader.events(MonitorId(1), 5) == (event(),)
    reader.close()


def test_tables_of_another_programme_are_kept_aside(path, opened):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE result (url TEXT)")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    journal = opened()
    assert "kept aside" in journal.notices[0]
    journal.keep_event(event())
    assert journal.flush()


def test_an_emptied_file_is_kept_aside_with_the_log_that_has_its_content(path, opened):
    first = opened()
    first.keep_event(event())
    first.flush()
    log = path.with_name(path.name + "-wal").read_bytes()
    first.close()
    path.write_bytes(b"")
    path.with_name(path.name + "-wal").write_bytes(log)
    (notice,) = opened().notices
    (kept_log,) = path.parent.glob("*.broken-*-wal")
    assert kept_log.read_bytes() == log
    assert str(kept_log).removesuffix("-wal") in notice


def test_every_table_is_looked_for_before_a_journal_is_called_ours(path):
    connection = store.open_in_memory(path)
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    assert {name for (name,) in rows} == set(store._TABLES)


def test_a_journal_that_is_locked_is_not_called_broken(path, opened, monkeypatch):
    opened().close()
    monkeypatch.setattr(store, "_BUSY_S", 0.05)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("PRAGMA locking_mode = EXCLUSIVE")
    blocker.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UserError, match="cannot be opened: database is locked"):
        Journal(path).open()
    blocker.close()
    assert list(path.parent.glob("*.broken-*")) == []


def test_a_file_of_another_user_is_one_clear_line(path, monkeypatch):
    def refuse(_path, _mode):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(type(path), "chmod", refuse)
    with pytest.raises(UserError, match="check its owner"):
        Journal(path).open()
