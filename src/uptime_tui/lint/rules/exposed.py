"""A database, cache or panel that the internet may reach."""

from collections.abc import Iterator

from uptime_tui.lint.exposure import is_public, is_sensitive, warns
from uptime_tui.lint.rule import Fleet, Found, Rule
from uptime_tui.model.certificate import is_address


def _find(fleet: Fleet) -> Iterator[Found]:
    for monitor in fleet.open_monitors:
        service = fleet.service(monitor)
        if service is None or not is_sensitive(service):
            continue
        target = monitor.target
        row = None if fleet.rows is None else fleet.rows.get(monitor.name)
        level = "error" if service.exposure == "private" else None
        if row is not None and warns(monitor, service, row):
            text = f"{service.title} answers at the public address {row.address}, port {target.port}"
            yield Found(monitor.name, text, "lint_ignore", level=level)  # type: ignore[arg-type]  # one of Level
        elif fleet.rows is None and is_public(target.host):
            text = f"{service.title} is watched at the public address {target.host}, port {target.port}"
            yield Found(monitor.name, text, "lint_ignore", level=level)  # type: ignore[arg-type]


def unjudged(fleet: Fleet) -> tuple[str, ...]:
    """Names of the monitors whose exposure cannot be told without an engine: their addresses are not known."""
    if fleet.rows is not None:
        return ()
    asked = ((monitor, fleet.service(monitor)) for monitor in fleet.open_monitors)
    sensitive = (monitor for monitor, service in asked if service is not None and is_sensitive(service))
    return tuple(monitor.name for monitor in sensitive if not is_address(monitor.target.host))


RULE = Rule(
    "warning",
    "a database, cache, search engine or panel that answers at a public address",
    "What is reachable is found within hours: passwords are guessed, data are copied or held to ransom.",
    'Close the port to the world and watch that from outside with expect = "closed"; where it is meant to be open: '
    'lint_ignore = ["exposed"].',
    _find,
)
