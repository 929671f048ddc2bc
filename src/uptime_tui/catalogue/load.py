"""Reads the catalogue: the services that come along, and the user's own from `services.d/*.toml`.

Every rule about a table is held here, so that the rest of the house can trust a `Service` blindly.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from uptime_tui.catalogue.service import Service
from uptime_tui.model.errors import UserError
from uptime_tui.model.safetext import safe_text

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
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_HANDSHAKE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_MAX_FILE_BYTES: Final = 1_048_576


@dataclass(frozen=True)
class Catalogue:
    """All services by name."""

    services: Mapping[str, Service]

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
    text = files("uptime_tui.catalogue").joinpath("services.toml").read_text("utf-8")
    services = {s.name: s for s in _services(tomllib.loads(text), "services.toml")}
    own: dict[str, Service] = {}
    for path in _user_files(user_folder):
        for service in _services(_read(path), path.name):
            if service.name in own:
                raise UserError(f"service {service.name!r} is described twice", where=path.name, todo="remove one")
            own[service.name] = service
    taken = {s.port for s in own.values() if s.well_known}
    for name, service in services.items():
        if name not in own:
            own[name] = msgspec.structs.replace(service, well_known=service.well_known and service.port not in taken)
    return Catalogue(own)


def _user_files(folder: Path | None) -> list[Path]:
    return sorted(folder.glob("*.toml")) if folder is not None and folder.is_dir() else []


def _read(path: Path) -> Mapping[str, object]:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise UserError("file is larger than 1 MiB", where=path.name, todo="split it")
        return tomllib.loads(path.read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise UserError(
            f"not valid TOML: {safe_text(str(error))}", where=path.name, todo="correct that line"
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"not UTF-8 at byte {error.start}", where=path.name, todo="save the file as UTF-8") from error
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path), todo="correct the permissions") from error


def _services(tables: Mapping[str, object], where: str) -> Iterator[Service]:
    for name, table in tables.items():
        place = f"{where} [{safe_text(name, 40)}]"
        if not _NAME.fullmatch(name):
            raise UserError("not a service name", where=place, todo="use lower-case letters, digits and hyphens")
        if not isinstance(table, dict):
            raise UserError("not a table", where=place, todo=f"write [{name}] and its fields below")
        yield _service(name, table, place)


def _service(name: str, table: Mapping[str, object], place: str) -> Service:
    try:
        service = msgspec.convert(
            {"handshake": "tcp", "title": name, "category": "custom", **table, "name": name}, Service
        )
    except msgspec.ValidationError as error:
        raise UserError(
            safe_text(str(error)), where=place, todo="see the list of fields in the services guide"
        ) from error
    faults = {
        "port must be 1 to 65535": service.port is not None and not 1 <= service.port <= 65535,
        "handshake must be the name of one, like tcp or http": not _HANDSHAKE.fullmatch(service.handshake),
        "min_interval_s must be at least 1, interval_s not below it": not (
            1 <= service.min_interval_s <= service.interval_s
        ),
        "meaning must say in a sentence what the service is for": not service.meaning.strip(),
        "category must be 1 to 30 characters": not 1 <= len(service.category) <= 30,
        "greeting_timeout_s must be longer than zero": (service.greeting_timeout_s or 1) <= 0,
    }
    for text, wrong in faults.items():
        if wrong:
            raise UserError(text, where=place)
    return service
