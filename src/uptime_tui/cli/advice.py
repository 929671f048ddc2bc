"""What the knowledge base says about one result: for `check`, whose JSON carries causes."""

from collections.abc import Callable

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.cli import diagnostics
from uptime_tui.knowledge.entry import Hints
from uptime_tui.knowledge.load import KnowledgeBase
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result

Advise = Callable[[Monitor, Result], Hints | None]
"""What is known of a monitor's result."""


def advise(knowledge: KnowledgeBase, catalogue: Catalogue, monitor: Monitor, result: Result) -> Hints | None:
    """Causes for the failure of a result; None on success."""
    if result.failure is None:
        return None
    service = catalogue.get(monitor.target.service)
    return knowledge.hints(result.failure, monitor, service, result.address, diagnostics.say, phase=result.phase)
