"""What the knowledge base says about one result: for `check`, whose JSON carries causes."""

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.knowledge.entry import Hints, hints_for
from uptime_tui.knowledge.facts import facts_for
from uptime_tui.knowledge.load import KnowledgeBase
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result


def advise(knowledge: KnowledgeBase, catalogue: Catalogue, monitor: Monitor, result: Result) -> Hints | None:
    """Causes for the failure of a result; None on success.

    Raises:
        UserError: the user's own runbook for this failure is wrong.
    """
    if result.failure is None:
        return None
    service = catalogue.get(monitor.target.service)
    facts = facts_for(monitor, service, result.address)
    return hints_for(knowledge.entry(result.failure), result.failure, service.name, facts)
