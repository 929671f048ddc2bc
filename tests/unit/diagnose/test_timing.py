"""Which phase took the time, compared with the last good probe and with what is usual."""

import pytest

from support.explained import NOW_S, case, causes, ids, neighbour, result
from uptime_tui.diagnose.case import Past
from uptime_tui.diagnose.evidence import timing as collector
from uptime_tui.model.failure import Failure, Status

FAST = {"dns": 1.0, "connect": 10.0, "tls": 20.0, "protocol": 60.0, "content": 10.0}


def slow(last_good=True, past=(), neighbours=(), **timings):
    before = result(at_s=NOW_S - 60, **FAST) if last_good else None
    return case(Failure.TOO_SLOW, last_good=before, past=past, neighbours=neighbours, **{**FAST, **timings})


def found(asked):
    facts = list(collector.facts(asked))
    assert set(ids(facts)) <= set(collector.FACTS)
    return facts


@pytest.mark.parametrize(
    ("timings", "fact", "cause"),
    [
        ({"dns": 4000.0}, "phase_dns", "dns_slow"),
        ({"connect": 3010.0}, "phase_connect", "network_slow"),
        ({"protocol": 3010.0}, "phase_service", "application_slow"),
        ({"protocol": 3060.0, "content": 3000.0}, "phase_content", "application_slow"),
        ({"connect": 1000.0, "tls": 1000.0, "protocol": 1000.0}, "phase_all", "machine_busy"),
    ],
)
def test_the_phase_that_took_more_than_before_is_named(timings, fact, cause):
    for last_good in (True, False):
        asked = slow(last_good, **timings)
        assert ids(found(asked)) == [fact]
        assert causes(asked, found(asked))[0] == cause


def test_a_phase_that_always_takes_long_is_not_the_one():
    before = result(at_s=NOW_S - 60, dns=1.0, connect=900.0, protocol=50.0)
    asked = case(Failure.TOO_SLOW, last_good=before, dns=1.0, connect=910.0, protocol=700.0)
    assert ids(found(asked)) == ["phase_service"]


def past(*times):
    return tuple(Past(number * 60_000, None, None, ms) for number, ms in enumerate(times))


@pytest.mark.parametrize(
    ("times", "fact", "cause"),
    [
        ([1000.0] * 12, "pace_usual", "limit_tight"),
        ([100.0] * 6 + [600.0] * 6, "pace_creeping", "growing"),
        ([90.0] * 12, "pace_sudden", "application_slow"),
        ([90.0] * 3, None, "application_slow"),
    ],
)
def test_the_pace_beside_what_is_usual(times, fact, cause):
    asked = slow(past=past(*times), protocol=1000.0)
    assert ids(found(asked))[1:] == ([fact] if fact else [])
    assert causes(asked, found(asked))[0] == cause


def test_a_slow_host_is_slow_at_every_port():
    near = neighbour("imaps", status=Status.DEGRADED, failure=Failure.TOO_SLOW)
    asked = slow(neighbours=(near,), protocol=2000.0)
    assert "pace_next_door" in ids(found(asked))
    assert causes(asked, found(asked))[0] == "machine_busy"


def test_a_greeting_that_was_late_already_hints_at_a_look_up():
    before = result(at_s=NOW_S - 60, connect=10.0, protocol=8000.0)
    asked = case(Failure.NO_GREETING, service="imap", last_good=before, protocol=10_000.0)
    assert ids(found(asked)) == ["pace_greeting"]
    assert causes(asked, found(asked))[0] == "slow_lookup"


async def test_it_asks_nobody():
    asked = slow(protocol=2000.0)
    assert collector.wants(asked)
    assert not collector.wants(case(Failure.REFUSED))
    assert ids([fact async for fact in collector.collect(asked, None)]) == ids(found(asked))
