"""The status machine: (state, result, thresholds) gives (state, events). Pure; time comes in as an argument.

A failure is *suspected* until it was seen `failure_threshold` times in a row (at once where its class is
deterministic) and *confirmed* then; while it is suspected the status stays what it was and nobody is alerted.
Recovery takes `success_threshold` successes in a row. Flapping is judged over the last 21 results by weighted
state changes (newer ones weigh more), as Nagios documents it: start above 50 %, end below 25 %.
"""

from typing import Final, NamedTuple

import msgspec

from uptime_tui.model.events import Event, EventKind
from uptime_tui.model.failure import FACTS, Failure, Phase, Side, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result

RETRY_DELAYS_S: Final = (2.0, 5.0, 10.0)
"""Wait before the next probe after the 1st, 2nd, 3rd… suspected failure in a row."""
FLAP_WINDOW: Final = 21
FLAP_START: Final = 0.50
FLAP_END: Final = 0.25
INTERMITTENT_FAILURES: Final = 3
"""Short failures in the window that make a monitor intermittent while its status is up; it ends below two."""

_MASK: Final = (1 << FLAP_WINDOW) - 1
_WEIGHTS: Final = tuple(1.2 - 0.4 * i / (FLAP_WINDOW - 2) for i in range(FLAP_WINDOW - 1))
"""Newest change first."""
_PROBLEMS: Final = frozenset({Status.DOWN, Status.DEGRADED})


class State(msgspec.Struct, frozen=True, gc=False):
    """All that the machine remembers of one monitor. Times are Unix milliseconds."""

    status: Status = Status.PENDING
    """The confirmed status."""
    since_ms: int = 0
    """When the confirmed status began: the first of the probes in a row that confirmed it."""
    failure: Failure | None = None
    """Of the confirmed status; None when up."""
    phase: Phase | None = None
    detail: str = ""
    suspected: Failure | None = None
    """The failure of the newest result while it is not confirmed."""
    failures: int = 0
    """Failed probes in a row."""
    successes: int = 0
    """Successful probes in a row."""
    streak_ms: int = 0
    """Start of the current row of failures or successes."""
    history: int = 1
    """The last 21 results, one bit each, newest lowest, 1 = failed; the bit above the oldest marks the length."""
    flapping: bool = False
    last_ms: int = 0
    """Start of the newest probe."""


Moved = tuple[State, tuple[Event, ...]]


def apply(state: State, result: Result, monitor: Monitor) -> Moved:
    """Move the machine by one result.

    A result whose side is ours (out of descriptors, watcher offline) makes the status `unknown` at once and
    counts neither as failure nor as success. A result of a paused monitor (its probe was under way) is ignored.
    """
    if state.status is Status.PAUSED:
        return state, ()
    if result.failure is None:
        history = _pushed(state.history, 0)
        if state.status is Status.UP and state.suspected is None and not state.flapping and not history & history - 1:
            # Up and never failed within the window: nearly every result of a healthy fleet, so kept cheap.
            row, since, streak = state.successes + 1, state.since_ms, state.streak_ms
            return State(Status.UP, since, None, None, "", None, 0, row, streak, history, False, result.at_ms), ()
        return _judged(_after_success(state, result, monitor, history), monitor)
    if FACTS[result.failure].side is Side.OURS:
        return _after_ours(state, result)
    return _judged(_after_failure(state, result, monitor, _pushed(state.history, 1)), monitor)


def pause(state: State, monitor: Monitor, now_ms: int) -> Moved:
    """Paused by the user: a status of its own, rows in a row forgotten."""
    if state.status is Status.PAUSED:
        return state, ()
    paused = State(status=Status.PAUSED, since_ms=now_ms, last_ms=state.last_ms)
    return paused, (Event(monitor.id, now_ms, EventKind.STATUS, Status.PAUSED, state.status),)


def resume(state: State, monitor: Monitor, now_ms: int) -> Moved:
    """Back to pending until the next result."""
    if state.status is not Status.PAUSED:
        return state, ()
    pending = State(status=Status.PENDING, since_ms=now_ms, last_ms=state.last_ms)
    return pending, (Event(monitor.id, now_ms, EventKind.STATUS, Status.PENDING, Status.PAUSED),)


def retry_delay_s(state: State, monitor: Monitor) -> float | None:
    """Seconds until the recheck of a suspected failure or an unconfirmed recovery; None: wait for the interval.

    Never longer than the interval itself.
    """
    if state.suspected is not None:
        delay = RETRY_DELAYS_S[min(max(state.failures, 1), len(RETRY_DELAYS_S)) - 1]
    elif state.failure is Failure.INTERMITTENT:
        return None
    elif state.status in _PROBLEMS and 0 < state.successes < monitor.success_threshold:
        delay = RETRY_DELAYS_S[0]
    else:
        return None
    return min(delay, monitor.interval_s)


def _pushed(history: int, bit: int) -> int:
    """The history with a newer result; the marker bit never climbs above the window."""
    longer = history << 1 | bit
    return longer & _MASK | 1 << FLAP_WINDOW if longer >> FLAP_WINDOW + 1 else longer


def _after_success(state: State, result: Result, monitor: Monitor, history: int) -> Moved:
    at_ms = result.at_ms
    streak_ms = at_ms if state.successes == 0 else state.streak_ms
    successes = state.successes + 1
    events: list[Event] = []
    if state.suspected is not None:
        events.append(Event(monitor.id, at_ms, EventKind.CLEARED, state.status, state.status, state.suspected))
    recovered = successes >= monitor.success_threshold or state.status in {Status.PENDING, Status.UNKNOWN, Status.UP}
    moved = msgspec.structs.replace(
        state, suspected=None, failures=0, successes=successes, streak_ms=streak_ms, history=history, last_ms=at_ms
    )
    if not recovered:
        return moved, tuple(events)
    short = _short_failures(history)
    intermittent = short >= (2 if state.failure is Failure.INTERMITTENT else INTERMITTENT_FAILURES)
    if intermittent:
        detail = f"{short} of the last {_length(history)} probes failed"
        return _turned(moved, monitor, streak_ms, Finding(Status.DEGRADED, Failure.INTERMITTENT, None, detail), events)
    return _turned(moved, monitor, streak_ms, Finding(Status.UP, None, None, ""), events)


def _after_failure(state: State, result: Result, monitor: Monitor, history: int) -> Moved:
    failure = result.failure
    assert failure is not None
    at_ms = result.at_ms
    streak_ms = at_ms if state.failures == 0 else state.streak_ms
    failures = state.failures + 1
    events: list[Event] = []
    certain = FACTS[failure].deterministic
    confirmed = certain or failures >= monitor.failure_threshold
    moved = msgspec.structs.replace(
        state,
        suspected=None if confirmed else failure,
        failures=failures,
        successes=0,
        streak_ms=streak_ms,
        history=history,
        last_ms=at_ms,
    )
    if confirmed:
        since = at_ms if certain and failures == 1 else streak_ms
        found = Finding(result.status, failure, result.phase, result.detail)
        return _turned(moved, monitor, since, found, events)
    if state.status in _PROBLEMS and state.failure is not Failure.INTERMITTENT:
        # Still failing after a success that was not enough to recover: the problem simply goes on.
        return msgspec.structs.replace(moved, suspected=None), ()
    if state.suspected is None:
        events.append(Event(monitor.id, at_ms, EventKind.SUSPECTED, state.status, state.status, failure, result.detail))
    return moved, tuple(events)


def _after_ours(state: State, result: Result) -> Moved:
    moved = msgspec.structs.replace(state, suspected=None, failures=0, successes=0, last_ms=result.at_ms)
    if state.status is Status.UNKNOWN and state.failure is result.failure:
        return msgspec.structs.replace(moved, detail=result.detail), ()
    event = Event(
        result.monitor, result.at_ms, EventKind.STATUS, Status.UNKNOWN, state.status, result.failure, result.detail
    )
    changed = msgspec.structs.replace(
        moved,
        status=Status.UNKNOWN,
        since_ms=state.since_ms if state.status is Status.UNKNOWN else result.at_ms,
        failure=result.failure,
        phase=result.phase,
        detail=result.detail,
    )
    return changed, (event,)


class Finding(NamedTuple):
    """A confirmed status and why."""

    status: Status
    failure: Failure | None
    phase: Phase | None
    detail: str


def _turned(state: State, monitor: Monitor, since_ms: int, found: Finding, events: list[Event]) -> Moved:
    """The state with a confirmed status, and the event if that is news."""
    status, failure, phase, detail = found
    same = status is state.status
    if not same or failure is not state.failure:
        kind = EventKind.FAILURE_CHANGED if same else EventKind.STATUS
        events.append(Event(monitor.id, state.last_ms, kind, status, state.status, failure, detail))
    since_ms = state.since_ms if same else since_ms
    turned = msgspec.structs.replace(
        state, status=status, since_ms=since_ms, failure=failure, phase=phase, detail=detail
    )
    return turned, tuple(events)


def _judged(moved: Moved, monitor: Monitor) -> Moved:
    """Flapping, after everything else: it changes no status, it only says how much to believe it."""
    state, events = moved
    share = flap_share(state.history)
    flapping = share >= FLAP_END if state.flapping else share > FLAP_START
    if flapping is state.flapping:
        return moved
    kind = EventKind.FLAPPING_STARTED if flapping else EventKind.FLAPPING_ENDED
    news = Event(monitor.id, state.last_ms, kind, state.status, state.status)
    return msgspec.structs.replace(state, flapping=flapping), (*events, news)


def _length(history: int) -> int:
    return min(history.bit_length() - 1, FLAP_WINDOW)


def _short_failures(history: int) -> int:
    """Failures of the window in rows of one or two: what comes and goes. Three in a row are an outage of their own."""
    bits = history & (1 << _length(history)) - 1
    threes = bits & bits >> 1 & bits >> 2
    return (bits & ~(threes | threes << 1 | threes << 2)).bit_count()


def flap_share(history: int) -> float:
    """Weighted share of changes between success and failure in a full window, 0 to 1; 0 before it is full."""
    if _length(history) < FLAP_WINDOW:
        return 0.0
    bits = history & _MASK
    changes = bits ^ bits >> 1
    if not changes & _MASK >> 1:
        return 0.0
    return sum(weight for i, weight in enumerate(_WEIGHTS) if changes >> i & 1) / (FLAP_WINDOW - 1)
