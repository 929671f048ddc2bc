"""The status machine: what is suspected, what is confirmed, what is announced."""

import msgspec
import pytest

from support.fleets import monitor, result
from uptime_tui.model.events import EventKind
from uptime_tui.model.failure import FACTS, Failure, Status
from uptime_tui.model.outcome import Rest
from uptime_tui.model.status import FLAP_WINDOW, State, apply, flap_share, pause, resume, retry_delay_s, unsuspected

MONITOR = monitor()
STEP_MS = 60_000


def run(text, watched=MONITOR, state=None):
    """Feed failures by name, `ok` for a success; returns the state, and (step, kind, status, failure) of each event."""
    state = state or State()
    told = []
    start_ms = state.last_ms + STEP_MS
    for number, word in enumerate(text.split()):
        severity = Status.DEGRADED if word.startswith("soft:") else None
        failure = None if word == "ok" else word.removeprefix("soft:")
        state, events = apply(state, result(failure, start_ms + number * STEP_MS, severity=severity), watched)
        told += [(number, e.kind.value, e.status.value, e.failure.value if e.failure else "") for e in events]
    return state, told


def up():
    return run("ok " * 30)[0]


# --- pending ---------------------------------------------------------------------------------------


def test_the_first_success_is_believed_at_once():
    state, told = run("ok")
    assert (state.status, state.since_ms, state.successes) == (Status.UP, STEP_MS, 1)
    assert told == [(0, "status", "up", "")]


def test_a_first_failure_stays_pending_until_it_is_confirmed():
    state, told = run("refused refused")
    assert (state.status, state.suspected, state.failure) == (Status.PENDING, Failure.REFUSED, None)
    assert told == [(0, "suspected", "pending", "refused")]
    state, told = run("refused refused refused")
    assert (state.status, state.suspected, state.failure) == (Status.DOWN, None, Failure.REFUSED)
    assert told[1:] == [(2, "status", "down", "refused")]
    assert state.since_ms == STEP_MS  # the first of the row, not the one that confirmed it


@pytest.mark.parametrize("failure", [f for f in Failure if FACTS[f].deterministic])
def test_a_deterministic_failure_is_confirmed_at_once(failure):
    state, told = run(f"ok {failure}")
    assert state.status is FACTS[failure].status
    assert (state.failure, state.phase, state.detail) == (failure, FACTS[failure].phase, f"saw {failure}")
    assert state.since_ms == 2 * STEP_MS
    assert told[1:] == [(1, "status", FACTS[failure].status.value, failure.value)]


def test_a_deterministic_failure_in_a_row_dates_the_outage_from_its_first_probe():
    state, _ = run("ok timeout timeout tls_expired")
    assert (state.status, state.since_ms) == (Status.DOWN, 2 * STEP_MS)


# --- suspicion -------------------------------------------------------------------------------------


def test_a_suspicion_is_announced_once_and_cleared_once():
    state, told = run("timeout timeout ok", state=up())
    assert told == [(0, "suspected", "up", "timeout"), (2, "cleared", "up", "timeout")]
    assert (state.status, state.suspected, state.failures) == (Status.UP, None, 0)


def test_a_suspicion_follows_the_newest_failure():
    state, told = run("timeout refused", state=up())
    assert state.suspected is Failure.REFUSED
    assert len(told) == 1


def test_different_failures_in_a_row_confirm_each_other():
    state, _ = run("timeout refused closed_early", state=up())
    assert (state.status, state.failure) == (Status.DOWN, Failure.CLOSED_EARLY)


@pytest.mark.parametrize("threshold", [1, 2, 5])
def test_the_threshold_is_the_monitors(threshold):
    watched = monitor(failure_threshold=threshold)
    state, _ = run("refused " * (threshold - 1), watched, up())
    assert state.status is Status.UP
    state, _ = run("refused", watched, state)
    assert state.status is Status.DOWN


def test_the_detail_stays_that_of_the_newest_probe():
    state, _told = run("http_status " * 3)
    first = state.detail
    state, events = apply(state, result("http_status", state.last_ms + 1, detail="HTTP 503"), MONITOR)
    assert (first, state.detail, events) == ("saw http_status", "HTTP 503", ())


# --- recovery --------------------------------------------------------------------------------------


def test_recovery_takes_two_successes():
    down, _ = run("refused " * 3, state=up())
    state, told = run("ok", state=down)
    assert (state.status, told) == (Status.DOWN, [])
    state, told = run("ok", state=state)
    assert (state.status, state.failure, state.detail, state.phase) == (Status.UP, None, "", None)
    assert told == [(0, "status", "up", "")]
    assert state.since_ms == down.last_ms + STEP_MS  # the first of the two


def test_a_success_that_was_not_enough_leaves_the_problem_as_it_was():
    down, _ = run("refused " * 3, state=up())
    state, told = run("ok refused ok refused", state=down)
    assert [kind for _, kind, *_ in told] == ["flapping_started"]
    assert (state.status, state.since_ms, state.suspected) == (Status.DOWN, down.since_ms, None)


def test_the_recovery_threshold_is_the_monitors():
    state, _ = run("refused refused refused ok", monitor(success_threshold=1), up())
    assert state.status is Status.UP


# --- degraded and down -----------------------------------------------------------------------------


def test_degraded_is_confirmed_as_down_is():
    state, told = run("busy busy busy", state=up())
    assert (state.status, state.failure) == (Status.DEGRADED, Failure.BUSY)
    assert [kind for _, kind, *_ in told] == ["suspected", "status"]


def test_a_lasting_warning_does_not_confirm_an_outage():
    warned, _ = run("tls_expiring " * 10, state=up())
    state, told = run("timeout", state=warned)
    assert (state.status, state.suspected, state.failure) == (Status.DEGRADED, Failure.TIMEOUT, Failure.TLS_EXPIRING)
    assert told == [(0, "suspected", "degraded", "timeout")]
    assert retry_delay_s(state, MONITOR) == 2.0
    state, told = run("tls_expiring", state=state)
    assert (state.suspected, told) == (None, [(0, "cleared", "degraded", "timeout")])
    state, told = run("timeout timeout timeout", state=state)
    assert (state.status, state.since_ms) == (Status.DOWN, warned.last_ms + 3 * STEP_MS)
    assert told[-1] == (2, "status", "down", "timeout")


def test_a_row_of_both_confirms_no_more_than_degraded():
    state, _ = run("timeout busy timeout busy timeout", state=up())
    assert (state.status, state.failure, state.suspected) == (Status.DEGRADED, Failure.BUSY, Failure.TIMEOUT)


def test_down_gets_better_after_two_that_are_not_down():
    down, _ = run("timeout " * 3, state=up())
    state, told = run("busy", state=down)
    assert (state.status, state.suspected, told) == (Status.DOWN, None, [])
    assert retry_delay_s(state, MONITOR) == 2.0
    state, told = run("busy", state=state)
    assert (state.status, state.failure, state.since_ms) == (Status.DEGRADED, Failure.BUSY, down.last_ms + STEP_MS)
    state, _ = run("ok busy", state=down)
    assert state.status is Status.DEGRADED
    state, _ = run("busy ok", state=down)
    assert state.status is Status.DOWN
    assert retry_delay_s(state, MONITOR) == 5.0


def test_the_service_may_say_how_bad_it_is():
    state, _ = run("soft:tls_self_signed")
    assert (state.status, state.failure) == (Status.DEGRADED, Failure.TLS_SELF_SIGNED)


# --- another reason --------------------------------------------------------------------------------


def test_another_reason_is_believed_when_it_was_seen_twice():
    down, _ = run("refused " * 3, state=up())
    state, told = run("timeout", state=down)
    assert (state.failure, state.other, state.suspected, told) == (Failure.REFUSED, Failure.TIMEOUT, None, [])
    state, told = run("timeout", state=state)
    assert (state.failure, state.since_ms) == (Failure.TIMEOUT, down.since_ms)
    assert told == [(0, "failure_changed", "down", "timeout")]


def test_reasons_in_turn_are_not_announced_in_turn():
    down, _ = run("refused " * 3, state=up())
    _, told = run("timeout refused timeout refused", state=down)
    assert told == []


def test_another_deterministic_reason_is_believed_at_once():
    down, _ = run("refused " * 3, state=up())
    state, told = run("tls_expired", state=down)
    assert (state.failure, told) == (Failure.TLS_EXPIRED, [(0, "failure_changed", "down", "tls_expired")])


# --- our side --------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["", "ok", "refused", "refused refused refused", "tls_expiring"])
def test_our_fault_is_unknown_at_once_and_never_down(before):
    state, _ = run(before)
    state, told = run("watcher_offline " * 10, state=state)
    assert (state.status, state.failure, state.suspected, state.failures) == (
        Status.UNKNOWN,
        Failure.WATCHER_OFFLINE,
        None,
        0,
    )
    assert told == [(0, "status", "unknown", "watcher_offline")]


def test_another_fault_of_ours_is_told():
    state, _ = run("watcher_offline")
    after, told = run("no_descriptors", state=state)
    assert told == [(0, "failure_changed", "unknown", "no_descriptors")]
    assert after.since_ms == state.since_ms


def test_after_our_fault_one_success_is_enough_and_failures_are_counted_anew():
    state, _ = run("refused refused watcher_offline ok")
    assert state.status is Status.UP
    state, _told = run("refused refused watcher_offline refused refused")
    assert (state.status, state.suspected) == (Status.UNKNOWN, Failure.REFUSED)
    assert state.history == 0b11111  # our faults leave no trace


# --- pause -----------------------------------------------------------------------------------------


def test_pause_forgets_and_resume_starts_anew():
    down, _ = run("refused " * 3)
    paused, events = pause(down, MONITOR, 10_000_000)
    assert (paused.status, paused.failure, paused.since_ms) == (Status.PAUSED, None, 10_000_000)
    assert [(e.kind, e.status, e.previous) for e in events] == [(EventKind.STATUS, Status.PAUSED, Status.DOWN)]
    assert pause(paused, MONITOR, 11_000_000) == (paused, ())
    assert apply(paused, result(), MONITOR) == (paused, ())
    pending, events = resume(paused, MONITOR, 12_000_000)
    assert (pending.status, pending.since_ms, pending.last_ms) == (Status.PENDING, 12_000_000, down.last_ms)
    assert [(e.kind, e.status, e.previous) for e in events] == [(EventKind.STATUS, Status.PENDING, Status.PAUSED)]
    assert resume(pending, MONITOR, 13_000_000) == (pending, ())


def test_after_a_suspend_rows_are_counted_anew():
    state = unsuspected(run("timeout timeout", state=up())[0])
    assert (state.status, state.suspected, state.failures, state.downs) == (Status.UP, None, 0, 0)
    state, told = run("timeout timeout", state=state)
    assert (state.status, [kind for _, kind, *_ in told]) == (Status.UP, ["suspected"])


# --- rechecks --------------------------------------------------------------------------------------


def test_suspicions_are_rechecked_after_2_5_and_10_seconds():
    watched = monitor(failure_threshold=6)
    state, delays = up(), []
    for _ in range(6):
        state, _ = run("timeout", watched, state)
        delays.append(retry_delay_s(state, watched))
    assert delays == [2.0, 5.0, 10.0, 10.0, 10.0, None]


def test_recoveries_are_rechecked_as_well():
    watched = monitor(success_threshold=3)
    state, delays = run("refused " * 3, watched)[0], []
    for _ in range(3):
        state, _ = run("ok", watched, state)
        delays.append(retry_delay_s(state, watched))
    assert delays == [2.0, 5.0, None]
    warned, _ = run("tls_expiring ok")
    assert retry_delay_s(warned, MONITOR) == 2.0


@pytest.mark.parametrize("text", ["", "ok", "refused refused refused", "watcher_offline", "tls_expiring"])
def test_what_is_certain_waits_for_the_interval(text):
    assert retry_delay_s(run(text)[0], MONITOR) is None


def test_a_recheck_never_waits_longer_than_the_interval():
    watched = monitor(interval_s=1.0)
    assert retry_delay_s(run("timeout", watched, up())[0], watched) == 1.0


# --- intermittent ----------------------------------------------------------------------------------


def test_failures_that_stay_short_make_a_monitor_intermittent():
    state, told = run("timeout ok timeout ok ok timeout ok", state=up())
    assert (state.status, state.failure, state.phase) == (Status.DEGRADED, Failure.INTERMITTENT, None)
    assert state.detail == "3 of the last 21 probes failed"
    assert told[-1] == (6, "status", "degraded", "intermittent")
    assert retry_delay_s(state, MONITOR) is None


def test_intermittent_ends_when_the_window_is_nearly_clean():
    state, _ = run("timeout ok timeout ok timeout ok", state=up())
    state, told = run("ok " * 15, state=state)
    assert (state.status, told) == (Status.DEGRADED, [])
    state, told = run("ok " * 4, state=state)
    assert (state.status, told[0][1:]) == (Status.UP, ("status", "up", ""))


def test_an_intermittent_monitor_can_go_down():
    state, _ = run("timeout ok timeout ok timeout ok", state=up())
    state, told = run("timeout timeout timeout", state=state)
    assert state.status is Status.DOWN
    assert [kind for _, kind, *_ in told] == ["suspected", "status"]


def test_an_outage_of_its_own_is_not_intermittent():
    state, _ = run("timeout timeout timeout timeout ok ok timeout ok", state=up())
    assert state.status is Status.UP


def test_the_rest_of_an_outage_at_the_edge_of_the_window_is_not_intermittent():
    state, _ = run("timeout " * 4 + "ok " * 10 + "timeout " + "ok " * 30, state=up())
    _, told = run("timeout " * 4 + "ok " * 10 + "timeout " + "ok " * 30, state=up())
    assert state.status is Status.UP
    assert not [event for event in told if event[3] == "intermittent"]


def test_degraded_becomes_intermittent_when_its_reason_goes():
    state, told = run("busy ok busy ok busy busy busy ok ok", state=up())
    assert (state.status, state.failure) == (Status.UP, None)  # two short ones and an outage of its own
    state, told = run("timeout ok timeout ok tls_expiring ok ok", state=up())
    assert (state.status, state.failure) == (Status.DEGRADED, Failure.INTERMITTENT)
    assert told[-1] == (6, "failure_changed", "degraded", "intermittent")


def test_what_cannot_be_looked_at_again_soon_is_confirmed_at_once():
    closed = result(Failure.CLOSED_EARLY, 5000)
    state, _ = apply(up(), closed, monitor())
    assert (state.status, state.suspected) == (Status.UP, Failure.CLOSED_EARLY)
    rests = msgspec.structs.replace(closed, rest=Rest(3600.0, "each broken login counts"))
    state, _ = apply(up(), rests, monitor())
    assert (state.status, state.failure, state.suspected) == (Status.DOWN, Failure.CLOSED_EARLY, None)


@pytest.mark.parametrize(("seconds", "confirmed"), [(30.0, False), (60.0, False), (61.0, True), (600.0, True)])
def test_a_short_rest_that_the_server_asks_for_only_spaces_the_tries(seconds, confirmed):
    busy = result(Failure.BUSY, 5000, rest=Rest(seconds, "the server asks for it", asked=True))
    state, _ = apply(up(), busy, monitor())
    assert (state.status is Status.DEGRADED) is confirmed
    seldom, _ = apply(up(), busy, monitor(interval_s=1200.0))
    assert (seldom.status, seldom.suspected) == (Status.UP, Failure.BUSY)
    whole = msgspec.structs.replace(busy, rest=Rest(1200.0, "the server asks for it", asked=True))
    at_once, _ = apply(up(), whole, monitor(interval_s=1200.0))  # else it would be known after two intervals
    assert at_once.status is Status.DEGRADED


# --- flapping --------------------------------------------------------------------------------------


def test_flapping_needs_the_full_window():
    state, told = run("timeout ok " * 10)
    assert (state.flapping, flap_share(state.history)) == (False, 0.0)
    state, told = run("timeout", state=state)
    assert (state.flapping, flap_share(state.history)) == (True, pytest.approx(1.0))
    assert told[-1][1] == "flapping_started"


def test_flapping_starts_at_a_fifth():
    """The figures of the weights' documentation: four changes of late are 24.2 %."""
    state, told = run("ok " * 17 + "timeout ok timeout")
    assert (state.flapping, flap_share(state.history)) == (False, 0.0)
    state, told = run("ok", state=state)
    assert flap_share(state.history) == pytest.approx(0.242, abs=0.0005)
    assert (state.flapping, told[-1][1]) == (True, "flapping_started")
    once, _ = run("ok " * 20 + "timeout ok")
    assert (once.flapping, flap_share(once.history)) == (False, pytest.approx(0.1237, abs=0.0005))


def test_flapping_ends_below_a_twentieth():
    state, _ = run("timeout ok " * 11)
    shares, told = [], []
    while state.flapping:
        state, news = run("ok", state=state)
        shares.append(flap_share(state.history))
        told += news
    assert shares[-2] >= 0.05 > shares[-1]
    assert [kind for _, kind, *_ in told if kind.startswith("flapping")] == ["flapping_ended"]


def bits(changes):
    """A full history whose changes are at these places, 0 the newest."""
    history, bit = 1, 0
    for place in range(FLAP_WINDOW - 1, -1, -1):
        if place < FLAP_WINDOW - 1 and place in changes:
            bit ^= 1
        history = history << 1 | bit
    return history


def test_newer_changes_weigh_half_as_much_again_as_the_oldest():
    assert flap_share(bits({0})) == pytest.approx(0.0625)
    assert flap_share(bits({19})) == pytest.approx(0.0375)
    assert flap_share(bits(range(20))) == pytest.approx(1.0)
    assert flap_share(bits(())) == 0.0


def test_the_history_keeps_21_results():
    state, _ = run("timeout " + "ok " * 20)
    assert state.history == (1 << 21) | (1 << 20)
    state, _ = run("ok", state=state)
    assert state.history == 1 << 21
