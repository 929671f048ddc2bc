"""The status machine: (state, result, thresholds) gives (state, events). Pure; time comes in as an argument.

Every probe gives a verdict: up, degraded or down. A verdict worse than the status is *suspected* until it was seen
`failure_threshold` times in a row (at once where its class is deterministic, or where politeness forbids to look
again soon) and *confirmed* then; while it is
suspected the status stays what it was and nobody is alerted. A row of failures that mixes both verdicts confirms
`degraded`; only verdicts of `down` in a row confirm `down`. A better verdict is believed after `success_threshold`
in a row, at once where nothing bad was confirmed. Another reason for the same status is believed at once where its
class is deterministic, else when it was seen twice in a row.

Flapping is judged over the last 21 results by weighted changes (newer ones weigh more), with the weights and the
defaults for services of Nagios: start at 20 %, end below 5 %. Three or more failures in the window that stayed
short make a monitor that is otherwise up degraded: `intermittent`.
"""

from typing import Final

import msgspec

from uptime_tui.model.events import Event, EventKind
from uptime_tui.model.failure import FACTS, Failure, Phase, Side, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result

RETRY_DELAYS_S: Final = (2.0, 5.0, 10.0)
"""Wait before the next probe after the 1st, 2nd, 3rd… result in a row that is not confirmed, bad or good."""
SHORT_REST_S: Final = 60.0
"""A rest that a server asks for, of no more than this or half the interval, spaces the tries and replaces none."""
FLAP_WINDOW: Final = 21
FLAP_START: Final = 0.20
FLAP_END: Final = 0.05
INTERMITTENT_FAILURES: Final = 3
"""Short failures in the window that make a monitor intermittent while its status is up; it ends below two."""

_MASK: Final = (1 << FLAP_WINDOW) - 1
_CLEAN: Final = 1 << FLAP_WINDOW
"""The history of a whole window without a failure; another success leaves it as it is."""
_WEIGHTS: Final = tuple(1.25 - 0.5 * i / (FLAP_WINDOW - 2) for i in range(FLAP_WINDOW - 1))
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
    """The failure of the newest result while a worse status than the confirmed one is not confirmed."""
    failures: int = 0
    """Failed probes in a row."""
    successes: int = 0
    """Successful probes in a row."""
    streak_ms: int = 0
    """Start of the current row of probes with the same verdict."""
    history: int = 1
    """The last 21 results, one bit each, newest lowest, 1 = failed; the bit above the oldest marks the length."""
    flapping: bool = False
    last_ms: int = 0
    """Start of the newest probe."""
    downs: int = 0
    """Probes in a row whose verdict was down."""
    answers: int = 0
    """Probes in a row whose verdict was not down."""
    other: Failure | None = None
    """Another reason for the confirmed status, seen by the newest probe only."""


Moved = tuple[State, tuple[Event, ...]]


def apply(state: State, result: Result, monitor: Monitor) -> Moved:
    """Move the machine by one result.

    A result whose side is ours (out of descriptors, watcher offline, our own firewall) makes the status `unknown` at
    once and counts neither as failure nor as success. A result of a paused monitor, whose probe was under way, is
    ignored.
    """
    if state.status is Status.PAUSED:
        return state, ()
    if result.failure is None:
        history = state.history
        if history != _CLEAN:
            history = _pushed(history, 0)
        if state.status is Status.UP and state.suspected is None and not state.flapping and not history & history - 1:
            # Up and never failed within the window: nearly every result of a healthy fleet, so kept cheap.
            row, since, streak = state.successes + 1, state.since_ms, state.streak_ms
            return State(
                Status.UP, since, None, None, "", None, 0, row, streak, history, False, result.at_ms, 0, row
            ), ()
        after = _after_success(state, result, monitor, history)
    elif result.side is Side.OURS:
        after = _after_ours(state, result, result.failure)
    else:
        after = _after_failure(state, result, result.failure, monitor)
    return after, _news(state, after, result)


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


def unsuspected(state: State) -> State:
    """The state without rows and suspicion: after a suspend, what was being counted says nothing any more."""
    return msgspec.structs.replace(
        state, suspected=None, other=None, failures=0, successes=0, downs=0, answers=0, streak_ms=0
    )


def retry_delay_s(state: State, monitor: Monitor) -> float | None:
    """Seconds until the recheck of a suspected failure or an unconfirmed recovery; None: wait for the interval.

    Never longer than the interval itself.
    """
    row = 0
    if state.suspected is not None:
        row = state.downs or state.failures
    elif state.status is Status.DOWN:
        row = state.answers
    elif state.status is Status.DEGRADED and state.failure is not Failure.INTERMITTENT:
        row = state.successes
    return min(RETRY_DELAYS_S[min(row, len(RETRY_DELAYS_S)) - 1], monitor.interval_s) if row else None


def _pushed(history: int, bit: int) -> int:
    """The history with a newer result; the marker bit never climbs above the window."""
    longer = history << 1 | bit
    return longer & _MASK | 1 << FLAP_WINDOW if longer >> FLAP_WINDOW + 1 else longer


def _after_success(state: State, result: Result, monitor: Monitor, history: int) -> State:
    successes = state.successes + 1
    moved = msgspec.structs.replace(
        state,
        suspected=None,
        failures=0,
        successes=successes,
        streak_ms=state.streak_ms if state.successes else result.at_ms,
        history=history,
        flapping=_is_flapping(history, before=state.flapping),
        last_ms=result.at_ms,
        downs=0,
        answers=state.answers + 1,
        other=None,
    )
    if state.status in _PROBLEMS and successes < monitor.success_threshold:
        return moved
    short = _short_failures(history)
    if short >= (2 if state.failure is Failure.INTERMITTENT else INTERMITTENT_FAILURES):
        detail = f"{short} of the last {_length(history)} probes failed"
        return _settled(moved, Status.DEGRADED, Failure.INTERMITTENT, None, detail)
    return _settled(moved, Status.UP, None, None, "")


def _after_failure(state: State, result: Result, failure: Failure, monitor: Monitor) -> State:
    down = result.status is Status.DOWN
    history = _pushed(state.history, 1)
    same_row = state.failures > 0 and down == (state.downs > 0)
    moved = msgspec.structs.replace(
        state,
        suspected=None,
        failures=state.failures + 1,
        successes=0,
        streak_ms=state.streak_ms if same_row else result.at_ms,
        history=history,
        flapping=_is_flapping(history, before=state.flapping),
        last_ms=result.at_ms,
        downs=state.downs + 1 if down else 0,
        answers=0 if down else state.answers + 1,
        other=None,
    )
    known = state.status in _PROBLEMS and state.failure is not Failure.INTERMITTENT
    if result.status is state.status and known:
        if failure is state.failure or failure is state.other or FACTS[failure].deterministic:
            return _settled(moved, result.status, failure, result.phase, result.detail)
        return msgspec.structs.replace(moved, other=failure)
    if _is_confirmed(moved, result, monitor):
        return _settled(moved, result.status, failure, result.phase, result.detail)
    # Down and this verdict is only degraded: it gets better, which nobody has to suspect.
    return moved if state.status is Status.DOWN else msgspec.structs.replace(moved, suspected=failure)


def _is_confirmed(moved: State, result: Result, monitor: Monitor) -> bool:
    if moved.status is Status.DOWN:
        return moved.answers >= monitor.success_threshold
    if _cannot_wait(result, monitor) or (result.failure is not None and FACTS[result.failure].deterministic):
        return True
    row = moved.downs if result.status is Status.DOWN else moved.failures
    return row >= monitor.failure_threshold


def _cannot_wait(result: Result, monitor: Monitor) -> bool:
    """A server that has to rest cannot be asked again soon: an hour of silence would be worse than a doubt.

    A short rest that it asks for itself only spaces the tries: three of them fit into an interval.
    """
    rest = result.rest
    return rest is not None and not (rest.asked and rest.seconds <= max(monitor.interval_s / 2, SHORT_REST_S))


def _after_ours(state: State, result: Result, failure: Failure) -> State:
    moved = msgspec.structs.replace(unsuspected(state), streak_ms=result.at_ms, last_ms=result.at_ms)
    return _settled(moved, Status.UNKNOWN, failure, result.phase, result.detail)


def _settled(state: State, status: Status, failure: Failure | None, phase: Phase | None, detail: str) -> State:
    """The state with a confirmed status, which lasts since the current row began unless it was that already."""
    since_ms = state.since_ms if status is state.status else state.streak_ms
    return msgspec.structs.replace(state, status=status, since_ms=since_ms, failure=failure, phase=phase, detail=detail)


def _news(before: State, after: State, result: Result) -> tuple[Event, ...]:
    """What the difference of two states is worth announcing."""
    said: list[tuple[EventKind, Failure | None, str]] = []
    if after.status is not before.status:
        said.append((EventKind.STATUS, after.failure, after.detail))
    else:
        if before.suspected is not None and after.suspected is None:
            said.append((EventKind.CLEARED, before.suspected, ""))
        if after.failure is not before.failure:
            said.append((EventKind.FAILURE_CHANGED, after.failure, after.detail))
    if after.suspected is not None and before.suspected is None:
        said.append((EventKind.SUSPECTED, after.suspected, result.detail))
    if after.flapping is not before.flapping:
        kind = EventKind.FLAPPING_STARTED if after.flapping else EventKind.FLAPPING_ENDED
        said.append((kind, None, ""))
    if not said:
        return ()
    return tuple(
        Event(result.monitor, result.at_ms, kind, after.status, before.status, failure, detail)
        for kind, failure, detail in said
    )


def _length(history: int) -> int:
    return min(history.bit_length() - 1, FLAP_WINDOW)


def verdicts(history: int) -> tuple[bool, ...]:
    """Whether each of the last probes failed, oldest first, of `State.history`."""
    return tuple(bool(history >> place & 1) for place in reversed(range(_length(history))))


def _short_failures(history: int) -> int:
    """Failures of the window in rows of one or two: what comes and goes. Three in a row are an outage of their own.

    A row at the old edge of a full window may be what is left of a longer one and does not count.
    """
    length = _length(history)
    bits = history & (1 << length) - 1
    threes = bits & bits >> 1 & bits >> 2
    short = bits & ~(threes | threes << 1 | threes << 2)
    if length == FLAP_WINDOW:
        edge = short & 1 << length - 1
        short &= ~(edge | short & edge >> 1)
    return short.bit_count()


def flap_share(history: int) -> float:
    """Weighted share of changes between success and failure in a full window, 0 to 1; 0 before it is full."""
    if _length(history) < FLAP_WINDOW:
        return 0.0
    bits = history & _MASK
    changes = (bits ^ bits >> 1) & _MASK >> 1
    return sum(weight for i, weight in enumerate(_WEIGHTS) if changes >> i & 1) / (FLAP_WINDOW - 1)


def _is_flapping(history: int, *, before: bool) -> bool:
    share = flap_share(history)
    return share >= FLAP_END if before else share >= FLAP_START
