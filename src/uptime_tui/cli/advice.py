"""What the knowledge base says about one result: for `check`, whose JSON carries causes."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.cli import diagnostics
from uptime_tui.knowledge.entry import Hints
from uptime_tui.knowledge.load import KnowledgeBase
from uptime_tui.loading import loading
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result
from uptime_tui.vantage.base import Plan

if TYPE_CHECKING:
    from uptime_tui.vantage.local import LocalVantage

Advise = Callable[[Monitor, Result], Hints | None]
"""What is known of a monitor's result."""


def advise(knowledge: KnowledgeBase, catalogue: Catalogue, monitor: Monitor, result: Result) -> Hints | None:
    """Causes for the failure of a result; None on success."""
    if result.failure is None:
        return None
    service = catalogue.get(monitor.target.service)
    return knowledge.hints(result.failure, monitor, service, result.address, diagnostics.say, phase=result.phase)


async def in_order(vantage: "LocalVantage", plan: Plan, result: Result, advise: Advise) -> Hints | None:
    """What is known of a result, its causes in the order that can be told from here without sending anything more.

    Args:
        vantage: that has probed.
        plan: monitor and service.
        result: of the probe.
        advise: what the knowledge base says.
    """
    hints = advise(plan.monitor, result)
    if hints is None:
        return None
    with loading():
        from uptime_tui.diagnose.case import Case, Means
        from uptime_tui.diagnose.collect import glance

    addresses = (result.address,) if result.address else ()
    means = Means(vantage.means.dialler, vantage.means.resolver, asyncio.get_running_loop().time() + 1.0)
    return await glance(Case(plan, result, addresses=addresses), means, hints)
