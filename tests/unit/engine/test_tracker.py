"""Status and incidents of monitors that go, come back, or come back as something else."""

import asyncio
from contextlib import closing

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.engine import tracker as module
from uptime_tui.engine.fleet import Fleet
from uptime_tui.engine.tracker import Tracker
from uptime_tui.journal.reader import Reader
from uptime_tui.journal.writer import Journal
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.target import parse_target
from uptime_tui.model.units import MonitorId

CATALOGUE = load_catalogue()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def journal(path):
    made = Journal(path)
    made.open()
    yield made
    made.close()


def monitor(name, port=25):
    target = parse_target(f"tcp://192.0.2.1:{port}", schemes=CATALOGUE.schemes, ports=CATALOGUE.ports)
    return Monitor(id=MonitorId(0), name=name, target=target, category="custom", failure_threshold=1)


class Watch:
    def __init__(self, journal):
        self.fleet = Fleet(CATALOGUE, journal)
        self.tracker = Tracker(self.fleet, journal, lambda _: None)

    def replace(self, *monitors):
        change = self.fleet.replace(monitors)
        for number in change.retargeted:
            self.tracker.restart(number)
        self.tracker.reconcile(50)
        return change

    def take(self, failure, at_ms=10):
        phase = None if failure is None else Phase.CONNECT
        self.tracker.take(Result(MonitorId(1), at_ms, failure, phase, "x", Timings(total=1.0)))


def test_a_monitor_that_was_missed_for_a_moment_goes_on_with_its_status_and_incident(journal, path):
    watch = Watch(journal)
    watch.replace(monitor("a"))
    watch.take(Failure.REFUSED, 10)
    watch.replace()
    watch.replace(monitor("a"))
    row = watch.tracker.row(MonitorId(1))
    assert (row.status, row.since_ms) == (Status.DOWN, 10)
    watch.take(None, 60)
    watch.take(None, 70)
    assert journal.flush()
    reader = Reader(path)
    (incident,) = reader.incidents(MonitorId(1), 9)
    reader.close()
    assert (incident.opened_ms, incident.closed_ms) == (10, 70)


def test_one_that_comes_back_with_another_target_begins_anew(journal):
    watch = Watch(journal)
    watch.replace(monitor("a"))
    watch.take(Failure.REFUSED)
    watch.replace()
    change = watch.replace(monitor("a", port=26))
    assert change.retargeted == {1}
    assert watch.tracker.row(MonitorId(1)).status is Status.PENDING


def test_its_events_can_be_asked_for_again(journal, path):
    watch = Watch(journal)
    watch.replace(monitor("a"))
    watch.take(Failure.REFUSED)
    assert journal.flush()
    reader = Reader(path)
    before = watch.tracker.chronicle.recent(MonitorId(1), reader.events)
    watch.replace()
    watch.replace(monitor("a"))
    assert watch.tracker.chronicle.recent(MonitorId(1), reader.events) == before
    watch.take(None, 60)
    watch.take(None, 70)
    after = watch.tracker.chronicle.recent(MonitorId(1), reader.events)
    assert after[-len(before) :] == before
    assert len(set(after)) == len(after) > len(before)
    reader.close()


def test_an_incident_is_told_before_the_journal_has_it_and_once_only(journal, path):
    watch = Watch(journal)
    watch.replace(monitor("a"))
    reader = Reader(path)
    watch.take(Failure.REFUSED, 10)
    lately = watch.tracker.chronicle.lately
    assert [each.closed_ms for each in lately(MonitorId(1), 5, lambda _number, _limit: ())] == [None]
    assert journal.flush()
    assert len(lately(MonitorId(1), 5, reader.incidents)) == 1
    watch.take(None, 60)
    watch.take(None, 70)
    assert [each.closed_ms is None for each in lately(MonitorId(1), 5, reader.incidents)] == [False]
    reader.close()


def test_those_that_left_are_remembered_up_to_a_bound(journal, monkeypatch):
    monkeypatch.setattr(module, "DEPARTED_KEPT", 5)
    watch = Watch(journal)
    for n in range(20):
        watch.replace(monitor(f"m{n}", port=n + 1), monitor("stays", port=999))
    assert len(watch.tracker.states) == 7


def test_a_restart_knows_status_newest_record_and_incident(journal, path):
    watch = Watch(journal)
    watch.replace(monitor("a"))
    watch.take(Failure.REFUSED, 10)
    watch.tracker.keep_all()
    assert journal.flush()
    reader = Reader(path)
    again = Watch(journal)
    again.fleet.replace((monitor("a"),))
    again.tracker.restore(reader.states(), reader.newest(), reader.failed(), reader.open_incidents())
    again.tracker.reconcile(50)
    reader.close()
    assert again.tracker.row(MonitorId(1)).since_ms == 10
    assert again.tracker.newest[MonitorId(1)].failure is Failure.REFUSED
    assert again.tracker.chronicle.incidents[MonitorId(1)].opened_ms == 10


def test_open_incidents_reach_a_journal_that_was_begun_anew(journal, path):
    watch = Watch(journal)
    watch.replace(monitor("a"))
    watch.take(Failure.REFUSED, 10)
    assert journal.flush()
    path.unlink()
    watch.tracker.keep_all()
    journal.flush()
    reader = Reader(path)
    assert reader.open_incidents()[MonitorId(1)].opened_ms == 10
    reader.close()


async def test_a_long_query_runs_beside_the_loop_and_is_told_when_it_is_known():
    from uptime_tui.engine.history import History

    class Slow:
        asked = 0

        def uptime(self, *_):
            self.asked += 1
            return 0.5

        def interrupt(self):
            self.ended = True

    told = asyncio.Event()
    slow = Slow()
    history = History(asyncio.get_running_loop(), slow, lambda _: told.set())
    assert history.uptime_day(MonitorId(1)) is None
    await asyncio.wait_for(told.wait(), 10)
    assert history.uptime_day(MonitorId(1)) == 0.5
    assert slow.asked == 1
    history.forget([MonitorId(1)])
    assert history.uptime_day(MonitorId(1)) is None
    history.stop()
    assert slow.ended


def kept(path, what="states"):
    with closing(Reader(path)) as reader:
        return getattr(reader, what)()


def test_a_round_hands_everybody_over_a_few_at_a_time(journal, path):
    watch = Watch(journal)
    watch.replace(*(monitor(f"m{n}", 1000 + n) for n in range(10)))
    watch.tracker.keep_some(0.3)
    assert journal.flush()
    assert sorted(kept(path)) == [1, 2, 3]
    watch.replace(*(monitor(f"m{n}", 1000 + n) for n in range(9)))
    for _ in range(3):
        watch.tracker.keep_some(0.3)
    assert journal.flush()
    assert sorted(kept(path)) == list(range(1, 11))
    watch.take(None, 77)
    watch.tracker.keep_some(0.1)
    assert journal.flush()
    assert kept(path)[1].last_ms == 77
    assert kept(path, "newest")[1].at_ms == 77
