"""Rests that servers were promised: by who calls where, across restarts, for as long as was said."""

import asyncio
import itertools

import pytest

from support.fleets import NOW_MS, monitor, result
from uptime_tui.engine.rests import Rests, slowed
from uptime_tui.engine.scheduler import Scheduler
from uptime_tui.journal.reader import Reader
from uptime_tui.journal.writer import Journal
from uptime_tui.model.monitor import HttpRequest, Login
from uptime_tui.model.outcome import Rest

DB = monitor(1, "db", target=("mysql", "db.test", 3306), interval_s=60.0)
WITH_ACCOUNT = monitor(2, "db too", target=("mysql", "db.test", 3306), login=Login("uptime"))
HOUR = Rest(3600.0, "it counts", of=DB.caller)


class Times:
    def __init__(self):
        self.s = 1000.0

    def clock(self):
        return self.s

    def wall_ms(self):
        return NOW_MS + int((self.s - 1000) * 1000)


@pytest.fixture
def times():
    return Times()


@pytest.fixture
def journal(tmp_path, times):
    kept = Journal(tmp_path / "journal.db", now_ms=times.wall_ms)
    kept.open()
    yield kept
    kept.close()


@pytest.fixture
def rests(journal, times):
    return Rests(journal, times.clock, times.wall_ms)


def test_a_rest_counts_from_the_start_of_the_probe_and_ends(rests, times):
    times.s += 5
    rests.note(result("closed_early", NOW_MS, rest=HOUR))
    assert rests.until_s(DB) == 1000 + 3600
    assert rests.rest(DB) == HOUR
    assert rests.refusal(DB) == "not again for 59m55s: it counts"
    times.s = 4601
    assert rests.rest(DB) is None
    assert rests.refusal(DB) == ""
    assert rests.until_s(DB) == 0


def test_it_is_for_who_called_there_whatever_the_monitor(rests):
    rests.note(result("closed_early", NOW_MS, rest=HOUR))
    assert rests.refusal(monitor(7, "same", target=("mysql", "db.test", 3306)))
    assert not rests.refusal(WITH_ACCOUNT)
    assert not rests.refusal(monitor(8, "else", target=("mysql", "db.test", 3307)))
    assert rests.until_s(None) == 0


def test_a_result_without_one_changes_nothing(rests):
    rests.note(result("closed_early", NOW_MS, rest=HOUR))
    rests.note(result(None, NOW_MS + 1))
    assert rests.refusal(DB)


def test_a_restart_goes_on_with_it_and_a_clock_set_back_does_not_lengthen_it(rests, journal, times, tmp_path):
    rests.note(result("closed_early", NOW_MS, rest=HOUR))
    assert journal.flush()
    reader = Reader(tmp_path / "journal.db")
    times.s += 600
    again = Rests(journal, times.clock, times.wall_ms)
    again.restore(reader.rests())
    assert again.until_s(DB) == pytest.approx(1000 + 3600)
    back = Rests(journal, times.clock, lambda: NOW_MS - 90_000_000)
    back.restore(reader.rests())
    assert back.until_s(DB) == times.s + 3600
    late = Rests(journal, times.clock, lambda: NOW_MS + 3_600_001)
    late.restore(reader.rests())
    assert late.refusal(DB) == ""
    reader.close()


def test_what_is_over_is_forgotten_on_disk(rests, journal, times, tmp_path):
    rests.note(result("closed_early", NOW_MS, rest=HOUR))
    times.s += 4000
    rests.note(result("closed_early", times.wall_ms(), rest=Rest(160.0, "why", of="@b:1")))
    assert journal.flush()
    reader = Reader(tmp_path / "journal.db")
    assert [rest.of for _, rest in reader.rests()] == ["@b:1"]
    reader.close()


@pytest.mark.parametrize(
    ("rest", "allowed_s", "spaced", "said"),
    [
        (None, 60.0, False, ""),
        (Rest(30.0, "short"), 60.0, False, ""),
        (HOUR, 60.0, False, "probed every 1h, not 1m: it counts"),
        (None, 150.0, False, "probed every 2m30s, not 1m: more often is not polite to MySQL"),
        (None, 80.0, True, "probed every 1m20s, not 1m: MySQL probes of one host are spaced out"),
    ],
)
def test_who_is_slowed_down_is_told_why(rest, allowed_s, spaced, said):
    assert slowed(DB, "MySQL", rest, allowed_s, spaced=spaced) == said


SHOP = monitor(3, "shop", target=("https", "www.test", 443, "/shop"), interval_s=60.0)
WISH = Rest(120.0, "the server asks for it (Retry-After 120)", SHOP.resource, asked=True)


def test_a_wish_counts_from_the_answer_and_is_for_what_was_asked_for(rests, times):
    times.s += 5  # so long the answer took
    rests.note(result("busy", NOW_MS, rest=WISH))
    assert rests.until_s(SHOP) == 1005 + 120
    assert rests.refusal(SHOP) == "not again for 2m: the server asks for it (Retry-After 120)"
    assert rests.refusal(monitor(4, "same", target=("https", "www.test", 443, "/shop")))
    assert not rests.refusal(monitor(5, "front", target=("https", "www.test", 443)))
    assert not rests.refusal(monitor(6, "other", target=("https", "www.test", 443, "/other")))
    times.s += 120
    assert rests.rest(SHOP) is None


def test_whoever_asks_by_hand_overrules_a_wish_but_not_what_would_harm(rests, times):
    rests.note(result("busy", NOW_MS, rest=WISH))
    rests.forgive(SHOP)
    assert rests.refusal(SHOP) == ""
    assert rests.until_s(SHOP) == 0
    rests.note(result("closed_early", NOW_MS, rest=HOUR))
    rests.forgive(DB)
    assert rests.refusal(DB)
    times.s += 3600
    assert rests.until_s(DB) == 0
    assert rests.is_empty, "nobody is looked for in what is over"


def test_another_site_behind_the_address_and_another_family_may_well_answer(rests):
    rests.note(result("busy", NOW_MS, rest=WISH))
    place = {"target": ("https", "www.test", 443, "/shop")}
    assert not rests.refusal(monitor(7, "b", request=HttpRequest(headers=(("Host", "b.test"),)), **place))
    assert not rests.refusal(monitor(8, "v6", address_family=6, **place))
    assert rests.refusal(monitor(9, "other header", request=HttpRequest(headers=(("Accept", "*/*"),)), **place))


def test_a_wish_granted_to_one_that_looks_once_a_day_does_not_silence_another(rests, times):
    daily = monitor(4, "daily", target=("https", "www.test", 443, "/shop"), interval_s=86_400.0)
    rests.note(result("busy", NOW_MS, rest=Rest(86_400.0, "the server asks for it", SHOP.resource, asked=True)))
    assert rests.until_s(daily) == 1000 + 86_400
    assert rests.until_s(SHOP) == 1000 + 600
    assert rests.refusal(SHOP) == "not again for 10m: the server asks for it"
    times.s += 601
    assert rests.refusal(SHOP) == ""
    assert rests.refusal(daily)


def test_a_rest_of_a_clock_that_was_years_ahead_does_not_begin_anew_at_every_start(rests, journal, times, tmp_path):
    ahead = Rests(journal, times.clock, lambda: NOW_MS + 10**11)
    ahead.note(result("busy", NOW_MS + 10**11, rest=WISH))
    assert journal.flush()
    reader = Reader(tmp_path / "journal.db")
    Rests(journal, times.clock, times.wall_ms).restore(reader.rests())
    assert journal.flush()
    times.s += 121
    again = Rests(journal, times.clock, times.wall_ms)
    again.restore(reader.rests())
    assert again.refusal(SHOP) == ""
    reader.close()


@pytest.mark.parametrize(("asked_s", "holds"), [(30.0, True), (60.0, True), (61.0, False), (600.0, False)])
def test_a_wish_longer_than_the_interval_lets_somebody_look_whether_all_are_gone(rests, times, asked_s, holds):
    rests.note(result("busy", NOW_MS, rest=Rest(asked_s, "the server asks for it", SHOP.resource, asked=True)))
    assert rests.held_until_s(SHOP) == (1000 + asked_s if holds else 0)
    times.s += asked_s - 60
    assert rests.held_until_s(SHOP) == 1000 + asked_s, "its end is waited for"


def test_what_would_harm_is_held_however_long(rests):
    rests.note(result("closed_early", NOW_MS, rest=HOUR))
    assert rests.held_until_s(DB) == 1000 + 3600
    assert rests.held_until_s(None) == 0


def test_a_rest_goes_on_while_this_machine_sleeps(rests):
    rests.note(result("closed_early", NOW_MS, rest=HOUR))
    rests.slept(3000.0)
    assert rests.refusal(DB) == "not again for 10m: it counts"
    rests.slept(3000.0)
    assert rests.refusal(DB) == ""


def test_the_longer_of_two_rests_holds(rests, times):
    whole = Rest(300.0, "it harms", SHOP.caller)
    rests.note(result("busy", NOW_MS, rest=WISH))
    rests.note(result("busy", NOW_MS, rest=whole))
    assert (rests.rest(SHOP), rests.until_s(SHOP)) == (whole, 1300.0)
    times.s += 200
    assert rests.rest(SHOP) == whole
    times.s += 200
    assert (rests.rest(SHOP), rests.refusal(SHOP)) == (None, "")


@pytest.mark.parametrize("interval_s", [60.0, 600.0])
def test_a_panel_says_what_is_waited_for(interval_s):
    watched = monitor(3, interval_s=interval_s)
    said = "waits 2m: the server asks for it (Retry-After 120)"
    assert slowed(watched, "HTTPS", WISH, interval_s, spaced=False) == said


@pytest.mark.asyncio
@pytest.mark.looptime
async def test_neither_a_recheck_nor_the_interval_comes_back_sooner(journal):
    loop = asyncio.get_running_loop()
    rests = Rests(journal, loop.time, lambda: NOW_MS + int(loop.time() * 1000))
    starts = []

    def launch(_number, token):
        starts.append(loop.time())
        wish = Rest(40.0 if len(starts) < 3 else 0.0, "the server asks for it", SHOP.resource, asked=True)
        rests.note(result("busy", NOW_MS + int(loop.time() * 1000), number=3, rest=wish))
        scheduler.finished(token, 2.0)

    scheduler = Scheduler(loop, launch, limit=10, held_until_s=lambda _: rests.until_s(SHOP))
    scheduler.put(3, "shop", "www.test", 15.0, soon=True)
    await asyncio.sleep(100)
    scheduler.stop()
    gaps = [round(after - before, 1) for before, after in itertools.pairwise(starts)]
    assert gaps[:2] == pytest.approx([40.0, 40.0], abs=0.2)
    assert gaps[2] == pytest.approx(2.0, abs=0.2)
