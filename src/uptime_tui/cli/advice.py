"""What the knowledge base says about one result: for `check`, whose JSON carries causes."""

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.cli import diagnostics
from uptime_tui.knowledge.entry import Hints, hints_for
from uptime_tui.knowledge.facts import facts_for
from uptime_tui.knowledge.load import KnowledgeBase
from uptime_tui.model.errors import UserError
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result


def advise(knowledge: KnowledgeBase, catalogue: Catalogue, monitor: Monitor, result: Result) -> Hints | None:
    """Causes for the failure of a result; None on success.

    A fault in the user's own runbook is said once and takes nothing away: the built-in knowledge serves.
    """
    if result.failure is None:
        return None
    service = catalogue.get(monitor.target.service)
    facts = facts_for(monitor, service, result.address)
    try:
        entry = knowledge.entry(result.failure)
    except UserError as error:
        diagnostics.say(str(error))
        entry = knowledge.entry(result.failure)
    return hints_for(entry, result.failure, service.name, facts)
