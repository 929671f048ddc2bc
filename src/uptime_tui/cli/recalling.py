"""An incident explained again from the evidence that was kept with it, by what is known today; nothing is sent."""

import msgspec

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.cli import diagnostics
from uptime_tui.diagnose.rank import rank
from uptime_tui.knowledge.load import KnowledgeBase
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.monitor import Monitor


def judge_anew(diagnosis: Diagnosis, monitor: Monitor, knowledge: KnowledgeBase, catalogue: Catalogue) -> Diagnosis:
    """The same facts, the causes ranked by today's knowledge base and runbooks."""
    if diagnosis.failure is None:
        return diagnosis
    service, failed = catalogue.get(monitor.target.service), diagnosis.failed
    hints = knowledge.hints(diagnosis.failure, monitor, service, failed.address, diagnostics.say, phase=failed.phase)
    return msgspec.structs.replace(diagnosis, suspects=rank(hints, diagnosis.evidence))
