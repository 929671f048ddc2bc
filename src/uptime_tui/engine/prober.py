"""One try of one monitor: a result whatever happens, judged for whose fault it is, handed to the tracker."""

import asyncio
import logging
import time
from functools import partial
from typing import Final, NamedTuple

from uptime_tui.engine.doubt import Doubt
from uptime_tui.engine.fleet import Fleet
from uptime_tui.engine.rests import Rests, slowed
from uptime_tui.engine.scheduler import Scheduler, Token
from uptime_tui.engine.selfcheck import Network
from uptime_tui.engine.tracker import Tracker
from uptime_tui.journal.writer import Journal
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.base import Plan, Vantage

_YOUNG_S: Final = 20.0
"""After a start the engine may know too few certificates to doubt its clock."""
_HOLD_S: Final = 3.0
_LOOK_S: Final = 0.25
_log: Final = logging.getLogger(__name__)


class _Run(NamedTuple):
    """A probe that was started."""

    plan: Plan
    token: Token
    generation: int
    began_s: float
    knocks: bool
    """The server wishes for a rest: it is only looked whether anybody is still there."""


class Prober:
    """Joins scheduler, vantage and tracker.

    Args:
        fleet: monitors and plans.
        vantage: where probes start from.
        network: whether it is us.
        tracker: takes results in.
        journal: keeps the rests that servers ask for.
    """

    scheduler: Scheduler
    """Handed in by the engine's main: each of the two needs the other."""
    doubt: Doubt
    """Judges silences; handed in likewise."""

    def __init__(self, fleet: Fleet, vantage: Vantage, network: Network, tracker: Tracker, journal: Journal) -> None:
        self._fleet = fleet
        self._vantage = vantage
        self._network = network
        self._tracker = tracker
        self.rests = Rests(journal)
        self.generation = 0
        """Counts suspends: a probe that was under way across one says nothing."""
        self.began_s = asyncio.get_running_loop().time()

    def launch(self, number: MonitorId, token: Token) -> None:
        """Start a probe (the scheduler's `launch`)."""
        plan = self._fleet.plans.get(number)
        if plan is None:
            self.scheduler.finished(token, None)
            return
        rest = None if self.rests.is_empty else self.rests.rest(plan.monitor)
        knocks = rest is not None and rest.asked  # never where one more connection does harm
        run = _Run(plan, token, self.generation, self.scheduler.now_s(), knocks)
        try:
            self._vantage.probe(plan.knock() if knocks else plan, partial(self._done, run))
        except Exception as error:  # noqa: BLE001 - a bug of ours in one probe must not stop the others
            _log.exception("probe of monitor %d", number)
            what = f"{type(error).__name__} ({safe_text(str(error), 80)})"
            self._done(run, _ours(number, what))

    def held_until_s(self, number: MonitorId) -> float:
        """When the loop's clock lets a monitor's server be called again, if only to knock; 0: now."""
        rests = self.rests
        return 0.0 if rests.is_empty else rests.held_until_s(self._fleet.monitors.get(number))

    def slowed(self, number: MonitorId) -> str:
        """Why a monitor is probed less often than its interval says, one line; empty when it is not."""
        plan = self._fleet.plans[number]
        monitor, service = plan.monitor, plan.service
        allowed_s = self.scheduler.allowed_interval_s(number)
        spaced = allowed_s > max(service.min_interval_s, monitor.interval_s)
        return slowed(monitor, service.title, self.rests.rest(monitor), allowed_s, spaced=spaced)

    def lose(self, number: MonitorId) -> None:
        """A probe never ended (the scheduler's `lost`): nothing is known of the target."""
        self._take(_ours(number, "a probe that never ended"))

    def _done(self, run: _Run, result: Result) -> None:
        if not self.scheduler.holds(run.token):
            return
        counts = self._counts(run)
        if counts and result.failure is not None and self._awaits_others(run, result):
            asyncio.get_running_loop().call_later(_LOOK_S, self._done, run, result)
            return
        if result.rest is not None:
            self.rests.note(result)
        if not counts:
            self.scheduler.finished(run.token, None)
            return
        host = run.plan.monitor.target.host
        judged = self._network.judge(result, host)
        if judged.failure is None and self.doubt.is_calm:  # nearly every result of a healthy fleet
            self.scheduler.finished(run.token, self._conclude(run, judged))
        else:
            self.doubt.weigh(judged, host, run.began_s, partial(self._settle, run))

    def _awaits_others(self, run: _Run, result: Result) -> bool:
        """Whether certificates of others are to come, just after the start, that may tell that our clock is wrong."""
        now_s = self.scheduler.now_s()
        if now_s - self.began_s > _YOUNG_S or now_s - run.began_s > _HOLD_S + (result.timings.total or 0.0) / 1000:
            return False
        return self._tracker.certificates.are_awaited(run.plan.monitor, result, self._fleet.plans)

    def _settle(self, run: _Run, result: Result) -> None:
        """It is known whose fault it is; that may have taken a while."""
        if self.scheduler.holds(run.token):
            self.scheduler.finished(run.token, self._conclude(run, result) if self._counts(run) else None)

    def _counts(self, run: _Run) -> bool:
        return run.generation == self.generation and _is_same(run.plan, self._fleet.plans.get(run.plan.monitor.id))

    def _conclude(self, run: _Run, result: Result) -> float | None:
        """A server that is gone wishes for nothing any more; that somebody opens tells nothing new."""
        if run.knocks:
            if result.status is not Status.DOWN:
                return None
            self.rests.forgive(run.plan.monitor)
        return self._take(result)

    def _take(self, result: Result) -> float | None:
        try:
            return self._tracker.take(result)
        except Exception:  # noqa: BLE001 - a bug of ours: logged, and the engine goes on
            _log.exception("result of monitor %d", result.monitor)
            return None


def _is_same(begun: Plan, now: Plan | None) -> bool:
    """Whether what was probed is what is watched now: a target that was edited meanwhile is another thing."""
    if now is begun:
        return True
    return now is not None and begun.monitor.probes_like(now.monitor)


def _ours(number: MonitorId, what: str) -> Result:
    now_ms = time.time_ns() // 1_000_000
    detail = f"a bug of uptime-tui: {what}; see the engine's log"
    return Result(number, now_ms, Failure.VANTAGE_POLICY, None, detail, Timings())
