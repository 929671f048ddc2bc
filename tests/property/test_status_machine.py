"""What holds of the status machine whatever the results are."""

from hypothesis import given, settings
from hypothesis import strategies as st

from support.fleets import monitor, result
from uptime_tui.model.events import EventKind
from uptime_tui.model.failure import FACTS, Failure, Side, Status
from uptime_tui.model.incident import advance, is_problem
from uptime_tui.model.status import FLAP_WINDOW, State, apply, flap_share, pause, resume, retry_delay_s

OURS = [f for f in Failure if FACTS[f].side is Side.OURS]
FAILURES = st.sampled_from([None, None, None, *Failure])
SEVERITIES = st.sampled_from([None, None, Status.DEGRADED, Status.DOWN])
RESULTS = st.lists(st.tuples(FAILURES, SEVERITIES), max_size=80)
WATCHED = st.builds(
    monitor,
    failure_threshold=st.integers(1, 6),
    success_threshold=st.integers(1, 4),
    interval_s=st.floats(1.0, 3600.0),
)


def steps(results, watched):
    """Every move as (state before, result, state after, events)."""
    state = State()
    for number, (failure, severity) in enumerate(results):
        ours = failure is not None and FACTS[failure].side is Side.OURS
        one = result(failure, 1000 + number * 1000, severity=None if ours or failure is None else severity)
        after, events = apply(state, one, watched)
        yield state, one, after, events
        state = after


@given(RESULTS, WATCHED)
@settings(max_examples=400)
def test_events_say_exactly_what_changed(results, watched):
    for before, one, after, events in steps(results, watched):
        kinds = [event.kind for event in events]
        assert len(set(kinds)) == len(kinds)
        assert (EventKind.STATUS in kinds) == (after.status is not before.status)
        assert (EventKind.FAILURE_CHANGED in kinds) == (
            after.status is before.status and after.failure is not before.failure
        )
        assert (EventKind.SUSPECTED in kinds) == (before.suspected is None and after.suspected is not None)
        gone = before.suspected is not None and after.suspected is None
        assert (EventKind.CLEARED in kinds) == (gone and EventKind.STATUS not in kinds)
        assert (EventKind.FLAPPING_STARTED in kinds) == (after.flapping and not before.flapping)
        assert (EventKind.FLAPPING_ENDED in kinds) == (before.flapping and not after.flapping)
        for event in events:
            assert (event.monitor, event.at_ms) == (watched.id, one.at_ms)
            assert (event.status, event.previous) == (after.status, before.status)


@given(RESULTS, WATCHED)
@settings(max_examples=400)
def test_down_is_never_a_guess(results, watched):
    for before, one, after, _ in steps(results, watched):
        if after.status is Status.DOWN and before.status is not Status.DOWN:
            assert one.status is Status.DOWN
            assert FACTS[one.failure].deterministic or one.rest is not None or after.downs >= watched.failure_threshold
        if one.side is Side.OURS:
            assert (after.status, after.failure) == (Status.UNKNOWN, one.failure)
            assert (after.history, after.flapping) == (before.history, before.flapping)
        elif after.status is Status.UNKNOWN:
            assert before.status is Status.UNKNOWN
        if after.status is Status.UP and before.status in {Status.DOWN, Status.DEGRADED}:
            assert after.successes >= watched.success_threshold
        if before.status is Status.DOWN and after.status is Status.DEGRADED:
            assert after.answers >= watched.success_threshold


@given(RESULTS, WATCHED)
@settings(max_examples=400)
def test_a_state_makes_sense_by_itself(results, watched):
    counted = 0
    for before, one, after, _ in steps(results, watched):
        counted += one.side is not Side.OURS
        assert after.history.bit_length() - 1 == min(counted, FLAP_WINDOW)
        assert 0.0 <= flap_share(after.history) <= 1.0 + 1e-9
        assert not after.flapping or counted >= FLAP_WINDOW
        assert (after.failure is None) == (after.status in {Status.UP, Status.PENDING})
        assert not (after.failures and after.successes)
        assert after.downs <= after.failures
        assert after.successes <= after.answers
        assert after.last_ms == one.at_ms
        assert after.since_ms <= after.last_ms
        assert after.status is not before.status or after.since_ms == before.since_ms
        if after.suspected is not None:
            assert after.suspected is one.failure
            assert after.status is not Status.DOWN


@given(RESULTS, WATCHED)
@settings(max_examples=200)
def test_rechecks_come_soon_and_only_while_something_is_open(results, watched):
    for _, one, after, _ in steps(results, watched):
        delay = retry_delay_s(after, watched)
        if delay is not None:
            assert 0 < delay <= min(10.0, watched.interval_s)
        if after.suspected is not None:
            assert delay is not None
        if one.failure is None and after.status is Status.UP:
            assert delay is None


@given(RESULTS, st.integers(0, 25))
@settings(max_examples=100)
def test_the_way_through_the_fast_lane_is_the_same(results, first):
    """A monitor that was long up is moved without being looked at; what it keeps must not differ."""
    watched = monitor()
    state = State()
    for number in range(first):
        state, _ = apply(state, result(None, number * 1000), watched)
    assert state.successes == first
    assert state.answers == first
    for failure, _ in results:
        state, _ = apply(state, result(failure), watched)
    for _ in range(FLAP_WINDOW + 2):
        state, _ = apply(state, result(), watched)
    assert (state.status, state.flapping, state.history) == (Status.UP, False, 1 << FLAP_WINDOW)


@given(RESULTS, WATCHED, st.integers(0, 80))
@settings(max_examples=200)
def test_incidents_open_and_close_with_the_status(results, watched, paused_at):
    incident, state = None, State()

    def follow(events):
        nonlocal incident
        for event in events:
            incident = advance(incident, event)
            if incident is not None and incident.closed_ms is not None:
                assert incident.closed_ms >= incident.opened_ms
                incident = None

    for number, (failure, _) in enumerate(results):
        if number == paused_at:
            for turn in (pause, resume):
                state, events = turn(state, watched, 1000 + number * 1000)
                follow(events)
        state, events = apply(state, result(failure, 1000 + number * 1000), watched)
        follow(events)
        if is_problem(state.status):
            assert incident is not None
            assert incident.status is Status.DOWN or state.status is Status.DEGRADED
        if state.status in {Status.UP, Status.PAUSED}:
            assert incident is None
