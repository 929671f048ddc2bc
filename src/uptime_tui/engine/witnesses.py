"""Who else is asked when something is silent: monitors in other networks, out of turn."""

import random
from collections.abc import Collection
from typing import Final

from uptime_tui.engine.doubt import QUORUM, network_of
from uptime_tui.engine.fleet import Fleet
from uptime_tui.engine.scheduler import Scheduler
from uptime_tui.engine.silence import Reach, reach
from uptime_tui.engine.tracker import Tracker

_LOOKED_AT: Final = 64
"""Monitors that are looked at."""


class Witnesses:
    """Finds and calls them.

    Args:
        fleet: monitors and plans.
        tracker: what each said last.
        scheduler: starts their probes.
    """

    def __init__(self, fleet: Fleet, tracker: Tracker, scheduler: Scheduler) -> None:
        self._fleet = fleet
        self._tracker = tracker
        self._scheduler = scheduler

    def call(self, but: Collection[str], least: Reach) -> float:
        """Probe some monitors out of turn that are in networks other than these, each in another.

        Args:
            but: networks as `doubt.network_of` names them.
            least: how far each must have got lately, where that is more than a connection.

        Returns:
            Seconds that the longest of their probes may take; 0 when there is nobody.
        """
        longest_s, asked = 0.0, set(but)
        known = list(self._tracker.newest.items())
        for number, newest in random.sample(known, min(len(known), _LOOKED_AT)):
            plan = self._fleet.plans.get(number)
            if plan is None or plan.monitor.paused or (least > Reach.CONNECTED and reach(newest) < least):
                continue
            place = network_of(newest.address or plan.monitor.target.host)
            if place not in asked and (self._scheduler.is_running(number) or self._scheduler.hurry(number)):
                asked.add(place)
                longest_s = max(longest_s, plan.monitor.timeout_s)
                if len(asked) - len(but) >= QUORUM:
                    break
        return longest_s
