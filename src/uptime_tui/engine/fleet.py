"""The monitors that are watched: loaded from the file, with the numbers of the journal, and what a reload changed."""

from typing import Final, NamedTuple

import msgspec

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.config.schema import Defaults
from uptime_tui.journal.writer import Journal
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.schedule import Pace
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.base import Plan

_DEPARTED_KEPT: Final = 10_000


class FleetChange(NamedTuple):
    """What is different after a load."""

    added: frozenset[MonitorId]
    removed: frozenset[MonitorId]
    changed: frozenset[MonitorId]
    """Any field differs."""
    retargeted: frozenset[MonitorId]
    """The target or its service differs: what was known does not count any more."""


class Fleet:
    """Owns the present set of monitors.

    Args:
        catalogue: the services.
        journal: gives each unique name its number.
        defaults: what the user's settings say for monitors that say nothing.
    """

    def __init__(self, catalogue: Catalogue, journal: Journal, defaults: Defaults | None = None) -> None:
        self.catalogue = catalogue
        self.defaults = defaults or Defaults()
        self._journal = journal
        self.monitors: dict[MonitorId, Monitor] = {}
        self.plans: dict[MonitorId, Plan] = {}
        self._paces: dict[str, Pace] = {}
        self._departed: dict[MonitorId, Monitor] = {}
        """Watched no more, oldest first; one that comes back with another target is another thing."""

    def pace(self, number: MonitorId) -> Pace:
        """What is polite to the service of a monitor."""
        service = self.plans[number].service
        pace = self._paces.get(service.name)
        if pace is None:
            pace = Pace(service.lane or service.name, service.per_host, service.spacing_s, service.min_interval_s)
            self._paces[service.name] = pace
        return pace

    def replace(self, drafts: tuple[Monitor, ...]) -> FleetChange:
        """Watch these from now on.

        One monitor gone and one come with the same target is a rename by hand: the history goes on.
        """
        names = {draft.name for draft in drafts}
        known = {monitor.name for monitor in self.monitors.values()}
        gone = [m for m in self.monitors.values() if m.name not in names]
        come = [draft for draft in drafts if draft.name not in known]
        if len(gone) == 1 and len(come) == 1 and gone[0].target == come[0].target:
            self._journal.rename(gone[0].name, come[0].name)
        ids = self._journal.ids([draft.name for draft in drafts])
        fresh = {ids[draft.name]: msgspec.structs.replace(draft, id=ids[draft.name]) for draft in drafts}
        before, self.monitors = self.monitors, fresh
        changed = frozenset(n for n, m in fresh.items() if n in before and before[n] != m)
        for number in before.keys() - fresh.keys():
            self._departed.pop(number, None)
            self._departed[number] = before[number]
        while len(self._departed) > _DEPARTED_KEPT:
            del self._departed[next(iter(self._departed))]
        known_as = {n: before.get(n) or self._departed.pop(n, None) for n in fresh}
        plans = {}
        for number, monitor in fresh.items():
            same = number in before and number not in changed
            service = self.catalogue.get(monitor.target.service)
            plans[number] = self.plans[number] if same else Plan(monitor, service)
        self.plans = plans
        return FleetChange(
            added=frozenset(fresh.keys() - before.keys()),
            removed=frozenset(before.keys() - fresh.keys()),
            changed=changed,
            retargeted=frozenset(
                n for n, m in fresh.items() if (was := known_as[n]) is not None and not was.probes_like(m)
            ),
        )
