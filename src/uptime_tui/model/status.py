"""The status machine: (state, result, thresholds) gives (state, events). Pure; time comes in as an argument.

A failure is *suspected* until it was seen `failure_threshold` times in a row (at once where its class is
deterministic) and *confirmed* then; while it is suspected the status stays what it was and nobody is alerted.
Recovery takes `success_threshold` successes in a row. Flapping is judged over the last 21 results by weighted
state changes (newer ones weigh more), as Nagios documents it: start above 50 %, end below 25 %.
"""

from typing import Final

import msgspec

from uptime_tui.model.events import Event
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result

RETRY_DELAYS_S: Final = (2.0, 5.0, 10.0)
"""Wait before the next probe after the 1st, 2nd, 3rd… suspected failure in a row."""
FLAP_WINDOW: Final = 21
FLAP_START: Final = 0.50
FLAP_END: Final = 0.25


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
    history: int = 0
    """The last 21 results, one bit each, newest lowest, 1 = failed; the bit above the oldest marks the length."""
    flapping: bool = False
    last_ms: int = 0
    """Start of the newest probe."""


def apply(state: State, result: Result, monitor: Monitor) -> tuple[State, tuple[Event, ...]]:
    """Move the machine by one result.

    A result whose side is ours (out of descriptors, watcher offline) makes the status `unknown` at once and
    counts neither as failure nor as success.
    """
    raise NotImplementedError


def pause(state: State, monitor: Monitor, now_ms: int) -> tuple[State, tuple[Event, ...]]:
    """Paused by the user: a status of its own, rows in a row forgotten."""
    raise NotImplementedError


def resume(state: State, monitor: Monitor, now_ms: int) -> tuple[State, tuple[Event, ...]]:
    """Back to pending until the next result."""
    raise NotImplementedError


def retry_delay_s(state: State, monitor: Monitor) -> float | None:
    """Seconds until the recheck of a suspected failure or an unconfirmed recovery; None: wait for the interval."""
    raise NotImplementedError
