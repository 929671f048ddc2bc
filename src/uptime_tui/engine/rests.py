"""Who is to be left alone, and until when: kept across restarts, obeyed by schedule, rechecks and trials alike."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from uptime_tui.journal.writer import Journal
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.outcome import Rest
from uptime_tui.model.result import Result
from uptime_tui.model.units import format_duration

_NOBODY: Final = 0.0


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Rests:
    """Owns the rests that servers were promised (`model.outcome.Rest`), by who calls where.

    Args:
        journal: keeps them.
        clock: monotonic seconds, those of the loop.
        wall_ms: Unix milliseconds.
    """

    def __init__(
        self, journal: Journal, clock: Callable[[], float] = time.monotonic, wall_ms: Callable[[], int] = _wall_ms
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._wall_ms = wall_ms
        self._held: dict[str, tuple[float, Rest]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nobody was ever promised one."""
        return not self._held

    def restore(self, kept: Iterable[tuple[int, Rest]]) -> None:
        """Go on with what the last engine promised: pairs of the end in Unix milliseconds and the rest."""
        for until_ms, rest in kept:
            # no longer than promised, whatever became of the wall clock meanwhile
            self._hold(rest, min((until_ms - self._wall_ms()) / 1000, rest.seconds))

    def note(self, result: Result) -> None:
        """Keep what a conversation asked for."""
        rest = result.rest
        if rest is None:
            return
        until_ms = result.at_ms + int(rest.seconds * 1000)
        self._journal.keep_rest(until_ms, rest)
        self._hold(rest, min((until_ms - self._wall_ms()) / 1000, rest.seconds))

    def until_s(self, monitor: Monitor | None) -> float:
        """When the clock lets this monitor call again; 0 when it may now."""
        if monitor is None:
            return _NOBODY
        held = self._held.get(monitor.caller)
        return held[0] if held is not None else _NOBODY

    def rest(self, monitor: Monitor) -> Rest | None:
        """The rest that still holds for this monitor."""
        held = self._held.get(monitor.caller)
        if held is None:
            return None
        if held[0] <= self._clock():
            del self._held[monitor.caller]
            return None
        return held[1]

    def refusal(self, monitor: Monitor) -> str:
        """Why a probe asked for by hand is not made; empty when nothing speaks against it."""
        rest = self.rest(monitor)
        if rest is None:
            return ""
        left_s = max(1, round(self.until_s(monitor) - self._clock()))
        return f"not again for {format_duration(left_s)}: {rest.why}"

    def _hold(self, rest: Rest, seconds: float) -> None:
        if seconds > 0:
            self._held[rest.of] = self._clock() + seconds, rest


def slowed(monitor: Monitor, title: str, rest: Rest | None, allowed_s: float, *, spaced: bool) -> str:
    """Why a monitor is probed less often than its interval says, one line; empty when it is not.

    Args:
        monitor: with its interval.
        title: its service's.
        rest: that holds for it.
        allowed_s: the interval that its service and its neighbours on the host leave.
        spaced: its neighbours are why.
    """
    if rest is not None and rest.seconds > monitor.interval_s:
        every_s, why = rest.seconds, rest.why
    elif allowed_s > monitor.interval_s * 1.01:
        every_s = allowed_s
        why = f"{title} probes of one host are spaced out" if spaced else f"more often is not polite to {title}"
    else:
        return ""
    return f"probed every {format_duration(round(every_s))}, not {format_duration(monitor.interval_s)}: {why}"
