"""A server that wishes for a rest and dies within it: nothing is asked of it, and yet it is seen."""

import asyncio
from types import SimpleNamespace

import pytest

from support.fleets import NOW_MS, monitor, result
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.engine.prober import Prober
from uptime_tui.engine.rests import Rests
from uptime_tui.engine.scheduler import Scheduler
from uptime_tui.journal.writer import Journal
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Rest
from uptime_tui.vantage.base import Plan

SHOP = monitor(3, "shop", target=("https", "www.test", 443, "/shop"), interval_s=60.0)
BUSY = result("busy", NOW_MS, number=3, rest=Rest(600.0, "the server asks for it", SHOP.resource, asked=True))
GONE = result("refused", NOW_MS, number=3)


class Situation:
    """One monitor with everything around it; `says` answers each probe."""

    def __init__(self, journal, says, held_until_s=None):
        self.loop = loop = asyncio.get_running_loop()
        self.seen = []
        self.taken = []
        self.says = says
        tracker = SimpleNamespace(take=self.take)
        network = SimpleNamespace(judge=lambda found, _host: found)
        plans = {3: Plan(SHOP, load_catalogue().get("https"))}
        fleet = SimpleNamespace(monitors={3: SHOP}, plans=plans)
        self.prober = Prober(fleet, SimpleNamespace(probe=self.probe), network, tracker, journal)
        self.prober.rests = Rests(journal, loop.time)
        self.prober.began_s = -60.0
        self.prober.doubt = SimpleNamespace(is_calm=True, weigh=lambda found, _host, _began, settle: settle(found))
        self.scheduler = self.prober.scheduler = Scheduler(
            loop,
            self.prober.launch,
            limit=8,
            held_until_s=held_until_s or self.prober.held_until_s,
            chance=lambda: 0.5,
        )
        self.scheduler.put(3, "shop", "www.test", 60.0, soon=True)

    def probe(self, plan, done):
        self.seen.append((round(self.loop.time()), plan.bare))
        done(self.says(plan))

    def take(self, found):
        self.taken.append(found.failure)
        return 2.0 if found.failure is Failure.REFUSED else None


@pytest.fixture
def journal(tmp_path):
    kept = Journal(tmp_path / "journal.db")
    kept.open()
    yield kept
    kept.close()


@pytest.mark.asyncio
@pytest.mark.looptime
async def test_within_a_long_wish_it_only_knocks_and_nothing_new_is_told(journal):
    situation = Situation(journal, lambda plan: result(None, NOW_MS, number=3) if plan.bare else BUSY)
    await asyncio.sleep(615)
    situation.scheduler.stop()
    asked = [at_s for at_s, bare in situation.seen if not bare]
    knocked = [at_s for at_s, bare in situation.seen if bare]
    assert len(asked) == 2
    assert asked[1] == pytest.approx(600, abs=2)
    assert 7 <= len(knocked) <= 10
    assert situation.taken == [Failure.BUSY, Failure.BUSY]


@pytest.mark.asyncio
@pytest.mark.looptime
async def test_a_server_that_dies_within_its_own_wish_is_seen_to_be_down_by_the_next_interval(journal):
    situation = Situation(journal, lambda _: BUSY if len(situation.seen) < 2 else GONE)
    await asyncio.sleep(130)
    situation.scheduler.stop()
    assert situation.taken[:3] == [Failure.BUSY, Failure.REFUSED, Failure.REFUSED]
    died_s = situation.seen[1][0]
    assert died_s <= 100
    assert situation.seen[2] == (pytest.approx(died_s + 2, abs=1), False), "the wish is void: a whole probe follows"


@pytest.mark.asyncio
@pytest.mark.looptime
@pytest.mark.parametrize("failure", ["watcher_offline", "no_descriptors", "partial"])
async def test_what_a_knock_cannot_tell_leaves_status_and_wish_alone(journal, failure):
    situation = Situation(journal, lambda plan: result(failure, NOW_MS, number=3) if plan.bare else BUSY)
    await asyncio.sleep(300)
    situation.scheduler.stop()
    assert situation.taken == [Failure.BUSY]
    assert situation.prober.rests.rest(SHOP) is not None


@pytest.mark.asyncio
@pytest.mark.looptime
async def test_who_could_be_harmed_is_not_knocked_at_even_where_nothing_holds_the_probe(journal):
    harmed = result("busy", NOW_MS, number=3, rest=Rest(3600.0, "one more could block this host", SHOP.caller))
    situation = Situation(journal, lambda _: harmed, held_until_s=lambda _: 0.0)
    await asyncio.sleep(200)
    situation.scheduler.stop()
    assert len(situation.seen) > 2
    assert not any(bare for _, bare in situation.seen)


def test_a_knock_says_nothing_whatever_the_service():
    knock = Plan(SHOP, load_catalogue().get("https")).knock()
    assert (knock.bare, knock.steps, knock.monitor) == (True, False, SHOP)
