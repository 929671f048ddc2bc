"""Takes results in: status machine, events, incidents, journal, trend; tells who changed."""

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

from uptime_tui.engine.certificates import Certificates
from uptime_tui.engine.chronicle import Chronicle
from uptime_tui.engine.fleet import Fleet
from uptime_tui.engine.trends import Trends
from uptime_tui.journal.writer import Journal
from uptime_tui.model import status
from uptime_tui.model.failure import Side, Status
from uptime_tui.model.incident import Incident
from uptime_tui.model.result import Result
from uptime_tui.model.status import State
from uptime_tui.model.units import MonitorId
from uptime_tui.wire.messages import Counts, MonitorRow

DEPARTED_KEPT: Final = 10_000
"""Monitors that are watched no more and whose status is remembered."""


class Tracker:
    """Owns every monitor's state.

    Args:
        fleet: monitors by id.
        journal: what is kept.
        changed: told the id of a monitor whose row changed.
    """

    def __init__(self, fleet: Fleet, journal: Journal, changed: Callable[[MonitorId], None]) -> None:
        self._fleet = fleet
        self._journal = journal
        self._changed = changed
        self.states: dict[MonitorId, State] = {}
        self.newest: dict[MonitorId, Result] = {}
        self.failed: dict[MonitorId, Result] = {}
        self.good: dict[MonitorId, Result] = {}
        """The success before the newest row of failures, of those that have failed."""
        self.certificates = Certificates(journal)
        self.chronicle = Chronicle(journal)
        self.trends = Trends(journal)
        self.probes = 0
        self._unkept: list[MonitorId] = []
        """Whose turn is still to come in this round."""

    def restore(
        self,
        states: dict[MonitorId, State],
        newest: dict[MonitorId, Result],
        failed: dict[MonitorId, Result],
        incidents: dict[MonitorId, Incident],
    ) -> None:
        """Go on where the last engine ended; what was only suspected is forgotten.

        States and incidents of monitors that are not watched just now are kept too: they may come back.
        """
        self.states |= {number: status.unsuspected(state) for number, state in states.items()}
        self.chronicle.incidents |= incidents
        for number in self._fleet.monitors:
            state = states.get(number)
            if state is None:
                continue
            if number in newest:
                self.newest[number] = newest[number]
            if number in failed and state.failure is not None:
                self.failed[number] = failed[number]

    def take(self, result: Result) -> float | None:
        """Take one result in; returns seconds until the next try, None for the interval's own time."""
        number = result.monitor
        monitor = self._fleet.monitors.get(number)
        if monitor is None:
            return None
        self.probes += 1
        result = self.certificates.clock.judge(result)
        state, events = status.apply(self.states.get(number) or State(), result, monitor)
        self.states[number] = state
        if result.failure is not None and result.side is Side.THEIRS:
            self.failed[number] = result
            before = self.newest.get(number)
            if before is not None and before.failure is None:
                self.good[number] = before
        self.newest[number] = result
        self.trends.add(result)
        self._journal.keep_result(result)
        if result.certificate is not None:
            events += self.certificates.take(monitor, result, state.status)
        if events:
            self.chronicle.announce(state, events, self.failed.get(number))
        elif result.side is Side.THEIRS:
            self.chronicle.again(number)
        self._changed(number)
        if state.status is Status.UP and state.suspected is None:
            return None  # as of nearly every result of a healthy fleet
        return status.retry_delay_s(state, monitor)

    def reconcile(self, now_ms: int) -> None:
        """Bring states in line with a new set of monitors: pausing takes effect, gone ones are forgotten.

        What a monitor's status was, and its incident, is remembered for a while: a file that is written anew may
        miss it for a moment, and an undo brings it back.
        """
        tables: tuple[dict[MonitorId, Any], ...] = (*self.chronicle.tables, *self._seen())
        for table in tables:
            for number in table.keys() - self._fleet.monitors.keys():
                del table[number]
        gone = [number for number in self.states if number not in self._fleet.monitors]
        for number in gone[: max(0, len(gone) - DEPARTED_KEPT)]:
            del self.states[number]
            self.chronicle.incidents.pop(number, None)
        for number, monitor in self._fleet.monitors.items():
            state = self.states.get(number) or State()
            turn = status.pause if monitor.paused else status.resume
            state, events = turn(state, monitor, now_ms)
            self.states[number] = state
            if events:
                self.chronicle.announce(state, events, self.failed.get(number))
                self._changed(number)

    def restart(self, number: MonitorId) -> None:
        """Forget what was known of a monitor whose target was changed: it is another thing now."""
        for table in self._seen():
            table.pop(number, None)
        self.certificates.settle(self._fleet.monitors[number])
        self.states[number] = State()

    def _seen(self) -> tuple[dict[MonitorId, Any], ...]:
        """What was learned from results alone."""
        return (
            self.newest, self.failed, self.good, self.certificates.shown, *self.trends.tables
        )  # fmt: skip

    def row(self, number: MonitorId) -> MonitorRow:
        """What a table shows of a monitor now."""
        state = self.states.get(number) or State()
        certificate = self.certificates.get(number)
        return MonitorRow(
            id=number,
            status=state.status,
            since_ms=state.since_ms,
            suspected=state.suspected,
            failure=state.failure,
            detail=self._detail(number, state),
            flapping=state.flapping,
            last_ms=state.last_ms,
            latency_ms=self.trends.latency.get(number),
            cert_not_after=None if certificate is None else certificate.not_after,
            trend=self.trends.of(number),
            address=self.newest[number].address if number in self.newest else None,
        )

    def counts(self) -> Counts:
        """How many monitors are in each status."""
        tally = dict.fromkeys(Status, 0)
        for number in self._fleet.monitors:
            tally[self.states[number].status if number in self.states else Status.PENDING] += 1
        return Counts(**{kind.value: count for kind, count in tally.items()})

    def problems(self) -> tuple[str, ...]:
        """Names of monitors that are down or degraded."""
        wanted = {Status.DOWN, Status.DEGRADED}
        return tuple(
            m.name for n, m in self._fleet.monitors.items() if n in self.states and self.states[n].status in wanted
        )

    def keep_all(self) -> None:
        """Hand every state and newest record to the journal, before the end."""
        self._unkept = []
        self.keep_some(1.0)

    def keep_some(self, share: float) -> None:
        """Hand that share of the states and newest records to the journal, in turn: all at once would hold up probes.

        What a kill takes is as old as a whole round at most, but for incidents, which are handed over as they change.
        """
        if not self._unkept:
            self._unkept = list(self.states)
            self.chronicle.keep_all()
            self.trends.backends.keep_all()
        count = math.ceil(len(self.states) * share)
        some, self._unkept = self._unkept[:count], self._unkept[count:]
        for number in some:
            if number in self.states:
                self._journal.keep_state(number, self.states[number])
            if number in self.newest:
                self._journal.keep_newest(self.newest[number], failed=False)

    def forget_suspicions(self) -> Iterable[MonitorId]:
        """After a suspend: what was in flight says nothing; returns whose row changed."""
        for number, state in self.states.items():
            if state.suspected is not None:
                self.states[number] = status.unsuspected(state)
                yield number

    def _detail(self, number: MonitorId, state: State) -> str:
        if state.suspected is not None:
            failed = self.failed.get(number)
            return failed.detail if failed is not None else ""
        return state.detail
