"""`data.items[0].status == "ok"`: one value of a JSON answer that must hold. Pure.

A check is a path, `==` and a value: a JSON string, a number, true, false or null. A path is names joined by dots,
each of letters, digits, `_` and `-`, anything else as a JSON string; behind a name, or first where the answer is an
array, `[3]` is the fourth item and `[-1]` the last one.
"""

from typing import Any, Final, NamedTuple

import msgspec

from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import safe_text

MAX_LENGTH: Final = 300
MAX_STEPS: Final = 20
_NAME: Final = pattern(r"[A-Za-z0-9_-]+")
_STRING: Final = pattern(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_INDEX: Final = pattern(r"\[(-?[0-9]{1,6})\]")
_SHOWN: Final = 60

Scalar = str | int | float | bool | None


class JsonCheck(NamedTuple):
    """A path and what must be there."""

    path: tuple[str | int, ...]
    value: Scalar
    text: str
    """The path as it is written."""


def parse_check(text: str) -> JsonCheck:
    """Read a check.

    Raises:
        ValueError: what is wrong with it, one line.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a JSON check has at most {MAX_LENGTH} characters")
    rest, steps = text.strip(), list[str | int]()
    rest = _step(rest, steps, first=True)
    while rest.startswith((".", "[")):
        rest = _step(rest, steps, first=False)
    if len(steps) > MAX_STEPS:
        raise ValueError(f"a path has at most {MAX_STEPS} steps")
    path = text.strip()[: len(text.strip()) - len(rest)]
    rest = rest.lstrip()
    if not rest.startswith("=="):
        raise ValueError(f'after the path comes == and a value, as in {path or "status"} == "ok"')
    return JsonCheck(tuple(steps), _value(rest[2:].strip()), path)


def _step(rest: str, steps: list[str | int], *, first: bool) -> str:
    index = _INDEX.match(rest)
    if index:
        steps.append(int(index[1]))
        return rest[index.end() :]
    name = rest if first else rest.removeprefix(".")
    quoted, plain = _STRING.match(name), _NAME.match(name)
    if name != rest or first:
        if quoted:
            steps.append(_decoded(quoted[0]))
            return name[quoted.end() :]
        if plain:
            steps.append(plain[0])
            return name[plain.end() :]
    shown = safe_text(rest, 20) or "the end"
    raise ValueError(f"a name or [number] is due before '{shown}': write data.items[0].status")


def _decoded(quoted: str) -> str:
    try:
        return msgspec.json.decode(quoted, type=str)
    except (msgspec.MsgspecError, ValueError) as why:
        raise ValueError("a quoted name is no JSON string") from why


def _value(text: str) -> Scalar:
    try:
        value: Any = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as why:
        raise ValueError('a value is "text" in quotes, a number, true, false or null') from why
    if isinstance(value, dict | list):
        raise ValueError('a value is one "text", number, true, false or null, no list or object')  # noqa: TRY004 - of the user's text
    return value  # type: ignore[no-any-return]  # one of Scalar: nothing else comes out of JSON


def failing(check: JsonCheck, data: object) -> str:
    """Why the check does not hold, as safe text; empty when it does."""
    place: object = data
    for number, step in enumerate(check.path):
        found, place = _into(place, step)
        if not found:
            reached = _written(check.path[:number]) or "the answer"
            return f"there is no {check.text}: {reached} is {_shown(place)}"
    if _same(place, check.value):
        return ""
    return f"{check.text} is {_shown(place)}, expected {_shown(check.value)}"


def _into(place: object, step: str | int) -> tuple[bool, object]:
    """Whether the step can be made, and where it leads; else where one stands."""
    if isinstance(step, str) and isinstance(place, dict) and step in place:
        return True, place[step]
    if isinstance(step, int) and isinstance(place, list) and -len(place) <= step < len(place):
        return True, place[step]
    return False, place


def _written(path: tuple[str | int, ...]) -> str:
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return safe_text("".join(parts).removeprefix("."), _SHOWN)


def _same(found: object, wanted: Scalar) -> bool:
    """JSON's equality: 1 and 1.0 are one number, true is none."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    return found == wanted


def _shown(value: object) -> str:
    if isinstance(value, dict):
        names = ", ".join(safe_text(str(name), 20) for name in list(value)[:6])
        return f"an object of {len(value)} ({safe_text(names, _SHOWN)})" if value else "an empty object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, str):
        return f'"{safe_text(value, _SHOWN)}"'
    return safe_text(msgspec.json.encode(value), _SHOWN)
