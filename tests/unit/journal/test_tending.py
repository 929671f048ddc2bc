"""A clock that runs away takes no history with it."""

import pytest

from uptime_tui.journal import seal, store
from uptime_tui.journal.pack import HOUR_MS
from uptime_tui.journal.tending import Tending
from uptime_tui.journal.writer import Journal

NOW_MS = 1_790_000_000_000
DAY_MS = 24 * HOUR_MS


class Clock:
    def __init__(self):
        self.wall_ms, self.steady_s = NOW_MS, 50.0

    def wait(self, days):
        self.wall_ms += int(days * DAY_MS)
        self.steady_s += days * 86400


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def connection(tmp_path):
    made = store.open_store(tmp_path / "journal.sqlite3")
    yield made
    made.close()


def begin(clock, connection):
    """An engine's start; returns what counts as now."""
    tending = Tending(lambda: clock.steady_s)
    return lambda: tending.now_ms(connection, clock.wall_ms)


def test_it_goes_on_as_fast_as_engines_run(clock, connection):
    now_ms = begin(clock, connection)
    assert now_ms() == NOW_MS
    clock.wait(3)
    assert now_ms() == clock.wall_ms
    clock.wall_ms += 1000 * DAY_MS
    clock.wait(1)
    assert now_ms() == NOW_MS + 4 * DAY_MS
    now_ms = begin(clock, connection)
    assert now_ms() - NOW_MS - 4 * DAY_MS < HOUR_MS
    clock.wait(1)
    assert now_ms() - NOW_MS - 5 * DAY_MS < HOUR_MS


def test_a_clock_that_is_behind_for_a_while_does_not_keep_it_back(clock, connection):
    now_ms = begin(clock, connection)
    assert now_ms() == NOW_MS
    clock.wall_ms -= 10_000 * DAY_MS
    assert now_ms() == clock.wall_ms
    clock.wall_ms += 10_000 * DAY_MS
    clock.wait(1)
    assert now_ms() == clock.wall_ms


def test_many_short_engines_get_there_too(clock, connection):
    for _ in range(100):
        now_ms = begin(clock, connection)
        now_ms()
        clock.wait(30 / 86400)
    assert begin(clock, connection)() == clock.wall_ms


def test_a_journal_from_before_goes_on_from_its_newest_result(clock, connection):
    connection.execute("INSERT INTO result VALUES (?, ?)", (NOW_MS << 20 | 1, 100 << 8))
    clock.wall_ms += 1000 * DAY_MS
    assert begin(clock, connection)() < NOW_MS + HOUR_MS


def test_history_is_there_after_a_start_with_a_clock_years_ahead(tmp_path, clock):
    journal = Journal(tmp_path / "journal.sqlite3", now_ms=lambda: clock.wall_ms)
    journal._connection = connection = store.open_store(tmp_path / "journal.sqlite3")
    journal._names = {"a": 1}
    for days in (40, 20, 0):
        connection.execute("INSERT INTO result VALUES (?, ?)", ((NOW_MS - days * DAY_MS) << 20 | 1, 100 << 8))
    clock.wall_ms += 1000 * DAY_MS
    while journal._tidy():
        continue
    hours = [hour * HOUR_MS for (hour,) in connection.execute("SELECT k & 0xFFFFFF FROM block ORDER BY k")]
    assert [round((NOW_MS - hour) / DAY_MS) for hour in hours] == [20, 0]
    assert seal.seal_slice(connection, clock.wall_ms) is False
    connection.close()
