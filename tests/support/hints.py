"""What the built-in knowledge says of any failure of any service."""

from itertools import product

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.catalogue.service import Service
from uptime_tui.knowledge.entry import hints_for
from uptime_tui.knowledge.facts import facts_for
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.target import Target
from uptime_tui.model.units import MonitorId

CATALOGUE = load_catalogue()
KNOWLEDGE = load_knowledge()
BARE = Service(name="bare", title="Bare", category="custom", handshake="tcp", meaning="Of which nothing else is said.")
"""A user's own service that names no unit, log, file or test."""


def hints(failure, service_name, address="192.0.2.7", host="host.example"):
    """Filled for a monitor of that service; `bare` is one of which nothing is known."""
    service = BARE if service_name == "bare" else CATALOGUE.get(service_name)
    target = Target(service_name, host, service.port or 7000)
    monitor = Monitor(MonitorId(1), "a monitor", target, service.category)
    facts = facts_for(monitor, service, address)
    return hints_for(KNOWLEDGE.entry(failure), failure, service_name, facts)


def every(failure):
    """Those of each service, before and after its name was resolved."""
    for name, address in product([*CATALOGUE.services, "bare"], ["192.0.2.7", None]):
        yield hints(failure, name, address)
