"""When a monitor is due. Pure: clock and chance come in as arguments."""

from typing import Final, NamedTuple
from zlib import crc32

JITTER: Final = 0.05


class Pace(NamedTuple):
    """What is polite to a service."""

    lane: str = ""
    """Monitors of one host in the same lane share its limits."""
    per_host: int = 100
    """Probes at once in a lane of a host."""
    spacing_s: float = 0.0
    """Least time between two starts in a lane of a host."""
    min_interval_s: float = 0.0
    """Least interval of one monitor."""


def first_due_s(name: str, interval_s: float) -> float:
    """Seconds after the start at which a monitor is probed first.

    Spread evenly by a stable hash of the name, over the interval but at most 30 s: nobody waits a quarter of an
    hour for the first colour of a row.
    """
    return crc32(name.encode()) / 2**32 * min(interval_s, 30.0)


def next_due_s(previous_due_s: float, now_s: float, interval_s: float, chance: float) -> float:
    """Next start on the same monotonic clock, with at most ±5 % jitter; late starts are skipped, never bunched.

    Args:
        previous_due_s: when the last probe was due (not when it started: lateness does not add up).
        now_s: monotonic now.
        interval_s: the monitor's interval.
        chance: uniform in [0, 1), given by the caller.
    """
    step = interval_s * (1 + JITTER * (2 * chance - 1))
    due = previous_due_s + step
    if due <= now_s:
        missed = int((now_s - due) // interval_s) + 1
        due += missed * interval_s
    return due
