"""One probe and the search for its cause, without an engine; what a running engine knows of the fleet is used."""

import asyncio
from collections.abc import Iterable, Iterator

from uptime_tui.catalogue.service import Service
from uptime_tui.cli.advice import Advise
from uptime_tui.cli.probing import own_vantage
from uptime_tui.config.settings import Settings
from uptime_tui.diagnose.case import MAX_S, Case, Means, Neighbour
from uptime_tui.diagnose.collect import collect
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.failure import Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import probe_once
from uptime_tui.wire.messages import FleetState


async def diagnose(
    monitor: Monitor,
    service: Service,
    others: Iterable[Monitor],
    fleet: FleetState | None,
    settings: Settings,
    advise: Advise,
) -> Diagnosis:
    """Probe once, then look for the cause; audit the domain of a mail server.

    Args:
        monitor: what is probed.
        service: the catalogue's word on it.
        others: the configured monitors.
        fleet: what a running engine knows of them; None when none runs.
        settings: name servers and trust.
        advise: what the knowledge base says of a result.
    """
    async with own_vantage(settings) as vantage:
        plan = Plan(monitor, service)
        result = await probe_once(vantage, plan)
        known = tuple(each for each in _neighbours(others, fleet) if each.monitor.target != monitor.target)
        told = settings.diagnose
        case = Case(plan, result, neighbours=known, dkim_selectors=told.dkim_selectors, dnsbl=told.dnsbl)
        deadline_s = asyncio.get_running_loop().time() + MAX_S
        means = Means(vantage.means.dialler, vantage.means.resolver, deadline_s)
        return await collect(case, means, advise(monitor, result), lambda _: None, audit=True)


def _neighbours(others: Iterable[Monitor], fleet: FleetState | None) -> Iterator[Neighbour]:
    """The configured monitors, each with what the engine's newest probe of it says."""
    numbers = {} if fleet is None else {monitor.name: monitor.id for monitor in fleet.monitors}
    rows = {} if fleet is None else {row.id: row for row in fleet.rows}
    certificates = {} if fleet is None else {shown.id: shown for shown in fleet.certificates}
    for other in others:
        number = numbers.get(other.name)
        row = rows.get(number) if number is not None else None
        if row is None:
            yield Neighbour(other, Status.PENDING)
            continue
        shown = certificates.get(row.id)
        yield Neighbour(
            other, row.status, row.suspected or row.failure, row.address, row.since_ms, last_ms=row.last_ms,
            certificate=shown.sha256 if shown else "", certificate_end=shown.not_after if shown else 0,
        )  # fmt: skip
