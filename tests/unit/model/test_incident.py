"""Incidents: opened, worsened, closed by confirmed changes of status only."""

import pytest

from uptime_tui.model.events import Event, EventKind
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.incident import Incident, advance, is_problem
from uptime_tui.model.units import MonitorId

OPEN = Incident(7, MonitorId(1), 1000, Status.DEGRADED, Failure.BUSY, "421")


def event(status, kind=EventKind.STATUS, at_ms=5000):
    return Event(MonitorId(1), at_ms, kind, status, Status.UP, Failure.REFUSED, "refused")


def test_a_problem_opens_one():
    opened = advance(None, event(Status.DOWN))
    assert opened == Incident(0, MonitorId(1), 5000, Status.DOWN, Failure.REFUSED, "refused")


def test_it_keeps_the_worst_status_and_the_first_failure():
    worse = advance(OPEN, event(Status.DOWN))
    assert (worse.status, worse.failure, worse.opened_ms, worse.id) == (Status.DOWN, Failure.BUSY, 1000, 7)
    assert advance(worse, event(Status.DEGRADED)).status is Status.DOWN


@pytest.mark.parametrize("status", [Status.UP, Status.PAUSED])
def test_recovery_and_pause_close_it(status):
    assert advance(OPEN, event(status)).closed_ms == 5000


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.PENDING])
def test_what_says_nothing_of_the_target_leaves_it_open(status):
    assert advance(OPEN, event(status)) is OPEN


@pytest.mark.parametrize("status", [Status.UP, Status.UNKNOWN, Status.PAUSED, Status.PENDING])
def test_without_a_problem_there_is_none(status):
    assert advance(None, event(status)) is None
    assert not is_problem(status)


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.STATUS])
def test_other_news_change_nothing(kind):
    assert advance(OPEN, event(Status.DOWN, kind)) is OPEN
