"""One probe and the search for its cause, without an engine; what a running engine knows of the fleet is used."""

import asyncio
from collections.abc import Iterable

from uptime_tui.cli.advice import Advise
from uptime_tui.cli.probing import own_vantage
from uptime_tui.config.schema import Settings
from uptime_tui.diagnose.case import MAX_S, Case, Means, Neighbour
from uptime_tui.diagnose.collect import collect
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.failure import Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import probe_once
from uptime_tui.wire.messages import MonitorRow


async def diagnose(
    plan: Plan, others: Iterable[Monitor], rows: dict[str, MonitorRow], settings: Settings, advise: Advise
) -> Diagnosis:
    """Probe once, then look for the cause.

    Args:
        plan: what is probed.
        others: the configured monitors.
        rows: by name, what a running engine knows of them.
        settings: name servers and trust.
        advise: what the knowledge base says of a result.
    """
    async with own_vantage(settings) as vantage:
        result = await probe_once(vantage, plan)
        known = tuple(_neighbour(other, rows.get(other.name)) for other in others if other.name != plan.monitor.name)
        case = Case(plan, result, neighbours=known)
        deadline_s = asyncio.get_running_loop().time() + MAX_S
        means = Means(vantage.means.dialler, vantage.means.resolver, deadline_s)
        return await collect(case, means, advise(plan.monitor, result), lambda _: None)


def _neighbour(monitor: Monitor, row: MonitorRow | None) -> Neighbour:
    if row is None:
        return Neighbour(monitor, Status.PENDING)
    return Neighbour(monitor, row.status, row.suspected or row.failure, row.address, row.since_ms, last_ms=row.last_ms)
