"""Changes keys inside the text of one `[[monitor]]` block, and writes new blocks.

Nothing is printed anew: a value is replaced where it stands, a key's line is removed or put behind the last one, so
that comments, order, spacing and quoting of everything else stay. What came out is parsed and compared with what
was meant before anybody sees it.
"""

import tomllib
from collections.abc import Callable, Mapping
from typing import Any, Final

from uptime_tui.config.schema import TABLES, MonitorTable
from uptime_tui.model.errors import UserError
from uptime_tui.tomlfile.fields import Place, read_table
from uptime_tui.tomlfile.locate import Layout, Path, Statement, comments_in, scan

_ROOT: Final = ("monitor",)

Changes = Mapping[str, object]
"""Key to value; None removes the key. A sub-table's keys come as a dict below its name, or dotted (`expect.slow`)."""


def block_table(text: str) -> dict[str, Any]:
    """The table of a block's text."""
    tables: list[dict[str, Any]] = tomllib.loads(text)["monitor"]
    return tables[0]


def dotted(path: Place) -> str:
    """A key as it is spoken of where no line is known."""
    return ".".join(map(str, path))


def change_block(text: str, changes: Changes, newline: str, place: Callable[[Place], str] = dotted) -> str:
    """The block's text with the keys set, or removed where the value is None.

    Args:
        text: of the block.
        changes: what to set.
        newline: as the file has them.
        place: where a key of the result stands, for the message.

    Raises:
        UserError: the result would be no monitor, or is written in a way that cannot be edited key by key.
    """
    steps = flatten(changes)
    wanted = _changed(block_table(text), steps)
    _, faults = read_table(wanted, MonitorTable)
    if faults:
        raise UserError(faults[0].what, where=place(faults[0].path), todo=faults[0].todo, key=dotted(faults[0].path))
    for path, value in steps:
        if path[0] in TABLES and len(path) == 1:
            text = _remove(text, path, newline)  # one text in place of a table
        text = _remove(text, path, newline) if value is None else _set(text, path, value, newline)
        if value is None and block_table(text).get(path[0]) == {}:
            text = _remove(text, path[:1], newline)  # the last key has gone, and an empty table says nothing
    if _without_empty(block_table(text)) != _without_empty(wanted):
        raise UserError("this block cannot be edited here", todo="edit it in the file")
    return text


def new_block(table: Mapping[str, object], newline: str) -> str:
    """The text of a new block; keys in the order in which they are documented."""
    _, faults = read_table(table, MonitorTable)
    if faults:
        raise UserError(faults[0].what, where=dotted(faults[0].path), todo=faults[0].todo, key=dotted(faults[0].path))
    order = MonitorTable.__struct_fields__
    lines = ["[[monitor]]"]
    lines += [f"{k} = {format_value(table[k])}" for k in order if k in table and not isinstance(table[k], Mapping)]
    for key, kind in TABLES.items():
        inner = table.get(key)
        if isinstance(inner, Mapping) and inner:
            lines += ["", f"[monitor.{key}]"]
            lines += [f"{name} = {format_value(inner[name])}" for name in kind.__struct_fields__ if name in inner]
    return "".join(line + newline for line in lines)


def format_value(value: object) -> str:
    """A value as TOML, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} = {format_value(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(format_value(item) for item in value)}]"
    import tomli_w

    return tomli_w.dumps({"x": str(value)}).removeprefix("x = ").removesuffix("\n")


def flatten(changes: Changes) -> list[tuple[Path, object]]:
    """Paths of the single keys that change."""
    steps: list[tuple[Path, object]] = []
    for key, value in changes.items():
        path = tuple(key.split("."))
        if isinstance(value, Mapping):
            steps += [((*path, str(name)), inner) for name, inner in value.items()]
        else:
            steps.append((path, value))
    return steps


def value_at(table: Mapping[str, Any], path: Path) -> Any:
    """The value of a path, None where there is none."""
    value: Any = table
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _changed(table: dict[str, Any], steps: list[tuple[Path, object]]) -> dict[str, Any]:
    result = {key: dict(value) if isinstance(value, dict) else value for key, value in table.items()}
    for path, value in steps:
        place: Any = result
        if len(path) > 1:
            place = result.setdefault(path[0], {})
            if isinstance(place, str) and path[0] in TABLES:  # `expect = "closed"` gives way to a table
                place = result[path[0]] = {}
        if not isinstance(place, dict) or len(path) > 2:
            raise UserError(f"there is no key {'.'.join(path)[:40]!r}")
        if value is None:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = list(value) if isinstance(value, tuple) else value
    return {key: value for key, value in result.items() if value != {}}


def _without_empty(table: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value != {}}


def _paths(layout: Layout) -> list[tuple[Path, Statement]]:
    """Every header and pair with its path below the monitor."""
    table: Path = ()
    found: list[tuple[Path, Statement]] = []
    for statement in layout.statements:
        if statement.kind in {"array", "table"}:
            table = statement.path[len(_ROOT) :]
            found.append((table, statement))
        elif statement.kind == "pair":
            found.append(((*table, *statement.path), statement))
    return found


def _remove(text: str, path: Path, newline: str) -> str:
    paths = _paths(scan(text))
    inline = _inline_parent(paths, path)
    if inline is not None:
        return _rewrite_inline(text, inline, path, None)
    for full, statement in reversed(paths[1:]):
        if full[: len(path)] == path:
            kept = _comment_lines(text, statement, newline, statement.end)
            before, after = text[: statement.start], text[statement.end :]
            alone = before.endswith(newline * 2) and (not after.strip() or after.startswith(newline))
            if statement.kind == "table" and alone and not kept:
                before = before.removesuffix(newline)  # the blank line above the header goes with it
            text = before + kept + after
    return text


def _set(text: str, path: Path, value: object, newline: str) -> str:
    paths = _paths(scan(text))
    for full, statement in paths:
        if full == path and statement.kind == "pair":
            kept = _comment_lines(text, statement, newline, statement.value[1])
            changed = _spliced(text, statement.value, format_value(value))
            return _spliced(changed, (statement.start, statement.start), kept)
    inline = _inline_parent(paths, path)
    if inline is not None:
        return _rewrite_inline(text, inline, path, value)
    pair = f"{path[-1]} = {format_value(value)}"
    if len(path) == 1:
        after = [s for full, s in paths if s.kind != "table"]
        first_table = next((i for i, (_, s) in enumerate(paths) if s.kind == "table"), len(paths))
        return _inserted(text, after[:first_table][-1], pair, newline)
    headed = [i for i, (full, s) in enumerate(paths) if s.kind == "table" and full == path[:1]]
    if headed:
        last = headed[0]
        while last + 1 < len(paths) and paths[last + 1][1].kind == "pair":
            last += 1
        return _inserted(text, paths[last][1], pair, newline)
    dotted = [s for full, s in paths if s.kind == "pair" and full[:1] == path[:1]]
    if dotted:
        return _inserted(text, dotted[-1], f"{path[0]}.{pair}", newline)
    return _inserted(text, scan(text).statements[-1], f"{newline}[monitor.{path[0]}]{newline}{pair}", newline)


def _inline_parent(paths: list[tuple[Path, Statement]], path: Path) -> Statement | None:
    found = (s for full, s in paths if s.kind == "pair" and full == path[:1] and len(path) > 1)
    return next(found, None)


def _rewrite_inline(text: str, pair: Statement, path: Path, value: object) -> str:
    begin, end = pair.value
    inner = tomllib.loads(f"x = {text[begin:end]}")["x"]
    inner = inner if isinstance(inner, dict) else {}
    if value is None:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = value
    return _spliced(text, pair.value, format_value(inner))


def _comment_lines(text: str, statement: Statement, newline: str, end: int) -> str:
    """The comments of a statement up to `end` as lines of their own: its line goes, or its list is written anew."""
    own = text[statement.start : statement.end]
    indent = own[: len(own) - len(own.lstrip(" \t"))]
    comments = comments_in(text, statement.start, end)
    return "".join(f"{indent}{comment}{newline}" for comment in comments)


def _spliced(text: str, span: tuple[int, int], new: str) -> str:
    return text[: span[0]] + new + text[span[1] :]


def _inserted(text: str, after: Statement, line: str, newline: str) -> str:
    """The line behind a statement, indented like it."""
    own = text[after.start : after.end]
    indent = own[: len(own) - len(own.lstrip(" \t"))]
    if own.endswith("\n"):
        return text[: after.end] + indent + line + newline + text[after.end :]
    return text[: after.end] + newline + indent + line + text[after.end :]
