"""Keys and types of a table against its declaration: every fault of the table, each in words a person can act on.

No message holds a value: only keys and what should stand there.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from uptime_tui.model.safetext import safe_text
from uptime_tui.model.units import parse_duration

Table = TypeVar("Table", bound=msgspec.Struct)


Place = tuple[str | int, ...]
"""A path that numbers the tables of an array: `("cause", 1, "check")` is a key of the second `[[cause]]`."""


class Fault(NamedTuple):
    """One thing wrong with a table; `path` is the key's, from the table's top, with numbers for tables of arrays."""

    path: Place
    what: str
    todo: str = ""


def read_table(table: Mapping[str, Any], kind: type[Table]) -> tuple[Table | None, list[Fault]]:
    """The table as a struct with every sound key, and what is wrong with the others.

    A list of tables is left out of the struct when one of them is wrong.

    None comes instead of the struct only where a required key is missing or has a wrong type.
    """
    try:
        return msgspec.convert(table, kind), []
    except msgspec.ValidationError:
        return _key_by_key(table, kind, ())


def _key_by_key(table: Mapping[str, Any], kind: type[Table], root: Place) -> tuple[Table | None, list[Fault]]:
    hints, faults, sound = _hints(kind), list[Fault](), dict[str, Any]()
    for key, value in table.items():
        path = (*root, key)
        expected = hints.get(key)
        if expected is None:
            faults.append(_unknown(path, key, hints, root))
            continue
        inner = _tables_inside(value, expected)
        if inner:
            for place, part, part_kind in inner:
                read, more = _key_by_key(part, part_kind, (*path, *place))
                faults += more
                if not place:
                    sound[key] = read
            continue
        try:
            sound[key] = msgspec.convert(value, expected)
        except msgspec.ValidationError:
            faults.append(Fault(path, f"{key} must be {words(expected)}", _example(path, expected)))
    faults += _missing(table, kind, root)
    try:
        return kind(**sound), faults
    except TypeError:
        return None, faults


def _tables_inside(value: Any, expected: Any) -> list[tuple[Place, Mapping[str, Any], type[msgspec.Struct]]]:
    """The tables that are to be read key by key: the value itself, those of an array, or those of a table of tables."""
    parts: list[tuple[Place, Any]] = [((), value)]
    kind = _table_of(expected) or expected
    if get_origin(expected) is tuple and isinstance(value, list):
        kind, parts = get_args(expected)[0], [((number,), part) for number, part in enumerate(value)]
    elif get_origin(expected) is dict and isinstance(value, Mapping):
        kind, parts = get_args(expected)[1], [((name,), part) for name, part in value.items()]
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return []
    return [(place, part, kind) for place, part in parts] if all(isinstance(p, Mapping) for _, p in parts) else []


def _table_of(expected: Any) -> type[msgspec.Struct] | None:
    """The table of a key that may hold a certain text in its place (`expect = "closed"`)."""
    tables = (kind for kind in getattr(expected, "__args__", ()) if isinstance(kind, type))
    return next((kind for kind in tables if issubclass(kind, msgspec.Struct)), None) if _texts_of(expected) else None


def _texts_of(expected: Any) -> tuple[str, ...]:
    """The texts that a key may hold in place of another type."""
    return next((get_args(kind) for kind in getattr(expected, "__args__", ()) if get_origin(kind) is Literal), ())


def _missing(table: Mapping[str, Any], kind: type[msgspec.Struct], root: Place) -> Iterator[Fault]:
    for declared in msgspec.structs.fields(kind):
        if declared.required and declared.name not in table:
            yield Fault(root, f"{declared.name} is missing", f'add {declared.name} = "…"')


def _unknown(path: Place, key: str, known: Mapping[str, Any], root: Place) -> Fault:
    from difflib import get_close_matches

    near = get_close_matches(key.lower(), known, 1, 0.6)
    shown = safe_text(key, 40)
    inside = f" in {_dotted(root)}" if root else ""
    return Fault(
        path,
        f"unknown key {shown!r}{inside}",
        f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}",
    )


@cache
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(kind)


def _dotted(path: Place) -> str:
    return safe_text(".".join(part for part in path if isinstance(part, str)), 80)


def words(expected: Any) -> str:
    """A type as people say it: `text or a whole number`."""
    if get_origin(expected) is Literal or _texts_of(expected):
        kind = "a table or" if _texts_of(expected) else "one of"
        return f"{kind} {', '.join(_texts_of(expected) or get_args(expected))}"
    kinds = set(getattr(expected, "__args__", ())) or {expected}
    kinds.discard(type(None))
    if float in kinds:
        return "a duration" if str in kinds else "a number"
    if kinds == {str, int}:
        return "text or a whole number"
    if kinds == {str}:
        return "text"
    if kinds == {int}:
        return "a whole number"
    if kinds == {bool}:
        return "true or false"
    if get_origin(expected) is tuple:
        return "a list of texts" if str in kinds | set(get_args(get_args(expected)[0])) else "a list of tables"
    return "a table"


def _example(path: Place, expected: Any) -> str:
    key, said = path[-1], words(expected)
    examples = {
        "a duration": f'write {key} = "60s"',
        "a number": f"write {key} = 0.5",
        "text or a whole number": f'write {key} = "…" between double quotes',
        "text": f'write {key} = "…" between double quotes',
        "a whole number": f"write {key} = 3",
        "true or false": f"write {key} = true, without quotes",
        "a list of texts": f'write {key} = ["one", "two"]',
        "a list of tables": f"write [[{_dotted(path)}]] and its keys below",
        "a table": f"write {key} = {{ key = value }}",
    }
    return examples.get(said, f'write {key} = "{said.rpartition(" ")[2]}"')


def seconds(path: Place, value: str | float | None, faults: list[Fault]) -> float | None:
    """Seconds of a duration as written; a fault is added where it is none."""
    if value is None:
        return None
    try:
        return parse_duration(str(value))
    except ValueError:
        faults.append(
            Fault(path, f"{path[-1]} is no duration above zero", f'write {path[-1]} = "60s", "500ms" or "5m"')
        )
        return None
