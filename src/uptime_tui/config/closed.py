"""`expect = "closed"`: what a monitor of a port that must not answer cannot have besides."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from uptime_tui.catalogue.service import Service
from uptime_tui.config.schema import LoginTable, MonitorTable, RequestTable
from uptime_tui.model.target import Target
from uptime_tui.tomlfile.fields import Fault


class Ports(Protocol):
    """What is needed of the catalogue."""

    @property
    def ports(self) -> Mapping[int, str]:
        """Well-known port to service name."""

    def get(self, name: str) -> Service:
        """The service of that name."""


def closed_faults(written: MonitorTable, target: Target | None, services: Ports) -> Iterator[Fault]:
    """What is wrong with a monitor that says `expect = "closed"`; nothing for any other.

    A bare connect to MySQL counts against this machine, so that `tcp://db:3306` is refused here: whoever answers on
    that port is spoken to as MySQL wants it.
    """
    if written.expect != "closed":
        return
    for key, value, empty in (("request", written.request, RequestTable()), ("login", written.login, LoginTable())):
        if value != empty:
            yield Fault((key,), f'{key} has no use with expect = "closed": nothing is asked', f"remove {key}")
    if target is not None and target.service == "tcp":
        meant = services.ports.get(target.port, "")
        if meant and services.get(meant).handshake == "mysql":
            what = f"a bare connect to port {target.port} counts as an error in {services.get(meant).title}"
            yield Fault(("target",), what, f'write target = "{meant}://…"')
