"""One try of one monitor: a result whatever happens, judged for whose fault it is, handed to the tracker."""

import logging
import time
from typing import Final

from uptime_tui.engine.fleet import Fleet
from uptime_tui.engine.scheduler import Scheduler
from uptime_tui.engine.selfcheck import Network
from uptime_tui.engine.tracker import Tracker
from uptime_tui.model.failure import Failure
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.base import Vantage

_log: Final = logging.getLogger(__name__)


class Prober:
    """Joins scheduler, vantage and tracker.

    Args:
        fleet: monitors and plans.
        vantage: where probes start from.
        network: whether it is us.
        tracker: takes results in.
    """

    def __init__(self, fleet: Fleet, vantage: Vantage, network: Network, tracker: Tracker) -> None:
        self._fleet = fleet
        self._vantage = vantage
        self._network = network
        self._tracker = tracker
        self.scheduler: Scheduler | None = None
        self.generation = 0
        """Counts suspends: a probe that was under way across one says nothing."""

    def launch(self, number: MonitorId) -> None:
        """Start a probe (the scheduler's `launch`)."""
        plan = self._fleet.plans.get(number)
        if plan is None:
            return
        generation = self.generation

        def done(result: Result) -> None:
            self._done(number, result, generation)

        try:
            self._vantage.probe(plan, done)
        except Exception as error:  # noqa: BLE001 - a bug of ours in one probe must not stop the others
            _log.exception("probe of monitor %d", number)
            detail = f"a bug of uptime-tui: {type(error).__name__} ({safe_text(str(error), 80)}); see the engine's log"
            now_ms = time.time_ns() // 1_000_000
            done(Result(number, now_ms, Failure.VANTAGE_POLICY, None, detail, Timings()))

    def _done(self, number: MonitorId, result: Result, generation: int) -> None:
        retry_s = None
        plan = self._fleet.plans.get(number)
        if generation == self.generation and plan is not None:
            judged = self._network.judge(result, plan.monitor.target.host)
            try:
                retry_s = self._tracker.take(judged)
            except Exception:  # noqa: BLE001 - a bug of ours: logged, and the engine goes on
                _log.exception("result of monitor %d", number)
        if self.scheduler is not None:
            self.scheduler.finished(number, retry_s)
