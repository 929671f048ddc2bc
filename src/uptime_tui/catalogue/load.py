"""Reads the catalogue: the services that come along, and the user's own from `services.d/*.toml`.

Every rule about a table is held here, so that the rest of the house can trust a `Service` blindly.
"""

from collections.abc import Container, Iterator, Mapping
from errno import ENOTDIR
from functools import cached_property
from pathlib import Path
from pkgutil import get_data
from typing import Final

import msgspec

from uptime_tui.catalogue.service import Service
from uptime_tui.model.content import accepts_only_codes
from uptime_tui.model.errors import UserError
from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import is_safe, safe_text
from uptime_tui.tomlfile.fields import Fault, read_table
from uptime_tui.tomlfile.report import first_fault
from uptime_tui.tomlfile.source import parse, read_text

CATEGORIES: Final = (
    "web",
    "email",
    "remote access",
    "file transfer",
    "database",
    "cache/queue/search",
    "panel",
    "custom",
)
_NAME: Final = pattern(r"[a-z][a-z0-9-]{0,31}")
_MAX_TEXT: Final = 500
_MAX_INTERVAL_S: Final = 1_000_000.0
_MAX_ADDRESSES: Final = 4
_MAX_GREETING_S: Final = 300.0


LEFT_OUT: Final = {"handshake": "tcp", "title": "", "category": "custom"}
"""What a table of the user's need not say; a title is the table's name then."""


class Catalogue:
    """All services by name."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self.services = services

    def get(self, name: str) -> Service:
        """The service of that name.

        Raises:
            KeyError: there is none; `parse_target` has already refused such a target.
        """
        return self.services[name]

    @cached_property
    def schemes(self) -> Mapping[str, int | None]:
        """Service name to default port, as `parse_target` wants it."""
        return {name: service.port for name, service in self.services.items()}

    @cached_property
    def ports(self) -> Mapping[int, str]:
        """Well-known port to the service that `host:port` means there."""
        return {s.port: name for name, s in self.services.items() if s.port is not None and s.well_known}

    @cached_property
    def with_path(self) -> frozenset[str]:
        """Services whose target may hold a path."""
        return frozenset(name for name, service in self.services.items() if service.handshake == "http")

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Categories in the order in which they are shown; a user's own come after the known ones."""
        known = dict.fromkeys(CATEGORIES)
        known.update(dict.fromkeys(sorted(s.category for s in self.services.values() if s.category not in known)))
        return tuple(known)


def load_catalogue(user_folder: Path | None = None) -> Catalogue:
    """The built-in services, and above them the user's: a table of the same name replaces the built-in one.

    A user's service on a port that a built-in one holds takes that port over for `host:port`.

    Args:
        user_folder: `services.d` of the config folder; a folder that does not exist is no fault.

    Raises:
        UserError: a file cannot be read or a table is wrong; says which file and table.
    """
    built_in = get_data("uptime_tui.catalogue", "services.toml")
    assert built_in is not None
    services = _services(built_in.decode(), "services.toml", None)
    handshakes = {service.handshake for service in services.values()}
    own: dict[str, Service] = {}
    for path in _user_files(user_folder):
        name = f"services.d/{path.name}"
        text = read_text(path, name)
        for service in _services(text, name, handshakes).values():
            clash = next((s for s in own.values() if s.name == service.name or _same_port(s, service)), None)
            if clash is not None:
                raise first_fault([_clash(service, clash)], text, name)
            own[service.name] = service
    taken = {s.port for s in own.values() if s.well_known}
    for name, service in services.items():
        if name not in own:
            own[name] = msgspec.structs.replace(service, well_known=service.well_known and service.port not in taken)
    return Catalogue(own)


def _user_files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml" and path.name[0] != ".")
    except FileNotFoundError:
        return []
    except OSError as error:
        todo = "make it a folder, or remove it" if error.errno == ENOTDIR else "correct its permissions"
        raise UserError(f"cannot be read: {error.strerror}", where="services.d", todo=todo) from error


def _same_port(one: Service, other: Service) -> bool:
    return one.port is not None and one.port == other.port and one.well_known and other.well_known


def _clash(service: Service, earlier: Service) -> Fault:
    if service.name == earlier.name:
        return Fault((service.name,), f"service {service.name!r} is described twice", "remove one")
    what = f"port {service.port} already means {earlier.name}"
    return Fault((service.name, "port"), what, "write well_known = false in one of the two")


def _services(text: str, where: str, handshakes: Container[str] | None) -> dict[str, Service]:
    """The services of a file; `handshakes` are the names that there are."""
    services, faults = dict[str, Service](), list[Fault]()
    for name, table in parse(text, where).items():
        shown = safe_text(name, 40)
        if not _NAME.fullmatch(name):
            what = f"{shown!r} is no service name"
            faults.append(Fault((name,), what, "use lower-case letters, digits and hyphens, at most 32"))
        elif not isinstance(table, dict):
            faults.append(Fault((name,), f"{name} is not a table", f"write [{name}] and its keys below"))
        else:
            usual = {**LEFT_OUT, "title": name}
            service, wrong = read_table({**usual, **table, "name": name}, Service)
            if "name" in table:
                wrong.append(Fault(("name",), "name is the table's own", "remove this key"))
            if service is not None:
                wrong.extend(_service_faults(service, handshakes))
                services[name] = service
            faults.extend(fault._replace(path=(name, *fault.path)) for fault in wrong)
    if faults:
        raise first_fault(faults, text, where)
    return services


def _service_faults(service: Service, handshakes: Container[str] | None) -> Iterator[Fault]:
    if service.port is not None and not 1 <= service.port <= 65535:
        yield Fault(("port",), "port must be 1 to 65535", "leave it out where a target must say it")
    if handshakes is not None and service.handshake not in handshakes:
        yield Fault(("handshake",), "there is no such handshake", 'write handshake = "tcp" to connect only')
    if not accepts_only_codes(service.status):
        yield Fault(("status",), "status must be codes and ranges from 100 to 599", 'write status = "200-399"')
    if not 1 <= service.min_interval_s <= service.interval_s <= _MAX_INTERVAL_S:
        what = "min_interval_s must be at least 1, interval_s not below it and at most 1,000,000"
        yield Fault(("min_interval_s",), what, "write min_interval_s = 30.0 and interval_s = 60.0")
    if not 1 <= service.per_host <= 100:
        yield Fault(("per_host",), "per_host must be 1 to 100", "write per_host = 1")
    if not 0 <= service.spacing_s <= 3600:
        yield Fault(("spacing_s",), "spacing_s must be 0 to 3600", "write spacing_s = 10.0")
    if service.greeting_timeout_s is not None and not 0 < service.greeting_timeout_s <= _MAX_GREETING_S:
        yield Fault(("greeting_timeout_s",), "greeting_timeout_s must be above 0, at most 300", "write 30.0")
    if not 1 <= service.addresses_per_probe <= _MAX_ADDRESSES:
        yield Fault(("addresses_per_probe",), f"addresses_per_probe must be 1 to {_MAX_ADDRESSES}", "write 4")
    yield from _text_faults(service)


def _text_faults(service: Service) -> Iterator[Fault]:
    for key in ("meaning", "title", "category"):
        if not getattr(service, key).strip():
            yield Fault((key,), f"{key} must not be empty", f'write {key} = "…", or leave it out')
    if len(service.category) > 30:
        yield Fault(("category",), "category must be at most 30 characters", "shorten it")
    for key in service.__struct_fields__:
        value = getattr(service, key)
        if isinstance(value, str) and (len(value) > _MAX_TEXT or not is_safe(value)):
            what = f"{key} must be one line of at most {_MAX_TEXT} visible characters, without needless blanks"
            yield Fault((key,), what, "shorten it, or remove what cannot be seen")
