"""The keys of a monitor as fields of a form, from their declaration in `config.schema`; texts to values and back."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal, NamedTuple, get_type_hints

import msgspec

from uptime_tui.catalogue.service import Service
from uptime_tui.config.schema import TABLES, MonitorTable
from uptime_tui.config.told import Only
from uptime_tui.model.secret import parse_reference

Kind = Literal["text", "number", "choice", "list"]

SECTIONS: Final = {
    "": "",
    "expect": "what must hold",
    "request": "what is asked",
    "login": "login, by reference only",
}
"""Sub-table to the heading above its fields, in the order of the form."""
_YES: Final = frozenset({"yes", "true", "on", "y"})
_NO: Final = frozenset({"no", "false", "off", "n"})
_REFERENCES: Final = frozenset({"login.password", "login.token", "login.key"})


class Field(NamedTuple):
    """One key."""

    key: str
    """As it is written, a sub-table's with a dot: `expect.status`."""
    label: str
    meaning: str
    hint: str
    """Shown in the empty field."""
    only: Only
    kind: Kind
    joint: str
    """Between the items of a list."""

    @property
    def section(self) -> str:
        """The sub-table; empty for the monitor's own keys."""
        return self.key.rpartition(".")[0]


@cache
def fields() -> tuple[Field, ...]:
    """Every field, in the order of the form: the target first, everything else as it is declared."""
    found = [field for section in SECTIONS for field in _fields(TABLES.get(section, MonitorTable), section)]
    return tuple(sorted(found, key=lambda field: field.key != "target"))


def _fields(kind: type[msgspec.Struct], section: str) -> Iterator[Field]:
    annotated = get_type_hints(kind, include_extras=True)
    plain = get_type_hints(kind)
    for declared in msgspec.structs.fields(kind):
        said = annotated[declared.name].__metadata__[0]
        if said.title:
            key = f"{section}.{declared.name}" if section else declared.name
            yield Field(
                key, said.title, said.description, said.examples[0], said.extra["only"], _kind(plain[declared.name]),
                said.extra["joint"],
            )  # fmt: skip


def _kind(hint: Any) -> Kind:
    kinds = {hint, *getattr(hint, "__args__", ())}
    if bool in kinds:
        return "choice"
    if hint == tuple[str, ...]:
        return "list"
    return "number" if int in kinds and float not in kinds else "text"


def applies(field: Field, service: Service, *, closed: bool = False, follows: bool = False) -> bool:
    """Whether a monitor of this service can use the field.

    Args:
        field: the key.
        service: of the target.
        closed: the port must not answer, and nothing is asked of it.
        follows: redirects are followed, from HTTP to HTTPS as well.
    """
    if closed and field.section:
        return False
    http = service.handshake == "http"
    keyed = service.login_secret == "key"  # noqa: S105 - a kind
    return {
        "": True,
        "http": http,
        "token": http and service.login,
        "login": service.login,
        "password": service.login and not keyed,
        "key": keyed,
        "tls": service.tls != "none" or (http and follows),
        "starttls": service.tls == "starttls",
        "mail": service.category == "email",
    }[field.only]


def shown(table: Mapping[str, Any], field: Field) -> str:
    """A key's value as the form has it; empty when it is not written."""
    value: Any = table
    for part in field.key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        return ""  # a table in place of a text: its keys have fields of their own
    if isinstance(value, list | tuple):
        return field.joint.join(str(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def typed(field: Field, text: str) -> object:
    """Text as the file wants it; what does not fit is left as text, for the checker's own clear line."""
    if field.kind == "list":
        return [part.strip() for part in text.split(field.joint.strip()) if part.strip()]
    if field.kind == "choice" and text.lower() in _YES | _NO:
        return text.lower() in _YES
    return int(text) if field.kind == "number" and text.isascii() and text.isdigit() else text


def unsendable(field: Field, text: str) -> str:
    """Why a text must not even be sent to the engine: it seems to be a secret itself; empty when it may."""
    if field.key not in _REFERENCES or not text:
        return ""
    try:
        parse_reference(text)
    except ValueError as error:
        return f"{field.label}: {error}"
    return ""


def field_at(key: str) -> str:
    """Key of the field in which the value of this key stands; empty where the form has none."""
    known = {field.key for field in fields()}
    parts = key.split(".")
    return next((each for size in (2, 1) if (each := ".".join(parts[:size])) in known), "")


def nested(values: Mapping[str, object]) -> dict[str, object]:
    """Keys with dots as tables within the table; a text in place of a table takes its keys' place."""
    table: dict[str, object] = {}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        place = table
        if section:
            inner = table.get(section)
            if isinstance(inner, str):
                continue
            place = table[section] = inner if isinstance(inner, dict) else {}
        place[name] = value
    return table
