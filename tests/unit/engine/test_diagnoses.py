"""Who is explained when: a confirmed failure is never lost behind a search that somebody has asked for before it."""

import asyncio
from types import SimpleNamespace

from uptime_tui.engine.diagnoses import Diagnoses
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.status import State
from uptime_tui.model.units import MonitorId

ONE = MonitorId(1)
PROBED = {MonitorId(number): State(last_ms=5) for number in range(20)}


def monitor_at(host):
    return SimpleNamespace(target=SimpleNamespace(host=host), paused=False)


class Searching(Diagnoses):
    """The search itself takes until it is let go."""

    def __init__(self, tracker, journal, spawn):
        monitors = {ONE: monitor_at("mx1")}
        fleet = SimpleNamespace(monitors=monitors)
        vantage = SimpleNamespace(means=None)
        super().__init__(fleet, tracker, journal, vantage, None, lambda _number: None, spawn)
        self.searched = []
        self.go_on = asyncio.Event()

    async def _search(self, _number, wanted):
        self.searched.append((wanted.incident, wanted.by_hand))
        await self.go_on.wait()
        return wanted.incident


async def test_a_failure_confirmed_during_a_search_by_hand_is_explained_after_it(monkeypatch):
    monkeypatch.setattr("uptime_tui.engine.diagnoses.load_knowledge", lambda _folder: None)
    failed = Result(ONE, 5, Failure.REFUSED, Phase.CONNECT, "refused", Timings())
    incidents = {}
    tracker = SimpleNamespace(
        failed={ONE: failed}, newest={ONE: failed}, good={}, states=PROBED,
        chronicle=SimpleNamespace(incidents=incidents),
        trends=SimpleNamespace(backends=SimpleNamespace(keep=lambda _number: None)),
    )  # fmt: skip
    kept = []
    journal = SimpleNamespace(keep_diagnosis=lambda incident, found: kept.append((incident, found)))
    tasks = []
    diagnoses = Searching(tracker, journal, lambda work: tasks.append(asyncio.ensure_future(work)))
    assert diagnoses.ask(ONE)
    await asyncio.sleep(0)
    incidents[ONE] = SimpleNamespace(id=3)
    diagnoses.confirmed(ONE)
    diagnoses.ask(ONE)
    diagnoses.go_on.set()
    await tasks[0]
    await tasks[1]
    assert diagnoses.searched == [(0, True), (3, True)]
    assert kept == [(3, 3)]


async def test_what_is_found_of_a_monitor_that_was_edited_meanwhile_is_not_shown(monkeypatch):
    failed = Result(ONE, 5, Failure.REFUSED, Phase.CONNECT, "refused", Timings())
    knowledge = SimpleNamespace(hints=lambda *_: None)
    monkeypatch.setattr("uptime_tui.engine.diagnoses.load_knowledge", lambda _folder: knowledge)
    monitor = SimpleNamespace(id=ONE, target=SimpleNamespace(host="mx1"))
    plans = {ONE: SimpleNamespace(monitor=monitor, service=None)}
    fleet = SimpleNamespace(monitors={ONE: monitor}, plans=plans)
    tracker = SimpleNamespace(
        failed={ONE: failed}, newest={ONE: failed}, good={}, states=PROBED, certificates={},
        chronicle=SimpleNamespace(incidents={}),
        trends=SimpleNamespace(backends=SimpleNamespace(of=lambda _number: ())),
    )  # fmt: skip
    shown, tasks = [], []
    means = SimpleNamespace(means=SimpleNamespace(dialler=None, resolver=None))
    diagnoses = Diagnoses(
        fleet, tracker, None, means, None, shown.append, lambda work: tasks.append(asyncio.ensure_future(work))
    )
    diagnoses.is_offline = lambda: False
    diagnoses.recall = lambda _number: None
    found = Diagnosis(ONE, 6, failed)

    async def collect(_case, _means, _hints, told, **_):
        told(found)
        assert diagnoses.of(ONE) is found
        plans[ONE] = SimpleNamespace(monitor=monitor, service=None)
        diagnoses.forget(ONE)
        told(found)
        return found

    monkeypatch.setattr("uptime_tui.engine.diagnoses.collect", collect)
    assert diagnoses.ask(ONE)
    await tasks[0]
    assert shown == [ONE]
    assert diagnoses.of(ONE) is None


async def test_who_asks_by_hand_comes_before_all_that_wait(monkeypatch):
    monkeypatch.setattr("uptime_tui.engine.diagnoses.load_knowledge", lambda _folder: None)
    monkeypatch.setattr("uptime_tui.engine.diagnoses.WAITING", 3)
    numbers = [MonitorId(number) for number in range(1, 12)]
    failed = {n: Result(n, 5, Failure.REFUSED, Phase.CONNECT, "refused", Timings()) for n in numbers}
    tracker = SimpleNamespace(
        failed=failed, newest=failed, good={}, states=PROBED, chronicle=SimpleNamespace(incidents={}),
        trends=SimpleNamespace(backends=SimpleNamespace(keep=lambda _number: None)),
    )  # fmt: skip
    tasks = []
    diagnoses = Searching(tracker, SimpleNamespace(), lambda work: tasks.append(asyncio.ensure_future(work)))
    diagnoses._fleet.monitors = {n: monitor_at(f"h{n}") for n in numbers}
    begun = []

    async def search(number, _wanted):
        begun.append(number)
        await diagnoses.go_on.wait()

    monkeypatch.setattr(diagnoses, "_search", search)
    for number in numbers[:-1]:
        diagnoses.confirmed(number)
    assert diagnoses.ask(numbers[-1])
    diagnoses.go_on.set()
    for _ in range(100):  # turns of the loop, far more than eight searches take
        await asyncio.sleep(0)
    assert begun[:5] == [*numbers[:4], numbers[-1]]
    assert set(begun) == {*numbers[:7], numbers[-1]}
    await asyncio.gather(*tasks)


async def test_one_that_is_deleted_before_its_turn_is_no_bug(monkeypatch, caplog):
    monkeypatch.setattr("uptime_tui.engine.diagnoses.load_knowledge", lambda _folder: None)
    failed = Result(ONE, 5, Failure.REFUSED, Phase.CONNECT, "refused", Timings())
    monitors = {ONE: monitor_at("mx1")}
    tracker = SimpleNamespace(
        failed={ONE: failed}, newest={ONE: failed}, good={}, states=PROBED, chronicle=SimpleNamespace(incidents={})
    )
    tasks = []
    diagnoses = Diagnoses(
        SimpleNamespace(monitors=monitors, plans={}), tracker, None, SimpleNamespace(means=None), None, lambda _: None,
        lambda work: tasks.append(asyncio.ensure_future(work)),
    )  # fmt: skip
    diagnoses.ask(ONE)
    await tasks[0]
    assert not caplog.records


async def test_what_found_no_room_or_was_lost_by_a_restart_is_explained_when_it_fails_again(monkeypatch):
    monkeypatch.setattr("uptime_tui.engine.diagnoses.load_knowledge", lambda _folder: None)
    monkeypatch.setattr("uptime_tui.engine.diagnoses.WAITING", 0)
    failed = Result(ONE, 5, Failure.REFUSED, Phase.CONNECT, "refused", Timings())
    tracker = SimpleNamespace(
        failed={ONE: failed}, newest={ONE: failed}, good={}, states=PROBED,
        chronicle=SimpleNamespace(incidents={ONE: SimpleNamespace(id=3)}),
        trends=SimpleNamespace(backends=SimpleNamespace(keep=lambda _number: None)),
    )  # fmt: skip
    kept, tasks = [], []
    journal = SimpleNamespace(keep_diagnosis=lambda incident, found: kept.append((incident, found)))
    diagnoses = Searching(tracker, journal, lambda work: tasks.append(asyncio.ensure_future(work)))
    diagnoses.go_on.set()
    diagnoses.goes_on(ONE)
    diagnoses.confirmed(ONE)
    assert tasks == []
    monkeypatch.setattr("uptime_tui.engine.diagnoses.WAITING", 1)
    diagnoses.goes_on(ONE)
    await tasks[0]
    diagnoses.goes_on(ONE)
    diagnoses.restore({ONE})
    diagnoses.goes_on(ONE)
    await tasks[1]
    assert kept == [(3, 3)] * 2


async def test_the_search_waits_for_the_first_word_of_others_on_the_host_but_not_for_ever(monkeypatch):
    monkeypatch.setattr("uptime_tui.engine.diagnoses.load_knowledge", lambda _folder: None)
    monkeypatch.setattr("uptime_tui.engine.diagnoses._LOOK_S", 0.01)
    web, mute, other = MonitorId(2), MonitorId(3), MonitorId(4)
    failed = {n: Result(n, 5, Failure.TLS_EXPIRED, Phase.TLS, "expired", Timings()) for n in (ONE, mute, other)}
    states = {number: State(last_ms=5) for number in failed}
    tracker = SimpleNamespace(
        failed=failed, newest=failed, good={}, states=states, chronicle=SimpleNamespace(incidents={}),
        trends=SimpleNamespace(backends=SimpleNamespace(keep=lambda _number: None)),
    )  # fmt: skip
    tasks = []
    diagnoses = Searching(tracker, SimpleNamespace(), lambda work: tasks.append(asyncio.ensure_future(work)))
    hosts = {ONE: "mx1", web: "mx1", mute: "mx2", MonitorId(5): "mx2", other: "mx3"}
    diagnoses._fleet.monitors = {number: monitor_at(host) for number, host in hosts.items()}
    begun, all_begun = [], asyncio.Event()

    async def search(number, _wanted):
        begun.append(number)
        if len(begun) == len(failed):
            all_begun.set()

    monkeypatch.setattr(diagnoses, "_search", search)
    diagnoses.confirmed(ONE)
    diagnoses.confirmed(other)
    monkeypatch.setattr("uptime_tui.engine.diagnoses._HOLD_S", 0.2)
    diagnoses.confirmed(mute)
    await tasks[0]
    assert begun == [other]
    states[web] = State(last_ms=6)
    async with asyncio.timeout(10):
        await all_begun.wait()
    assert begun == [other, ONE, mute]


async def test_who_asks_by_hand_waits_for_nobody(monkeypatch):
    monkeypatch.setattr("uptime_tui.engine.diagnoses.load_knowledge", lambda _folder: None)
    failed = {ONE: Result(ONE, 5, Failure.TLS_EXPIRED, Phase.TLS, "expired", Timings())}
    tracker = SimpleNamespace(
        failed=failed, newest=failed, good={}, states={ONE: State(last_ms=5)}, chronicle=SimpleNamespace(incidents={})
    )
    tasks = []
    diagnoses = Searching(tracker, SimpleNamespace(), lambda work: tasks.append(asyncio.ensure_future(work)))
    diagnoses._fleet.monitors = {ONE: monitor_at("mx1"), MonitorId(2): monitor_at("mx1")}
    diagnoses.go_on.set()
    assert diagnoses.ask(ONE)
    await tasks[0]
    assert diagnoses.searched == [(0, True)]
