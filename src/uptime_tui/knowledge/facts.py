"""The values that placeholders of the knowledge base stand for, from one monitor and its service."""

from collections.abc import Mapping
from shlex import quote
from typing import Final, Protocol

from uptime_tui.model.domain import registered
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.pattern import pattern
from uptime_tui.model.target import Target, place

_STARTTLS: Final = pattern(r"-starttls ([a-z0-9]+)")
_CLIENT: Final = pattern(r"(\S+(?: --tls)?) (?:-h|--host)\b")


class ServiceFacts(Protocol):
    """What is taken from a catalogue entry (`catalogue.service.Service` has it all)."""

    @property
    def title(self) -> str:
        """As people write it."""

    @property
    def handshake(self) -> str:
        """`mysql`: a server that blocks whoever connects and says nothing (max_connect_errors)."""

    @property
    def tls(self) -> str:
        """`implicit` where the first byte is TLS."""

    @property
    def unit(self) -> str:
        """Unit name for systemctl; with a star where instances do the work."""

    @property
    def process(self) -> str:
        """Process name."""

    @property
    def log(self) -> str:
        """Where it logs."""

    @property
    def config(self) -> str:
        """Main configuration file."""

    @property
    def config_key(self) -> str:
        """Key of the listen address."""

    @property
    def test_command(self) -> str:
        """Speaks to it by hand."""


def facts_for(monitor: Monitor, service: ServiceFacts, address: str | None) -> Mapping[str, str]:
    """Placeholder name to text; an empty text means that there is no such fact.

    Names and addresses come from a parsed target, so they hold no character that a shell would act upon.

    Args:
        monitor: whose target is meant.
        service: the catalogue's word on its service.
        address: the IP address of the newest probe; None before the name was resolved.
    """
    target = monitor.target
    port, address_and_port = str(target.port), quote(place(target))
    test = service.test_command.replace("{host}:{port}", address_and_port)
    filled = test.replace("{host}", target.host).replace("{port}", port)
    return {
        "host": target.host,
        "domain": registered(target.host),
        "address": (address or "").partition("%")[0],  # ip-route(8) takes no interface behind it
        "port": port,
        "name": monitor.name,
        "title": service.title,
        "unit": quote(service.unit) if service.unit else "",
        "unit_file": service.unit.removesuffix("*"),
        "process": service.process,
        "log": service.log,
        "config": service.config,
        "config_key": service.config_key,
        "test": filled,
        "logs": _show(service),
        "url": quote(_url(target, service)),
        "place": address_and_port,
        "visit": filled if service.handshake == "mysql" else "",
        "scheme": _scheme(service),
        "client": _client(service),
        "tls": _tls_client(monitor, service, address_and_port),
    }


def _tls_client(monitor: Monitor, service: ServiceFacts, address_and_port: str) -> str:
    """`openssl s_client` as this service must be asked; the word for STARTTLS is the one of its test command."""
    starttls = _STARTTLS.search(service.test_command)
    name = monitor.expect.tls_name or monitor.target.host
    parts = ["openssl s_client -connect", address_and_port]
    parts += ["-starttls", starttls[1]] if starttls else []
    parts += [] if ":" in name or name.replace(".", "").isdigit() else ["-servername", quote(name)]
    return " ".join(parts)


def _url(target: Target, service: ServiceFacts) -> str:
    """For curl; only the path may hold characters that a shell would act upon, so the whole is quoted."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{_scheme(service)}://{host}:{target.port}{target.path or '/'}"


def _scheme(service: ServiceFacts) -> str:
    return "https" if service.tls == "implicit" else "http"


def _client(service: ServiceFacts) -> str:
    """The program of the test command, up to where it is told the host: `redis-cli --tls`."""
    found = _CLIENT.match(service.test_command)
    return found[1] if found else ""


def _show(service: ServiceFacts) -> str:
    """The command that shows the newest lines of the service's log."""
    if service.log.startswith("journalctl"):
        return f"{service.log} -n 50 --no-pager"
    if service.log.endswith("/"):
        return f"tail -n 50 {service.log}*.log"
    if service.log:
        return f"tail -n 50 {service.log}"
    return f"journalctl -u {quote(service.unit)} -n 50 --no-pager" if service.unit else ""
