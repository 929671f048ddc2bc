"""A service that could be spoken to is only connected to."""

from collections.abc import Iterator
from typing import Final

from uptime_tui.lint.rule import Fleet, Found, Rule
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.target import place

_WEB: Final = {443: "https", 4443: "https", 9443: "https"} | dict.fromkeys(
    (80, 3000, 8000, 8008, 8080, 8081, 8888), "http"
)
"""Ports on which a web server or an API usually stands."""


def _find(fleet: Fleet) -> Iterator[Found]:
    for monitor in fleet.open_monitors:
        meant = _meant(monitor, fleet)
        if meant:
            text = f"only that port {monitor.target.port} accepts is seen, not that {fleet.services[meant].title} works"
            yield Found(monitor.name, text, "target", {"target": f"{meant}://{place(monitor.target)}"})


def _meant(monitor: Monitor, fleet: Fleet) -> str:
    """The service that most likely stands there; empty where a bare connect is all that can be done."""
    if monitor.target.service != "tcp":
        return ""
    port = monitor.target.port
    found = _WEB.get(port) or fleet.well_known.get(port, "")
    if not found and monitor.category in {"web", "api"}:
        found = "http"
    service = fleet.services.get(found)
    return "" if service is None or service.handshake == "mysql" else found  # MySQL has a rule of its own


RULE = Rule(
    "warning",
    "a web server, an API or another known service that is watched by TCP alone",
    "The kernel accepts connections for a program that hangs, or answers every request with an error.",
    "Name the service in the target, so that it is spoken to: https://host/path instead of tcp://host:443.",
    _find,
)
