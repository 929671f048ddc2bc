"""The journal: numbers that stay, incidents, states, sealing, a refusing disk, a broken file."""

import sqlite3
import time

import pytest

from uptime_tui.journal import seal, store, writer
from uptime_tui.journal.pack import HOUR_MS
from uptime_tui.journal.reader import Reader
from uptime_tui.journal.writer import Journal
from uptime_tui.model.errors import UserError
from uptime_tui.model.events import Event, EventKind
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.incident import Incident
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.status import State
from uptime_tui.model.units import MonitorId

NOW_MS = 1_800_000_000_000 // HOUR_MS * HOUR_MS + 30 * 60_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def opened(path):
    journals = []

    def make(**kwargs):
        journal = Journal(path, **{"now_ms": lambda: NOW_MS, **kwargs})
        journal.open()
        journals.append(journal)
        return journal

    yield make
    for journal in journals:
        journal.close()


def result(monitor, at_ms, failure=None, total=3.5):
    phase = None if failure is None else Phase.CONNECT
    return Result(MonitorId(monitor), at_ms, failure, phase, "", Timings(total=total))


def wait_until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_numbers_stay_and_are_never_given_twice(opened):
    journal = opened()
    first = journal.ids(["a", "b"])
    assert journal.ids(["b", "a", "c"]) == {**first, "c": 3}
    journal.close()
    again = opened()
    assert again.ids(["a"]) == {"a": first["a"]}
    assert again.ids(["d"]) == {"d": 4}


def test_a_rename_keeps_the_number_even_over_a_former_name(opened):
    journal = opened()
    ids = journal.ids(["old", "new"])
    journal.rename("old", "new")
    assert journal.ids(["new"])["new"] == ids["old"]
    assert journal.ids(["old"])["old"] not in ids.values()
    journal.rename("nobody", "x")
    journal.close()
    assert opened().ids(["new"])["new"] == ids["old"]


def test_results_events_incidents_and_states_come_back(opened, path):
    journal = opened()
    journal.ids(["a"])
    for n in range(5):
        journal.keep_result(result(1, NOW_MS + n, Failure.REFUSED if n == 3 else None))
    event = Event(MonitorId(1), NOW_MS, EventKind.STATUS, Status.DOWN, Status.UP, Failure.REFUSED, "x")
    journal.keep_event(event)
    journal.keep_event(event)
    incident = journal.keep_incident(Incident(0, MonitorId(1), NOW_MS, Status.DOWN, Failure.REFUSED))
    journal.keep_state(MonitorId(1), State(status=Status.DOWN, since_ms=5))
    journal.keep_newest(result(1, NOW_MS, Failure.REFUSED), failed=True)
    assert journal.flush()
    reader = Reader(path)
    assert [p.failure for p in reader.history(MonitorId(1), NOW_MS, NOW_MS + 10)] == [
        None,
        None,
        None,
        Failure.REFUSED,
        None,
    ]
    assert reader.events(MonitorId(1), 5) == (event, event)
    assert reader.open_incidents() == {1: incident}
    assert reader.states()[MonitorId(1)].since_ms == 5
    assert reader.failed()[MonitorId(1)].failure is Failure.REFUSED
    closed = journal.keep_incident(
        Incident(incident.id, MonitorId(1), NOW_MS, Status.DOWN, Failure.REFUSED, "", NOW_MS + 9)
    )
    assert journal.flush()
    assert reader.open_incidents() == {}
    assert reader.incidents(MonitorId(1), 5) == (closed,)
    reader.close()
    journal.close()
    assert opened().keep_incident(Incident(0, MonitorId(1), 1, Status.DOWN, None)).id == incident.id + 1


def test_an_hour_that_is_over_is_sealed_and_nothing_is_lost(opened, path):
    journal = opened()
    journal.ids(["a", "b"])
    start = NOW_MS - 2 * HOUR_MS
    for n in range(240):
        for monitor in (1, 2):
            journal.keep_result(result(monitor, start + n * 30_000 + monitor, Failure.REFUSED if n % 10 == 0 else None))
    assert journal.flush()
    journal.close()
    connection = store.open_store(path)
    while seal.seal_slice(connection, NOW_MS):
        continue
    left = connection.execute("SELECT min(k >> 20) FROM result").fetchone()[0]
    assert left is None or left >= NOW_MS // HOUR_MS * HOUR_MS
    connection.close()
    reader = Reader(path)
    points = reader.history(MonitorId(1), 0, NOW_MS)
    assert len(points) == 240
    assert points == sorted(points, key=lambda p: p.at_ms)
    assert reader.uptime(MonitorId(1), start, NOW_MS) == pytest.approx(0.9)
    assert reader.uptime(MonitorId(3), start, NOW_MS) is None
    assert len(reader.recent([MonitorId(1)], 60, NOW_MS)[MonitorId(1)]) == 60
    reader.close()


def test_late_rows_of_a_sealed_hour_are_added(path):
    connection = store.open_store(path)
    start = NOW_MS - 2 * HOUR_MS
    for offset in (0, 5):
        connection.execute("INSERT INTO result VALUES (?, ?)", ((start + offset) << 20 | 1, 100 << 8))
        seal.seal_slice(connection, NOW_MS)
    assert connection.execute("SELECT typeof(data), length(data) FROM block").fetchall() == [("blob", 18)]
    assert connection.execute("SELECT good FROM rollup").fetchall() == [(2,)]
    assert connection.execute("SELECT good FROM daily").fetchall() == [(2,)]
    connection.close()


def test_old_blocks_go_and_daily_rows_stay(path):
    connection = store.open_store(path)
    connection.execute("INSERT INTO result VALUES (?, ?)", ((NOW_MS - 40 * 24 * HOUR_MS) << 20 | 1, 100 << 8))
    seal.seal_slice(connection, NOW_MS)
    seal.forget_old(connection, [1], NOW_MS, block_days=30)
    assert connection.execute("SELECT count(*) FROM block").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM rollup").fetchone() == (1,)
    seal.forget_old(connection, [1], NOW_MS + 800 * 24 * HOUR_MS)
    assert connection.execute("SELECT count(*) FROM rollup").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM daily").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize(
    "content", [b"this is a text file, not a database\n" * 50, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database_is_kept_aside(path, opened, content):
    path.write_bytes(content)
    journal = opened()
    assert len(journal.notices) == 1
    assert "kept aside" in journal.notices[0]
    (kept,) = path.parent.glob("*.broken-*")
    assert kept.read_bytes() == content
    assert journal.ids(["a"]) == {"a": 1}
    assert journal.flush()


def test_a_folder_in_its_place_is_kept_aside(path, opened):
    path.mkdir()
    assert "kept aside" in opened().notices[0]


def test_damage_in_the_middle_is_found_after_the_start_and_ids_stay(path, opened):
    journal = opened()
    ids = journal.ids([f"monitor {n} {'x' * 60}" for n in range(300)])
    for n in range(20_000):
        journal.keep_result(result(1, NOW_MS + n))
    assert journal.flush()
    journal.close()
    data = bytearray(path.read_bytes())
    page = 4096
    for number in range(len(data) // page // 2, len(data) // page):
        data[number * page : number * page + 200] = b"\xa5" * 200
    path.write_bytes(data)
    again = opened()
    wait_until(lambda: again.notices)
    assert "kept aside" in again.notices[0]
    assert again.ids(list(ids)[:3]) == {name: ids[name] for name in list(ids)[:3]}
    again.keep_result(result(1, NOW_MS))
    wait_until(again.flush)
    reader = Reader(path)
    assert len(reader.history(MonitorId(1), NOW_MS, NOW_MS + 1)) == 1
    reader.close()


def test_a_newer_journal_is_left_alone(path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UserError, match="newer version"):
        Journal(path).open()
    assert list(path.parent.glob("*.broken-*")) == []


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path):
    with pytest.raises(UserError, match="cannot be opened"):
        Journal(tmp_path / "none" / "journal.sqlite3").open()


def test_a_refusing_disk_loses_nothing_and_says_so(path, opened, caplog):
    """A lock held by somebody else stands for any error of the disk: it ends, and everything is written."""
    journal = opened()
    journal.ids(["a"])
    assert journal.flush()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("PRAGMA busy_timeout = 0")
    journal._connection.execute("PRAGMA busy_timeout = 0")
    blocker.execute("BEGIN EXCLUSIVE")
    for n in range(10):
        journal.keep_result(result(1, NOW_MS + n))
    assert not journal.flush()
    wait_until(lambda: "cannot be written" in journal.problem)
    assert journal.pending == 10
    blocker.execute("ROLLBACK")
    blocker.close()
    wait_until(journal.flush)
    assert journal.problem == ""
    assert caplog.text.count("cannot be written (database is locked): results are kept in memory") == 1
    assert caplog.text.count("the journal is written again") == 1
    reader = Reader(path)
    assert len(reader.history(MonitorId(1), NOW_MS, NOW_MS + 100)) == 10
    reader.close()


def test_a_disk_that_refuses_is_not_waited_for(opened, monkeypatch):
    """A full one; the end of an engine of ten thousand monitors took more than a second on it."""
    monkeypatch.setattr(writer, "_FLUSH_S", 3600.0)
    journal = opened()
    journal._connection.execute("PRAGMA query_only = 1")
    journal.keep_result(result(1, NOW_MS))
    assert not journal.flush()
    assert journal.pending == 1
    journal.close()
    assert not journal._thread.is_alive()


def test_a_reader_of_nothing_is_empty(tmp_path):
    reader = Reader(tmp_path / "none")
    assert reader.states() == {}
    assert reader.recent([MonitorId(1)], 5, NOW_MS) == {1: []}
    assert reader.uptime(MonitorId(1), 0, NOW_MS) is None
    reader.close()


def test_the_file_is_the_users_alone(path, opened):
    opened()
    assert path.stat().st_mode & 0o777 == 0o600
