"""Who is to be left alone, and until when: kept across restarts, obeyed by schedule, rechecks and trials alike."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from uptime_tui.journal.writer import Journal
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.outcome import Rest, longest_wish_s
from uptime_tui.model.result import Result
from uptime_tui.model.units import format_duration

_NOBODY: Final = 0.0
_SLACK_S: Final = 1.0
_UNSEEN_S: Final = 60.0
"""So long a server's own wish is simply waited for, or for the interval where that is longer."""


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
        """Whether nobody has one."""
        return not self._held

    def restore(self, kept: Iterable[tuple[int, Rest]]) -> None:
        """Go on with what the last engine promised: pairs of the end in Unix milliseconds and the rest."""
        for until_ms, rest in kept:
            # no longer than promised, whatever became of the wall clock meanwhile
            left_s = (until_ms - self._wall_ms()) / 1000
            self._hold(rest, min(left_s, rest.seconds))
            if left_s > rest.seconds + _SLACK_S:  # kept by a clock that was wrong: it would begin anew at every start
                self._journal.keep_rest(self._wall_ms() + int(rest.seconds * 1000), rest)

    def note(self, result: Result) -> None:
        """Keep what a conversation asked for."""
        rest = result.rest
        if rest is None:
            return
        from_ms = self._wall_ms() if rest.asked else result.at_ms  # a wish is told at the end of a visit
        until_ms = from_ms + int(rest.seconds * 1000)
        self._journal.keep_rest(until_ms, rest)
        self._hold(rest, min((until_ms - self._wall_ms()) / 1000, rest.seconds))

    def until_s(self, monitor: Monitor | None) -> float:
        """When the clock lets this monitor call again; 0 when it may now."""
        if monitor is None:
            return _NOBODY
        return max((until_s for until_s, _ in self._of(monitor)), default=_NOBODY)

    def held_until_s(self, monitor: Monitor | None) -> float:
        """When the clock lets this monitor look there at all, if only whether anybody is still there; 0: now.

        A wish that lasts longer than the interval must not hide an outage: a connect that says nothing is polite.
        """
        if monitor is None:
            return _NOBODY
        soon_s = self._clock() + max(monitor.interval_s, _UNSEEN_S)
        held = (until_s for until_s, rest in self._of(monitor) if not rest.asked or until_s <= soon_s)
        return max(held, default=_NOBODY)

    def slept(self, seconds: float) -> None:
        """This machine slept, and the clock with it: the servers' time went on."""
        self._held = {of: (until_s - seconds, rest) for of, (until_s, rest) in self._held.items()}

    def rest(self, monitor: Monitor) -> Rest | None:
        """The rest that still holds for this monitor."""
        now_s = self._clock()
        lasting = [(until_s, rest) for until_s, rest in self._of(monitor) if until_s > now_s]
        return max(lasting, key=lambda each: each[0])[1] if lasting else None

    def forgive(self, monitor: Monitor) -> None:
        """Ask all the same where the server only wishes for a rest: a person wants to know, or it is gone itself."""
        self._held.pop(monitor.resource, None)

    def refusal(self, monitor: Monitor) -> str:
        """Why a probe asked for by hand is not made; empty when nothing speaks against it."""
        rest = self.rest(monitor)
        if rest is None:
            return ""
        left_s = max(1, round(self.until_s(monitor) - self._clock()))
        return f"not again for {format_duration(left_s)}: {rest.why}"

    def _of(self, monitor: Monitor) -> Iterator[tuple[float, Rest]]:
        """What holds for it, and until when: what was granted to one with a long interval is cut for another."""
        for key in (monitor.caller, monitor.resource):
            if key in self._held:
                until_s, rest = self._held[key]
                if until_s <= self._clock():
                    del self._held[key]  # none that is over is asked for again with every probe
                    continue
                over_s = rest.seconds - longest_wish_s(monitor.interval_s) if rest.asked else 0.0
                yield until_s - max(0.0, over_s), rest

    def _hold(self, rest: Rest, seconds: float) -> None:
        if seconds > 0:
            self._held[rest.of] = self._clock() + seconds, rest


def slowed(monitor: Monitor, title: str, rest: Rest | None, allowed_s: float, *, spaced: bool) -> str:
    """Why a monitor is probed less often than its interval says, or not sooner again; one line, empty when it is not.

    Args:
        monitor: with its interval.
        title: its service's.
        rest: that holds for it.
        allowed_s: the interval that its service and its neighbours on the host leave.
        spaced: its neighbours are why.
    """
    if rest is not None and rest.asked:
        return f"waits {format_duration(round(rest.seconds))}: {rest.why}"
    if rest is not None and rest.seconds > monitor.interval_s:
        every_s, why = rest.seconds, rest.why
    elif allowed_s > monitor.interval_s * 1.01:
        every_s = allowed_s
        why = f"{title} probes of one host are spaced out" if spaced else f"more often is not polite to {title}"
    else:
        return ""
    return f"probed every {format_duration(round(every_s))}, not {format_duration(monitor.interval_s)}: {why}"
