"""Keys and types of a table against its declaration: every fault of the table, each in words a person can act on.

No message holds a value: only keys and what should stand there.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_type_hints

import msgspec

from uptime_tui.model.safetext import safe_text

Table = TypeVar("Table", bound=msgspec.Struct)


class Fault(NamedTuple):
    """One thing wrong with a table; `path` is the key's, from the table's top."""

    path: tuple[str, ...]
    what: str
    todo: str = ""


def read_table(table: Mapping[str, Any], kind: type[Table]) -> tuple[Table | None, list[Fault]]:
    """The table as a struct with every sound key, and what is wrong with the others.

    None comes instead of the struct only where a required key is missing or has a wrong type.
    """
    try:
        return msgspec.convert(table, kind), []
    except msgspec.ValidationError:
        return _key_by_key(table, kind, ())


def _key_by_key(table: Mapping[str, Any], kind: type[Table], root: tuple[str, ...]) -> tuple[Table | None, list[Fault]]:
    hints, faults, sound = _hints(kind), list[Fault](), dict[str, Any]()
    for key, value in table.items():
        path = (*root, key)
        expected = hints.get(key)
        if expected is None:
            faults.append(_unknown(path, key, hints, root))
        elif isinstance(expected, type) and issubclass(expected, msgspec.Struct) and isinstance(value, Mapping):
            inner, more = _key_by_key(value, expected, path)
            faults += more
            sound[key] = inner
        else:
            try:
                sound[key] = msgspec.convert(value, expected)
            except msgspec.ValidationError:
                faults.append(Fault(path, f"{key} must be {_words(expected)}", _example(key, expected)))
    faults += _missing(table, kind, root)
    try:
        return kind(**sound), faults
    except TypeError:
        return None, faults


def _missing(table: Mapping[str, Any], kind: type[msgspec.Struct], root: tuple[str, ...]) -> Iterator[Fault]:
    for declared in msgspec.structs.fields(kind):
        if declared.required and declared.name not in table:
            yield Fault(root, f"{declared.name} is missing", f'add {declared.name} = "…"')


def _unknown(path: tuple[str, ...], key: str, known: Mapping[str, Any], root: tuple[str, ...]) -> Fault:
    near = get_close_matches(key.lower(), known, 1, 0.6)
    shown = safe_text(key, 40)
    inside = f" in {'.'.join(root)}" if root else ""
    return Fault(
        path,
        f"unknown key {shown!r}{inside}",
        f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}",
    )


@cache
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(kind)


def _words(expected: Any) -> str:
    kinds = set(getattr(expected, "__args__", ())) or {expected}
    kinds.discard(type(None))
    if float in kinds:
        return "a duration"
    if kinds == {str, int}:
        return "text or a whole number"
    if kinds == {str}:
        return "text"
    if kinds == {int}:
        return "a whole number"
    if kinds == {bool}:
        return "true or false"
    return "a list of texts" if str in kinds else "a table"


def _example(key: str, expected: Any) -> str:
    words = _words(expected)
    examples = {
        "a duration": f'write {key} = "60s"',
        "text or a whole number": f'write {key} = "…" between double quotes',
        "text": f'write {key} = "…" between double quotes',
        "a whole number": f"write {key} = 3",
        "true or false": f"write {key} = true, without quotes",
        "a list of texts": f'write {key} = ["one", "two"]',
        "a table": f"write [{key}] and its keys below",
    }
    return examples[words]
