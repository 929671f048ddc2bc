"""A failed name put before the collectors of evidence."""

import asyncio
from typing import NamedTuple

from support.nameserver import Asker
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.diagnose.case import Case, Means
from uptime_tui.diagnose.collect import collect
from uptime_tui.dial.direct import Dialler
from uptime_tui.knowledge.entry import hints_for
from uptime_tui.knowledge.facts import facts_for
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.failure import FACTS
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.target import Target
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.base import Plan


class Found(NamedTuple):
    """What came of it."""

    diagnosis: object
    packets: int

    @property
    def ids(self):
        return {fact.id for fact in self.diagnosis.evidence}

    @property
    def first(self):
        return self.diagnosis.first.id

    def text(self, id_):
        found = self.texts(id_)
        assert found, self.shown()
        return found[0]

    def shown(self):
        return "\n".join(f"{fact.id}: {fact.text}" for fact in self.diagnosis.evidence)

    def texts(self, id_):
        return [fact.text for fact in self.diagnosis.evidence if fact.id == id_]


def a_case(host, failure, service="https", mail_domain="", severity=None, **more):
    entry = load_catalogue().get(service)
    monitor = Monitor(MonitorId(1), "m", Target(service, host, entry.port), entry.category, mail_domain=mail_domain)
    result = Result(
        MonitorId(1), 0, failure, FACTS[failure].phase if failure else None, "", Timings(), severity=severity
    )
    return Case(Plan(monitor, entry), result, **more)


async def diagnose(host, failure, etc, *servers, within_s=5.0, neighbours=(), severity=None, **files):
    """All collectors over one failure, with the servers as the system's resolvers."""
    asker = Asker(etc, *servers, **files)
    case = a_case(host, failure, neighbours=neighbours, severity=severity)
    hints = hints_for(
        load_knowledge().entry(failure), failure, "https", facts_for(case.plan.monitor, case.plan.service, None)
    )
    dialler = Dialler()
    means = Means(dialler, asker.resolver, asyncio.get_running_loop().time() + within_s)
    try:
        return Found(await collect(case, means, hints, lambda _: None), means.budget.spent)
    finally:
        dialler.close()


async def ask(host, etc, *servers):
    """What the probe's own lookup finds."""
    return await Asker(etc, *servers).ask(host)
