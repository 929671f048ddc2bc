"""What happened to every monitor: events announced, incidents opened and closed, both handed to the journal."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from uptime_tui.journal.writer import Journal
from uptime_tui.model.events import Event, EventKind
from uptime_tui.model.incident import Incident, advance, is_problem
from uptime_tui.model.result import Result
from uptime_tui.model.status import State
from uptime_tui.model.units import MonitorId

EVENTS_KEPT: Final = 20
_SETTLED: Final = frozenset(
    {EventKind.STATUS, EventKind.FLAPPING_STARTED, EventKind.FLAPPING_ENDED, EventKind.FAILURE_CHANGED}
)
_CAUSED: Final = frozenset({EventKind.STATUS, EventKind.FAILURE_CHANGED})


class Chronicle:
    """Newest events and open incidents by monitor."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.confirmed: Callable[[MonitorId], None] | None = None
        """Told of a failure that was confirmed, or has another reason now."""
        self.goes_on: Callable[[MonitorId], None] | None = None
        """Told of every further failed probe of one that was confirmed."""
        self.incidents: dict[MonitorId, Incident] = {}
        """Open ones."""
        self._newest: dict[MonitorId, Incident] = {}
        """Open or over: the journal may not have it on disk yet."""
        self._events: dict[MonitorId, tuple[Event, ...]] = {}
        """Newest first."""
        self._complete: dict[MonitorId, bool] = {}
        """Whose events of the time before were read back."""

    @property
    def tables(self) -> tuple[dict[MonitorId, Any], ...]:
        """What can be read again, by monitor: for whoever forgets one."""
        return self._events, self._complete, self._newest

    def announce(self, state: State, events: Sequence[Event], failed: Result | None) -> None:
        """Take one monitor's events in, and what they mean for its incident.

        Args:
            state: the state they lead to.
            events: of one monitor, oldest first.
            failed: the newest result that failed, kept with a state that is no success.
        """
        settled = False
        for event in events:
            number = event.monitor
            self._events[number] = (event, *self._events.get(number, ()))[:EVENTS_KEPT]
            self._journal.keep_event(event)
            self._advance(event)
            if event.kind in _SETTLED:
                settled = True
                self._journal.keep_state(number, state)
        if settled and failed is not None and state.failure is not None:
            self._journal.keep_newest(failed, failed=True)
        caused = any(event.kind in _CAUSED for event in events)
        if caused and self.confirmed is not None and is_problem(state.status):
            self.confirmed(events[0].monitor)

    def again(self, number: MonitorId) -> None:
        """Another probe has failed of what may have an incident."""
        if self.goes_on is not None and number in self.incidents:
            self.goes_on(number)

    def recent(self, number: MonitorId, read: Callable[[MonitorId, int], tuple[Event, ...]]) -> tuple[Event, ...]:
        """The newest events, newest first.

        Args:
            number: whose.
            read: fetches the newest that were kept, asked once per monitor.
        """
        seen = self._events.get(number, ())
        if number not in self._complete:
            self._complete[number] = True
            older = tuple(event for event in read(number, EVENTS_KEPT) if event not in seen)
            seen = self._events[number] = (*seen, *older)[:EVENTS_KEPT]
        return seen

    def lately(
        self, number: MonitorId, limit: int, read: Callable[[MonitorId, int], tuple[Incident, ...]]
    ) -> tuple[Incident, ...]:
        """The newest incidents, newest first.

        Args:
            number: whose.
            limit: how many at most.
            read: fetches the newest that are on disk.
        """
        newest = self._newest.get(number)
        if newest is None:
            return read(number, limit)
        return (newest, *(each for each in read(number, limit) if each.id != newest.id))[:limit]

    def keep_all(self) -> None:
        """Hand every open incident to the journal: a new one may have taken the place of a broken one."""
        for incident in self.incidents.values():
            self._journal.keep_incident(incident)

    def _advance(self, event: Event) -> None:
        before = self.incidents.get(event.monitor)
        after = advance(before, event)
        if after is None or after is before:
            return
        after = self._newest[event.monitor] = self._journal.keep_incident(after)
        if after.closed_ms is None:
            self.incidents[event.monitor] = after
        else:
            self.incidents.pop(event.monitor, None)
