"""MySQL counts visits that end before a login."""

from collections.abc import Iterator

from uptime_tui.lint.rule import Fleet, Found, Rule
from uptime_tui.model.target import place


def _find(fleet: Fleet) -> Iterator[Found]:
    counting = {port for port, name in fleet.well_known.items() if fleet.services[name].handshake == "mysql"}
    for monitor in fleet.open_monitors:
        target = monitor.target
        if target.service == "tcp" and target.port in counting:
            text = f"each bare connect to port {target.port} counts as an error of this machine"
            yield Found(monitor.name, text, "target", {"target": f"{fleet.well_known[target.port]}://{place(target)}"})


RULE = Rule(
    "error",
    "MySQL's port watched by a bare TCP connect",
    "After 100 of them (max_connect_errors) MySQL locks this machine out, with every real client on it.",
    "Write mysql://host, which holds a whole login.",
    _find,
)
