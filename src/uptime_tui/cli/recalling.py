"""An incident explained again from the evidence that was kept with it, by what is known today; nothing is sent."""

from pathlib import Path

import msgspec

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.cli import diagnostics
from uptime_tui.diagnose.rank import rank
from uptime_tui.engine.recall import recall
from uptime_tui.knowledge.load import KnowledgeBase
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.monitor import Monitor


def replay(journal: Path, monitor: Monitor, place: int, knowledge: KnowledgeBase, catalogue: Catalogue) -> Diagnosis:
    """The facts that were kept, the causes ranked by today's knowledge base and runbooks.

    Args:
        journal: the file.
        monitor: a configured one.
        place: 1 for its newest incident, 2 for the one before.
        knowledge: with the user's runbooks.
        catalogue: the services.

    Raises:
        UserError: as of `engine.recall`.
    """
    diagnosis = recall(journal, monitor, place)
    if diagnosis.failure is None:
        return diagnosis
    service, failed = catalogue.get(monitor.target.service), diagnosis.failed
    hints = knowledge.hints(diagnosis.failure, monitor, service, failed.address, diagnostics.say, phase=failed.phase)
    return msgspec.structs.replace(diagnosis, suspects=rank(hints, diagnosis.evidence))
