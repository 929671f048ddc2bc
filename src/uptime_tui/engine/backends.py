"""What the addresses of each monitor's name said lately: only where one has several, and bounded."""

from collections import deque
from typing import Final

from uptime_tui.journal.writer import Journal
from uptime_tui.model.diagnosis import Past
from uptime_tui.model.result import Result
from uptime_tui.model.units import MonitorId

KEPT: Final = 200
"""Trials of one monitor that are remembered."""


class Backends:
    """Filled by every result; read when somebody asks which address it is.

    Args:
        journal: keeps them over a restart.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.past: dict[MonitorId, deque[Past]] = {}
        """Oldest first."""

    def restore(self, kept: dict[MonitorId, list[Past]]) -> None:
        """Go on where the last engine ended."""
        for number, some in kept.items():
            self.past[number] = deque(some, KEPT)

    def take(self, result: Result) -> None:
        """Take one result in."""
        if result.trials:
            past = self.past.setdefault(result.monitor, deque(maxlen=KEPT))
            past.extend(Past(result.at_ms, t.failure, t.address, t.total_ms) for t in result.trials)

    def of(self, number: MonitorId) -> tuple[Past, ...]:
        """All that is remembered of a monitor's addresses, oldest first."""
        return tuple(self.past.get(number, ()))

    def keep(self, number: MonitorId) -> None:
        """Hand those of a monitor to the journal."""
        if number in self.past:
            self._journal.keep_backends(number, tuple(self.past[number]))

    def keep_all(self) -> None:
        """Hand all of them over: before the end, and now and then."""
        for number in self.past:
            self.keep(number)
