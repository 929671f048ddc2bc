"""The wheel under virtual time: intervals, spread, limits, overruns, rechecks. No socket, no waiting."""

import asyncio
import itertools

import pytest

from uptime_tui.engine.scheduler import Scheduler
from uptime_tui.model.schedule import Pace

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime]


class Recorder:
    """Launches by writing them down; a probe takes `seconds` of the loop's time."""

    def __init__(self, *, limit=100, seconds=0.1, chance=0.5):
        self.loop = asyncio.get_running_loop()
        self.seconds = seconds
        self.starts = []
        self.running = set()
        self.most = 0
        self.retry = None
        self.lost = []
        self.scheduler = Scheduler(self.loop, self.launch, limit=limit, lost=self.lost.append, chance=lambda: chance)

    def launch(self, number, token):
        assert number not in self.running, "two probes of one monitor at once"
        self.running.add(number)
        self.most = max(self.most, len(self.running))
        self.starts.append((round(self.loop.time(), 2), number))
        if self.seconds is None:
            self.finish(number, token)
        elif self.seconds:
            self.loop.call_later(self.seconds, self.finish, number, token)

    def finish(self, number, token):
        self.running.discard(number)
        self.scheduler.finished(token, self.retry)

    def times(self, number):
        return [at for at, n in self.starts if n == number]


async def test_starts_are_an_interval_apart():
    recorder = Recorder()
    recorder.scheduler.put(1, "a", "h", 10.0, soon=True)
    await asyncio.sleep(95)
    gaps = [b - a for a, b in zip(recorder.times(1), recorder.times(1)[1:], strict=False)]
    assert len(gaps) == 9
    assert all(gap == pytest.approx(10, abs=0.06) for gap in gaps)


@pytest.mark.parametrize("chance", [0.0, 0.999])
async def test_jitter_is_at_most_five_percent(chance):
    recorder = Recorder(chance=chance)
    recorder.scheduler.put(1, "a", "h", 100.0, soon=True)
    await asyncio.sleep(1050)
    gaps = [b - a for a, b in zip(recorder.times(1), recorder.times(1)[1:], strict=False)]
    assert all(94.9 <= gap <= 105.1 for gap in gaps)
    assert any(abs(gap - 100) > 4 for gap in gaps)


async def test_first_starts_come_early_and_the_next_are_spread_over_the_interval():
    recorder = Recorder()
    for n in range(300):
        recorder.scheduler.put(n, f"monitor {n}", f"h{n}", 60.0, within_s=3.0)
    await asyncio.sleep(3.1)
    assert len(recorder.starts) == 300
    first = [0] * 31
    for at, _ in recorder.starts:
        first[int((at - recorder.starts[0][0]) * 10)] += 1
    assert max(first) < 30
    recorder.starts.clear()
    await asyncio.sleep(26)
    assert recorder.starts == []
    await asyncio.sleep(65)
    assert {n for _, n in recorder.starts} == set(range(300))
    then = [0] * 66
    for at, _ in recorder.starts:
        then[int(at - recorder.starts[0][0])] += 1
    assert max(then) < 20


async def test_at_most_two_at_once_for_a_host_and_all_get_their_turn():
    recorder = Recorder(seconds=1.0)
    for n in range(6):
        recorder.scheduler.put(n, f"m{n}", "same", 60.0, soon=True)
    await asyncio.sleep(10)
    assert recorder.most == 2
    assert {n for _, n in recorder.starts} == set(range(6))


async def test_never_more_than_the_limit_in_all():
    recorder = Recorder(limit=3, seconds=1.0)
    for n in range(12):
        recorder.scheduler.put(n, f"m{n}", f"h{n}", 60.0, soon=True)
    await asyncio.sleep(10)
    assert recorder.most == 3
    assert len(recorder.starts) == 12


async def test_a_start_due_while_the_last_still_runs_is_skipped_and_counted():
    recorder = Recorder(seconds=25.0)
    recorder.scheduler.put(1, "a", "h", 10.0, soon=True)
    await asyncio.sleep(100)
    assert recorder.scheduler.skipped >= 5
    assert recorder.most == 1
    assert len(recorder.starts) == 4


async def test_a_retry_comes_when_it_was_asked_for():
    recorder = Recorder(seconds=0.1)
    recorder.retry = 2.0
    recorder.scheduler.put(1, "a", "h", 60.0, soon=True)
    await asyncio.sleep(7)
    gaps = [b - a for a, b in zip(recorder.times(1), recorder.times(1)[1:], strict=False)]
    assert gaps[:3] == [pytest.approx(2.1, abs=0.1)] * 3


async def test_a_hurried_monitor_starts_at_once_but_not_twice_in_two_seconds():
    recorder = Recorder()
    recorder.scheduler.put(1, "a", "h", 600.0)
    assert recorder.scheduler.hurry(1)
    await asyncio.sleep(0.5)
    assert len(recorder.starts) == 1
    assert not recorder.scheduler.hurry(1)
    await asyncio.sleep(2)
    assert recorder.scheduler.hurry(1)
    await asyncio.sleep(0.5)
    assert len(recorder.starts) == 2
    assert not recorder.scheduler.hurry(99)


async def test_a_dropped_monitor_starts_no_more_and_its_probe_counts_until_it_ends():
    recorder = Recorder(seconds=5.0)
    for n in range(3):
        recorder.scheduler.put(n, f"m{n}", "same", 10.0, soon=True)
    await asyncio.sleep(0.5)
    assert len(recorder.running) == 2
    dropped = list(recorder.running)
    for n in dropped:
        recorder.scheduler.drop(n)
    await asyncio.sleep(1)
    assert recorder.scheduler.in_flight == 2
    await asyncio.sleep(30)
    assert recorder.most == 2
    assert all(len(recorder.times(n)) == 1 for n in dropped)
    assert len({0, 1, 2} - set(dropped)) == 1


async def test_resumed_while_its_probe_runs_it_is_not_probed_twice_at_once_but_at_once_after():
    recorder = Recorder(seconds=5.0)
    recorder.scheduler.put(1, "a", "h", 100.0, soon=True)
    await asyncio.sleep(1)
    recorder.scheduler.drop(1)
    recorder.scheduler.put(1, "a", "h", 100.0, soon=True)
    await asyncio.sleep(20)
    assert len(recorder.starts) == 2
    assert recorder.starts[1][0] - recorder.starts[0][0] == pytest.approx(5, abs=0.11)


async def test_edited_while_its_probe_runs_it_is_probed_again_right_after():
    recorder = Recorder(seconds=5.0)
    recorder.scheduler.put(1, "a", "h", 100.0, soon=True)
    await asyncio.sleep(1)
    recorder.scheduler.put(1, "a", "h", 100.0, soon=True)
    await asyncio.sleep(20)
    assert len(recorder.starts) == 2


async def test_a_thousand_probes_that_end_at_once_need_no_stack():
    recorder = Recorder(seconds=5.0)
    for n in range(2000):
        recorder.scheduler.put(n, f"m{n}", "same", 600.0, soon=True)
    await asyncio.sleep(1)
    assert len(recorder.running) == 2
    recorder.seconds = None
    await asyncio.sleep(10)
    assert {n for _, n in recorder.starts} == set(range(2000))
    assert recorder.scheduler.in_flight == 0


async def test_a_probe_that_never_ends_is_given_up_and_told():
    recorder = Recorder(seconds=0)
    recorder.scheduler.put(1, "a", "h", 10.0, patience_s=25.0, soon=True)
    recorder.scheduler.put(2, "b", "h", 10.0, patience_s=1000.0, soon=True)
    await asyncio.sleep(22)
    assert recorder.lost == []
    recorder.running.clear()
    await asyncio.sleep(11)
    assert recorder.lost == [1]
    assert len(recorder.times(1)) == 2
    assert len(recorder.times(2)) == 1


async def test_a_launch_that_raises_stops_nobody(caplog):
    recorder = Recorder()

    def launch(number, token):
        if number == 1:
            raise ZeroDivisionError
        recorder.launch(number, token)

    recorder.scheduler = Scheduler(recorder.loop, launch, limit=10, chance=lambda: 0.5)
    for n in (1, 2):
        recorder.scheduler.put(n, f"m{n}", "h", 10.0, soon=True)
    await asyncio.sleep(35)
    assert len(recorder.times(2)) == 4
    assert recorder.scheduler.in_flight == 0
    assert "start of monitor 1" in caplog.text


async def test_done_twice_counts_once():
    recorder = Recorder(seconds=1.0)
    recorder.scheduler.put(1, "a", "h", 10.0, soon=True)
    await asyncio.sleep(2)
    recorder.scheduler.finished(1, 0.1)
    recorder.scheduler.finished(77, 0.1)
    await asyncio.sleep(3)
    assert len(recorder.starts) == 1
    assert recorder.scheduler.in_flight == 0


async def test_an_unchanged_monitor_keeps_its_phase():
    recorder = Recorder()
    recorder.scheduler.put(1, "a", "h", 60.0)
    due = recorder.scheduler.due_in_s(1)
    recorder.scheduler.put(1, "a", "h", 60.0)
    assert recorder.scheduler.due_in_s(1) == due
    recorder.scheduler.put(1, "a", "h", 30.0)
    assert recorder.scheduler.due_in_s(1) <= 30


async def test_after_a_stall_nothing_is_bunched():
    recorder = Recorder()
    recorder.scheduler.put(1, "a", "h", 1.0, soon=True)
    await asyncio.sleep(5)
    before = len(recorder.starts)
    recorder.scheduler.spread(2.0)
    await asyncio.sleep(3)
    assert len(recorder.starts) - before in {2, 3, 4}
    recorder.scheduler.stop()
    done = len(recorder.starts)
    await asyncio.sleep(10)
    assert len(recorder.starts) == done


async def test_one_dropped_while_it_waits_for_a_place_leaves_its_turn_to_the_next_of_its_host():
    recorder = Recorder(limit=2, seconds=0)
    tokens = {}
    real = recorder.launch

    def launch(number, token):
        tokens[number] = token
        real(number, token)

    recorder.scheduler = Scheduler(recorder.loop, launch, limit=3, chance=lambda: 0.5)
    scheduler = recorder.scheduler
    for number, host in ((1, "x"), (2, "x"), (3, "y"), (4, "x"), (5, "x"), (6, "z")):
        scheduler.put(number, f"m{number}", host, 600.0, soon=True)
    await asyncio.sleep(0.2)
    assert recorder.running == {1, 2, 3}
    # as when two end within one hand-on: the places are given away before x has its turn
    following = scheduler._next_of("x")
    scheduler._ready.appendleft(following)
    scheduler.drop(following.id)
    recorder.finish(3, tokens[3])
    await asyncio.sleep(0.2)
    recorder.finish(1, tokens[1])
    recorder.finish(2, tokens[2])
    await asyncio.sleep(0.2)
    assert {5, 6} <= recorder.running


SSH = Pace("ssh", per_host=1, spacing_s=10.0)


async def test_one_at_a_time_in_a_lane_while_another_lane_of_the_host_goes_on():
    recorder = Recorder(seconds=5.0)
    for n in (1, 2, 3):
        recorder.scheduler.put(n, f"m{n}", "same", 100.0, pace=Pace("smtp", per_host=1), soon=True)
    recorder.scheduler.put(4, "m4", "same", 100.0, pace=Pace("http"), soon=True)
    await asyncio.sleep(1)
    assert recorder.running == {1, 4}
    await asyncio.sleep(16)
    assert [n for _, n in recorder.starts] == [1, 4, 2, 3]
    assert recorder.most == 2


async def test_who_waits_for_a_full_lane_does_not_keep_others_waiting():
    recorder = Recorder(seconds=5.0)
    smtp = Pace("smtp", per_host=1)
    recorder.seconds = 50.0
    recorder.scheduler.put(1, "m1", "same", 100.0, pace=smtp, soon=True)
    await asyncio.sleep(1)
    recorder.seconds = 5.0
    recorder.scheduler.put(2, "m2", "same", 100.0, pace=Pace("http"), soon=True)
    recorder.scheduler.put(3, "m3", "same", 100.0, pace=smtp, soon=True)
    recorder.scheduler.put(4, "m4", "same", 100.0, pace=Pace("http"), soon=True)
    await asyncio.sleep(7)
    assert [n for _, n in recorder.starts] == [1, 2, 4]


async def test_starts_of_a_lane_are_spaced_and_everybody_gets_a_turn():
    recorder = Recorder(seconds=0.1)
    for n in range(4):
        recorder.scheduler.put(n, f"m{n}", "same", 15.0, pace=SSH, soon=True)
    recorder.scheduler.put(9, "m9", "other", 15.0, pace=SSH, soon=True)
    await asyncio.sleep(200)
    starts = [at for at, n in recorder.starts if n != 9]
    assert all(b - a >= 9.99 for a, b in itertools.pairwise(starts))
    assert len(starts) >= 18
    counts = [len(recorder.times(n)) for n in range(4)]
    assert max(counts) - min(counts) <= 1
    assert len(recorder.times(9)) >= 12
    assert recorder.scheduler.allowed_interval_s(0) == pytest.approx(40.0)
    assert recorder.scheduler.allowed_interval_s(9) == 15.0
    recorder.scheduler.drop(3)
    assert recorder.scheduler.allowed_interval_s(0) == pytest.approx(30.0)


async def test_retries_and_hurries_keep_the_spacing_too():
    recorder = Recorder(seconds=0.1)
    recorder.retry = 2.0
    recorder.scheduler.put(1, "a", "h", 60.0, pace=SSH, soon=True)
    for _ in range(20):
        await asyncio.sleep(3)
        recorder.scheduler.hurry(1)
    times = recorder.times(1)
    assert len(times) >= 5
    assert all(b - a >= 9.99 for a, b in itertools.pairwise(times))


async def test_no_interval_is_below_what_the_service_wants():
    recorder = Recorder()
    recorder.scheduler.put(1, "a", "h", 10.0, pace=Pace("mysql", min_interval_s=60.0), soon=True)
    await asyncio.sleep(190)
    assert len(recorder.times(1)) == 4
    assert recorder.scheduler.allowed_interval_s(1) == 60.0


async def test_a_rest_holds_whoever_asks():
    recorder = Recorder()
    held = {}
    recorder.scheduler = Scheduler(
        recorder.loop, recorder.launch, limit=10, chance=lambda: 0.5, held_until_s=lambda n: held.get(n, 0.0)
    )
    recorder.retry = 2.0
    began = recorder.loop.time()
    recorder.scheduler.put(1, "a", "h", 10.0, soon=True)
    await asyncio.sleep(0.06)
    held[1] = began + 1000.0
    await asyncio.sleep(5)
    assert recorder.scheduler.due_in_s(1) == pytest.approx(995, abs=0.2)
    recorder.scheduler.hurry(1)
    recorder.scheduler.put(1, "a", "h", 20.0, soon=True)
    recorder.scheduler.spread()
    recorder.scheduler.drop(1)
    recorder.scheduler.put(1, "a", "h", 20.0)
    await asyncio.sleep(980)
    assert len(recorder.times(1)) == 1
    await asyncio.sleep(20)
    assert len(recorder.times(1)) >= 2


async def test_the_next_start_is_known_to_be_late_as_soon_as_the_rest_is_known():
    recorder = Recorder()
    held = {}
    recorder.scheduler = Scheduler(
        recorder.loop, recorder.launch, limit=10, chance=lambda: 0.5, held_until_s=lambda n: held.get(n, 0.0)
    )
    recorder.scheduler.put(1, "a", "h", 60.0, soon=True)
    await asyncio.sleep(0.1)
    held[1] = recorder.loop.time() + 160.0
    await asyncio.sleep(0.3)
    assert recorder.scheduler.due_in_s(1) > 150
