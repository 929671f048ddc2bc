"""When a monitor is due. Pure: clock and chance come in as arguments."""

from uptime_tui.model.units import MonitorId


def first_due_s(monitor: MonitorId, name: str, interval_s: float) -> float:
    """Seconds after the start at which a monitor is probed first: spread evenly over the interval by a stable hash."""
    raise NotImplementedError


def next_due_s(previous_due_s: float, now_s: float, interval_s: float, chance: float) -> float:
    """Next start on the same monotonic clock, with at most ±5 % jitter; late starts are skipped, never bunched.

    Args:
        previous_due_s: when the last probe was due (not when it started: lateness does not add up).
        now_s: monotonic now.
        interval_s: the monitor's interval.
        chance: uniform in [0, 1), given by the caller.
    """
    raise NotImplementedError
