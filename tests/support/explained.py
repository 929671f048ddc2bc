"""Cases made by hand, and what the knowledge base makes of the facts found in them."""

import msgspec

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.diagnose.case import Case, Neighbour
from uptime_tui.diagnose.rank import rank
from uptime_tui.knowledge.entry import hints_for
from uptime_tui.knowledge.facts import facts_for
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.certificate import Certificate
from uptime_tui.model.failure import FACTS, Failure, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.target import Target
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.base import Plan

CATALOGUE = load_catalogue()
KNOWLEDGE = load_knowledge()
DAY_S = 86400
NOW_S = 1_800_000_000
HOST, ADDRESS = "mx1.example.net", "192.0.2.7"


def plan(service="https", host=HOST, number=1, port=None, **more):
    found = CATALOGUE.get(service)
    target = Target(service, host, port or found.port or 7000)
    return Plan(Monitor(MonitorId(number), f"{service} of {host}", target, found.category, **more), found)


def result(failure=None, *, certificate=None, banner="", detail="", at_s=NOW_S, address=ADDRESS, **timings):
    phase = None if failure is None else FACTS[failure].phase
    took = Timings(**{"total": sum(v for v in timings.values() if v), **timings})
    return Result(
        MonitorId(1), at_s * 1000, failure, phase, detail, took, address, 443, certificate=certificate, banner=banner
    )


def certificate(*, names=(HOST,), subject=HOST, issuer="R11, Let's Encrypt", days=30, life=90, key="a", **more):
    end = NOW_S + days * DAY_S
    return Certificate(subject, issuer, names, end - life * DAY_S, end, key * 64, **more)


def neighbour(service="https", host=HOST, number=2, status=Status.UP, **more):
    more = {"address": ADDRESS if host == HOST else "198.51.100.9", "last_ms": NOW_S * 1000 - 30_000, **more}
    return Neighbour(plan(service, host, number).monitor, status, **more)


def case(failure, *, service="https", last_good=None, neighbours=(), past=(), host=HOST, monitor=None, **seen):
    found = result(failure, **seen)
    if found.certificate is not None and not found.certificate.problems:
        shown = msgspec.structs.replace(found.certificate, problems=(failure,))
        found = msgspec.structs.replace(found, certificate=shown)
    return Case(
        plan(service, host, **(monitor or {})), found, addresses=(ADDRESS,), last_good=last_good, neighbours=neighbours,
        past=past,
    )  # fmt: skip


def ids(facts):
    return [fact.id for fact in facts]


def causes(of, facts):
    """Ids of the causes, likeliest first, by the probe's own evidence and these facts."""
    return [suspect.id for suspect in suspects(of, facts)]


def suspects(of, facts):
    monitor, service, failure = of.plan.monitor, of.plan.service, of.result.failure
    filled = facts_for(monitor, service, of.address)
    hints = hints_for(KNOWLEDGE.entry(Failure(failure)), failure, service.name, filled)
    return rank(hints, (*of.result.evidence, *facts))
