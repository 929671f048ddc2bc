"""Keys that do nothing for the service of a target: refused, so that nobody trusts a check that is never made."""

from collections.abc import Iterator

from uptime_tui.catalogue.service import Service
from uptime_tui.config.schema import TABLES, MonitorTable
from uptime_tui.tomlfile.fields import Fault

_WANTS = {"http": "HTTP", "tls": "TLS", "starttls": "STARTTLS", "mail": "mail"}


def idle_faults(written: MonitorTable, service: Service) -> Iterator[Fault]:
    """What is written and could never be looked at; logins are judged with their own rules.

    Args:
        written: the monitor's table.
        service: of its target.
    """
    from uptime_tui.config.form import applies, fields

    follows = written.request.redirects == "follow"
    for field in fields():
        if field.only not in _WANTS or applies(field, service, follows=follows):
            continue
        section, _, name = field.key.rpartition(".")
        table = {"": written, "expect": written.must_hold, "request": written.request}[section]
        usual = TABLES[section]() if section else MonitorTable("", "")
        if getattr(table, name) != getattr(usual, name):
            what = f"{name} has no effect on {service.name}: it is for {_WANTS[field.only]}"
            yield Fault(tuple(field.key.split(".")), what, f"remove {name}")
