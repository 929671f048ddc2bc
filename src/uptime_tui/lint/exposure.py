"""Whether something that should not be public answers at a public address. Pure."""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Final

from uptime_tui.catalogue.service import Service
from uptime_tui.model.failure import Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.wire.messages import MonitorRow

RULE: Final = "exposed"
"""The id in `lint_ignore` that says: it is meant to be open."""


ANSWERS: Final = frozenset({Status.UP, Status.DEGRADED})
"""Statuses of a port that something answers on."""


def is_public(address: str) -> bool:
    """Whether an IP literal is one of the internet's; False for what is no address."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = known.ipv4_mapped if known.version == 6 else None
    return (mapped or known).is_global


def is_exposed(exposure: str, row: MonitorRow, address: str | None) -> bool:
    """Whether a service that should not be public answers at a public address.

    Whom else it answers cannot be known from here: this machine may be one of the few that are let in.
    """
    if exposure == "public" or address is None or row.status not in ANSWERS:
        return False
    return is_public(address)


def is_sensitive(service: Service) -> bool:
    """Whether an open port of it is worth a warning by itself: databases, caches, search engines and panels."""
    return service.exposure == "private" or (service.exposure == "restricted" and service.category == "panel")


def may_warn(monitor: Monitor) -> bool:
    """Whether it is worth a word at all: not of a port that is watched to be closed, or said to be meant so."""
    return not monitor.expect.closed and RULE not in monitor.lint_ignore


def warns(monitor: Monitor, service: Service, row: MonitorRow) -> bool:
    """Whether a monitor's row carries the warning."""
    return may_warn(monitor) and is_sensitive(service) and is_exposed(service.exposure, row, row.address)


def warns_by(services: Mapping[str, Service]) -> Callable[[Monitor, MonitorRow], bool]:
    """`warns` for whoever has a monitor and its row, and no catalogue."""

    def asked(monitor: Monitor, row: MonitorRow) -> bool:
        service = services.get(monitor.target.service)
        return service is not None and warns(monitor, service, row)

    return asked


def warning(monitor: Monitor, service: Service | None, row: MonitorRow) -> str:
    """What a panel says of a monitor whose port may be open to the world; empty where there is nothing to say."""
    if service is None or not may_warn(monitor) or not is_exposed(service.exposure, row, row.address):
        return ""
    return f"{service.title} answers at the public address {row.address}. {service.exposure_note}".strip()
