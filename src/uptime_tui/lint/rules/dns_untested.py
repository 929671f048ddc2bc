"""A service that its users find by name, watched by address."""

from collections.abc import Iterator

from uptime_tui.lint.rule import Fleet, Found, Rule
from uptime_tui.model.certificate import is_address
from uptime_tui.model.monitor import Monitor


def _find(fleet: Fleet) -> Iterator[Found]:
    named = {monitor.target.host for monitor in fleet.monitors}
    for monitor in fleet.open_monitors:
        name = _name(monitor)
        if name and is_address(monitor.target.host) and name not in named:
            target = monitor.target
            text = f"users look up {name}, this monitor does not: its DNS is never tested"
            changes: dict[str, object] = {}
            if "?" not in target.path:  # what stands behind it may be a secret, and findings are shown around
                changes["target"] = f"{target.service}://{name}:{target.port}{target.path}"
                if monitor.expect.tls_name:
                    changes["expect"] = {"tls_name": None}
            yield Found(monitor.name, text, "target", changes)


def _name(monitor: Monitor) -> str:
    """The name that the certificate or the request is for; empty for none."""
    host = next((value for key, value in monitor.request.headers if key.lower() == "host"), "")
    name = monitor.expect.tls_name or host.rpartition(":")[0] or host
    return "" if is_address(name) else name.lower()


RULE = Rule(
    "warning",
    "a service with a name that is watched by its address",
    "A zone that has expired, or a wrong record, takes everybody away while the address goes on answering.",
    "Write the name into the target, here or in a second monitor.",
    _find,
)
