"""A clock that is plainly wrong accuses nobody."""

import pytest

from support.fleets import result
from uptime_tui.engine.wallclock import WRITTEN_S, WallClock, is_kept_right
from uptime_tui.model.certificate import DAY_S, Certificate
from uptime_tui.model.failure import Failure, Phase, Side, Status
from uptime_tui.model.succession import Shown

NOW_S = WRITTEN_S + 400 * DAY_S


class Watch:
    """A machine's clocks, and what its servers show: 90 days, begun on different days."""

    def __init__(self, count=5, *, kept=False, wall_s=NOW_S, **changes):
        self.wall_s, self.steady_s = wall_s, 1000.0
        self.shown = {number: Shown("x", self.certificate(number, **changes), ()) for number in range(count)}
        self.clock = WallClock(self.shown, lambda: self.wall_s, lambda: self.steady_s, lambda: kept)

    def certificate(self, number, domain=None, problems=()):
        name = f"www.{domain or f'shop{number}.test'}"
        begin_s = NOW_S - (10 + number) * DAY_S
        return Certificate(name, "CA", (name,), begin_s, begin_s + 90 * DAY_S, str(number), problems)

    def jump(self, days):
        self.wall_s += days * DAY_S

    def wait(self, seconds=2.0):
        self.wall_s += seconds
        self.steady_s += seconds

    def judged(self, failure=Failure.TLS_EXPIRED, status=None, at_s=None):
        at_ms = int((self.wall_s if at_s is None else at_s) * 1000)
        detail = "certificate expired 300 days ago"
        return self.clock.judge(result(failure, phase=Phase.TLS, detail=detail, severity=status, at_ms=at_ms))


@pytest.mark.parametrize(("days", "what"), [(400, "5 of 5 certificates would have expired"), (-50, "not be valid yet")])
@pytest.mark.parametrize("failure", [Failure.TLS_EXPIRED, Failure.TLS_NOT_YET_VALID, Failure.TLS_EXPIRING])
def test_what_would_be_true_of_most_is_the_clocks_fault(days, what, failure):
    watch = Watch(wall_s=NOW_S + days * DAY_S)
    judged = watch.judged(failure, Status.DOWN)
    assert (judged.failure, judged.status, judged.side) == (failure, Status.UNKNOWN, Side.OURS)
    assert judged.detail.startswith("this machine's clock is wrong: it shows 20")
    assert what in judged.detail
    assert judged.detail.endswith("what was seen: certificate expired 300 days ago")


def test_other_failures_need_no_clock():
    watch = Watch(wall_s=NOW_S + 400 * DAY_S)
    assert watch.judged(Failure.TLS_NAME_MISMATCH).status is Status.DOWN


def test_one_or_two_may_have_been_forgotten():
    assert Watch(2, wall_s=NOW_S + 400 * DAY_S).judged().status is Status.DOWN
    assert Watch(1, wall_s=NOW_S - 50 * DAY_S).judged(Failure.TLS_NOT_YET_VALID).status is Status.DOWN


@pytest.mark.parametrize("changes", [{"domain": "one.test"}, {"problems": (Failure.TLS_SELF_SIGNED,)}])
def test_sisters_and_what_nobody_vouches_for_prove_nothing(changes):
    watch = Watch(wall_s=NOW_S + 400 * DAY_S, **changes)
    for number, shown in watch.shown.items():
        begin_s = NOW_S - 10 * DAY_S
        watch.shown[number] = Shown("x", _begun(shown.newest, begin_s), ())
    assert watch.judged().status is Status.DOWN


def _begun(certificate, begin_s):
    return Certificate("x", "CA", certificate.names, begin_s, begin_s + 90 * DAY_S, "x", certificate.problems)


def test_a_clock_before_this_program_is_wrong_by_itself():
    judged = Watch(0, wall_s=0.0).judged(Failure.TLS_NOT_YET_VALID)
    assert judged.status is Status.UNKNOWN
    assert "it shows 1970-01-01, and this program is younger" in judged.detail


@pytest.mark.parametrize("days", [80, -80])
def test_a_clock_that_was_set_by_days_is_not_believed_for_a_day(days):
    watch = Watch(1)
    watch.wait()
    assert watch.judged(Failure.TLS_EXPIRING).status is Status.DEGRADED
    watch.wait()
    watch.jump(days)
    judged = watch.judged(Failure.TLS_EXPIRING)
    assert judged.status is Status.UNKNOWN
    assert judged.detail.startswith(f"this machine's clock may be wrong: it was set by {days:+} days")
    watch.wait(DAY_S - 5)
    assert watch.judged().status is Status.UNKNOWN
    watch.wait(10)
    assert watch.judged().status is Status.DOWN


def test_one_that_was_set_and_set_back_is_believed_again():
    watch = Watch(1)
    watch.jump(80)
    assert watch.judged().status is Status.UNKNOWN
    watch.wait()
    watch.jump(-80)
    assert watch.judged().status is Status.DOWN


def test_one_that_is_kept_right_may_be_set():
    watch = Watch(1, kept=True)
    watch.jump(80)
    assert watch.judged().status is Status.DOWN


def test_the_kernel_can_be_asked_who_keeps_its_clock():
    assert is_kept_right() in {True, False}


def test_a_clock_that_is_set_within_the_second_of_a_look_is_looked_at_anew():
    watch = Watch()
    assert watch.clock.why_wrong() == ""
    watch.wait(0.1)
    watch.jump(400)
    assert watch.judged().status is Status.UNKNOWN


def test_what_was_measured_by_a_clock_that_is_set_right_since_does_not_count():
    watch = Watch()
    assert watch.judged(at_s=NOW_S + 400 * DAY_S).status is Status.UNKNOWN
    assert watch.judged(at_s=NOW_S - 10).status is Status.DOWN
