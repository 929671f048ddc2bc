"""Looks for the cause of every failure that was confirmed: a few at a time, one per host, and keeps what was found."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NamedTuple

from uptime_tui.diagnose.case import MAX_S, Case, Means, Neighbour
from uptime_tui.diagnose.collect import collect
from uptime_tui.engine.fleet import Fleet
from uptime_tui.engine.tracker import Tracker
from uptime_tui.journal.writer import Journal
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.failure import Failure
from uptime_tui.model.result import Result
from uptime_tui.model.status import State, verdicts
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.local import LocalVantage

AT_ONCE: Final = 4
WAITING: Final = 500
"""More confirmed failures than this at once are one event, which a few of them explain first; the others are looked
into when they fail again and there is room."""
KEPT: Final = 500
"""Diagnoses in memory; the others are in the journal."""
_FRESH_S: Final = 1.0
"""How long a picture of the whole fleet is good for."""
_HOLD_S: Final = 3.0
"""How long a search waits for the first word of others on its host: with them, a fault of one service can be told
from one of all."""
_LOOK_S: Final = 0.25
_NEW: Final = State()
_log: Final = logging.getLogger(__name__)


class _Wanted(NamedTuple):
    """What is to be explained, frozen when it was confirmed."""

    failed: Result
    last_good: Result | None
    incident: int
    """0: none."""
    across: Failure | None
    """Set where the failure is one of several probes together."""
    by_hand: bool = False
    """Somebody asks: the domain of a mail server is audited too."""
    due_s: float = 0.0
    """It waits for nobody any more then, on the loop's clock."""


class Diagnoses:
    """Owns them.

    Args:
        fleet: monitors and plans.
        tracker: their states and newest results.
        journal: keeps what was found with its incident.
        vantage: whose sockets and names are used.
        runbooks: the user's own knowledge, a folder.
        changed: told the id of a monitor of which more is known.
        spawn: runs a coroutine and keeps hold of it.
    """

    recall: Callable[[MonitorId], Diagnosis | None]
    """Reads the newest one of a monitor that was kept; handed in by the engine's main."""
    kept: Callable[[int], tuple[Diagnosis, ...]]
    """Reads those of an incident."""
    is_offline: Callable[[], bool]
    """Whether this machine has no network."""
    dkim_selectors: tuple[str, ...] = ()
    dnsbl: tuple[str, ...] = ()

    def __init__(
        self,
        fleet: Fleet,
        tracker: Tracker,
        journal: Journal,
        vantage: LocalVantage,
        runbooks: Path,
        changed: Callable[[MonitorId], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._fleet = fleet
        self._tracker = tracker
        tracker.chronicle.confirmed, tracker.chronicle.goes_on = self.confirmed, self.goes_on
        self._journal = journal
        self._means = vantage.means
        self._knowledge = load_knowledge(runbooks)
        self._changed = changed
        self._spawn = spawn
        self._found: dict[MonitorId, Diagnosis | None] = {}
        """Newest last; None: the journal has none."""
        self._waiting: dict[MonitorId, _Wanted] = {}
        self._unexplained: set[MonitorId] = set()
        """Their incidents go on without a diagnosis."""
        self._running: dict[MonitorId, str] = {}
        """Monitor to its host."""
        self._fleet_s = -_FRESH_S
        self._neighbours: tuple[Neighbour, ...] = ()
        self._silent_s = -_LOOK_S
        self._silent: set[str] = set()
        self._look: asyncio.TimerHandle | None = None

    def confirmed(self, number: MonitorId) -> None:
        """A failure has been confirmed, or its reason is another one: find out why."""
        failed = self._tracker.failed.get(number)
        if failed is not None:
            self._tracker.trends.backends.keep(number)
            self._want(number, failed)

    def restore(self, unexplained: set[MonitorId]) -> None:
        """Monitors whose incident goes on, and whose diagnosis the last engine did not finish."""
        self._unexplained |= unexplained

    def goes_on(self, number: MonitorId) -> None:
        """A confirmed failure was seen once more: find out why, where that was not done yet."""
        if number in self._unexplained:
            self.confirmed(number)

    def ask(self, number: MonitorId) -> bool:
        """Somebody wants to know; False before the first probe has ended."""
        state = self._tracker.states.get(number) or State()
        failed = self._tracker.failed.get(number) if state.failure or state.suspected else None
        seen = failed or self._tracker.newest.get(number)
        if seen is None:
            return False
        self._want(number, seen, by_hand=True)
        return True

    def of(self, number: MonitorId) -> Diagnosis | None:
        """The newest one of a monitor, as far as it has got."""
        if number not in self._found:
            self._keep(number, self.recall(number))
        return self._found[number]

    def forget(self, number: MonitorId) -> None:
        """The monitor is another thing now, or gone."""
        self._found.pop(number, None)
        self._waiting.pop(number, None)
        self._unexplained.discard(number)

    def _want(self, number: MonitorId, seen: Result, *, by_hand: bool = False) -> None:
        before = self._waiting.get(number)
        if before is None and not by_hand and len(self._waiting) >= WAITING:
            self._unexplained.add(number)
            return
        self._unexplained.discard(number)
        by_hand = by_hand or (before is not None and before.by_hand)
        incident = self._tracker.chronicle.incidents.get(number)
        good = self._tracker.good.get(number)
        state = self._tracker.states.get(number) or State()
        across = state.failure if state.failure is Failure.INTERMITTENT else None
        due_s = asyncio.get_running_loop().time() + (0.0 if by_hand else _HOLD_S)
        self._waiting[number] = _Wanted(seen, good, 0 if incident is None else incident.id, across, by_hand, due_s)
        if by_hand:  # a person waits for it: before all others, however many there are
            self._waiting = {number: self._waiting.pop(number), **self._waiting}
        self._next()

    def _next(self) -> None:
        """Begin as many as may run, at most one per host, and none before its neighbours had time to speak."""
        loop = asyncio.get_running_loop()
        for number, wanted in list(self._waiting.items()):
            if len(self._running) >= AT_ONCE:
                return
            monitor = self._fleet.monitors.get(number)
            if monitor is None:
                del self._waiting[number]
                continue
            host = monitor.target.host
            if host in self._running.values():
                continue
            if loop.time() < wanted.due_s and host in self._silent_hosts(loop.time()):
                self._look = self._look or loop.call_later(_LOOK_S, self._look_again)
                continue
            self._running[number] = host
            self._spawn(self._run(number, self._waiting.pop(number)))

    def _look_again(self) -> None:
        self._look, self._fleet_s = None, -_FRESH_S
        self._next()

    def _silent_hosts(self, now_s: float) -> set[str]:
        """Where a monitor has not been probed yet; good for a moment, as many may fail in it."""
        if now_s - self._silent_s >= _LOOK_S:
            states = self._tracker.states
            self._silent_s = now_s
            self._silent = {
                monitor.target.host
                for number, monitor in self._fleet.monitors.items()
                if not monitor.paused and not (states.get(number) or _NEW).last_ms
            }
        return self._silent

    async def _run(self, number: MonitorId, wanted: _Wanted) -> None:
        try:
            found = await self._search(number, wanted)
            if found is not None and wanted.incident and number in self._fleet.monitors:
                self._journal.keep_diagnosis(wanted.incident, found)
        except Exception:  # noqa: BLE001 - a bug of ours: logged, and the engine goes on
            _log.exception("diagnosis of monitor %d", number)
        finally:
            self._running.pop(number, None)
            self._next()

    async def _search(self, number: MonitorId, wanted: _Wanted) -> Diagnosis | None:
        plan, failed = self._fleet.plans.get(number), wanted.failed
        if plan is None:  # deleted since it was this one's turn
            return None
        state = self._tracker.states.get(number) or State()
        case = Case(
            plan,
            failed,
            across=wanted.across,
            last_good=wanted.last_good,
            neighbours=tuple(each for each in self._others() if each.monitor.id != number),
            past=self._tracker.trends.backends.of(number),
            recent=verdicts(state.history),
            since_ms=state.streak_ms,
            offline=self.is_offline(),
            dkim_selectors=self.dkim_selectors,
            dnsbl=self.dnsbl,
        )
        hints = None
        if case.failure is not None:
            hints = self._knowledge.hints(case.failure, plan.monitor, plan.service, failed.address, _log.warning)

        def tell(found: Diagnosis) -> None:
            if self._fleet.plans.get(number) is plan:  # else it was edited: it is another thing now, or gone
                self._told(found)

        deadline_s = asyncio.get_running_loop().time() + MAX_S
        means = Means(self._means.dialler, self._means.resolver, deadline_s)
        return await collect(case, means, hints, tell, audit=wanted.by_hand)

    def _told(self, diagnosis: Diagnosis) -> None:
        self._keep(diagnosis.monitor, diagnosis)
        self._changed(diagnosis.monitor)

    def _keep(self, number: MonitorId, diagnosis: Diagnosis | None) -> None:
        self._found.pop(number, None)
        self._found[number] = diagnosis
        while len(self._found) > KEPT:
            del self._found[next(iter(self._found))]

    def _others(self) -> tuple[Neighbour, ...]:
        """The fleet as it is now, made once a second at most: a host that goes down takes many with it."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._fleet_s >= _FRESH_S:
            self._fleet_s = now_s
            self._neighbours = tuple(map(self._neighbour, self._fleet.monitors))
        return self._neighbours

    def _neighbour(self, number: MonitorId) -> Neighbour:
        tracker = self._tracker
        state = tracker.states.get(number) or State()
        newest = tracker.newest.get(number)
        certificate = tracker.certificates.get(number)
        return Neighbour(
            self._fleet.monitors[number],
            state.status,
            state.suspected or state.failure,
            None if newest is None else newest.address,
            state.since_ms,
            "" if certificate is None else certificate.sha256,
            state.last_ms,
            0 if certificate is None else certificate.not_after,
        )
