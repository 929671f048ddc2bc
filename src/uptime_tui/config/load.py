"""`monitors.toml` to the monitors; every problem has a file and a line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from uptime_tui.config.draft import Services, read_draft
from uptime_tui.config.schema import Defaults
from uptime_tui.model.errors import UserError
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.safetext import one_form, safe_text
from uptime_tui.tomlfile.fields import Fault
from uptime_tui.tomlfile.source import parse, parse_slowly, read_text, without_mark

if TYPE_CHECKING:
    from uptime_tui.tomlfile.locate import Layout

_MAX_MONITORS: Final = 100_000
_BREATH: Final = 50
"""Monitors that are read in two milliseconds."""


class Problem(NamedTuple):
    """One thing wrong in a file: `monitors.toml:12`, what, and what to do."""

    where: str
    what: str
    todo: str

    def __str__(self) -> str:
        """One line, as a `UserError` of it."""
        return str(UserError(self.what, where=self.where, todo=self.todo))


class Loaded(NamedTuple):
    """The sound monitors (id 0: the journal gives the real ones), and everything that is wrong."""

    monitors: tuple[Monitor, ...]
    problems: tuple[Problem, ...]


def load_monitors(
    path: Path, catalogue: Services, defaults: Defaults | None = None, breathe: Callable[[], None] | None = None
) -> Loaded:
    """Read `monitors.toml`; a missing or empty file is an empty fleet. Nothing is raised: every fault is a problem.

    Args:
        path: the file.
        catalogue: the services.
        defaults: `[defaults]` of the settings.
        breathe: called every few milliseconds, for a thread that must let others go on; what it raises goes through.
    """
    try:
        text = read_text(path)
        tables = parse_slowly(text, path.name, "monitor", breathe) if breathe else parse(text, path.name)
    except UserError as error:
        return Loaded((), (Problem(error.where, error.what, error.todo),))
    faults = [(-1, fault) for fault in _top_faults(tables)]
    blocks = tables.get("monitor", [])
    blocks = blocks if isinstance(blocks, list) else []
    monitors: list[Monitor] = []
    names: dict[str, list[int]] = {}
    for index in range(min(len(blocks), _MAX_MONITORS)):
        if breathe and not index % _BREATH:
            breathe()
        table, blocks[index] = blocks[index], None  # no longer needed: its memory is the next monitors'
        if not isinstance(table, dict):
            faults.append((-1, Fault(("monitor",), "monitor must be a table", "write [[monitor]] above each")))
            break
        name = table.get("name")
        if isinstance(name, str) and name:
            names.setdefault(one_form(name), []).append(index)
        monitor, wrong = read_draft(table, catalogue, defaults or Defaults())
        faults.extend((index, fault) for fault in wrong)
        if monitor is not None:
            monitors.append(monitor)
    doubles = {name: places for name, places in names.items() if len(places) > 1}
    if not faults and not doubles:
        return Loaded(tuple(monitors), ())
    from uptime_tui.tomlfile.locate import scan

    layout = scan(without_mark(text))
    faults.extend(_double_faults(doubles, layout))
    placed = sorted(_placed(faults, layout), key=lambda item: item[0])
    kept = {m.name: m for m in reversed(monitors)}
    sound = tuple(m for m in monitors if kept[m.name] is m)
    return Loaded(sound, tuple(Problem(f"{path.name}:{line}", f.what, f.todo) for line, f in placed))


def _top_faults(tables: Mapping[str, Any]) -> Iterator[Fault]:
    for key in tables:
        if key != "monitor":
            near = (
                "did you mean [[monitor]]?" if key.lower().startswith("mon") else "only [[monitor]] blocks stand here"
            )
            yield Fault((key,), f"unknown key {safe_text(key, 40)!r}", near)
    blocks = tables.get("monitor", [])
    if isinstance(blocks, dict):
        yield Fault(("monitor",), "[monitor] is a single table", "write [[monitor]] with two brackets")
    elif not isinstance(blocks, list):
        yield Fault(("monitor",), "monitor must be blocks", "write [[monitor]] and its keys below")
    elif len(blocks) > _MAX_MONITORS:
        yield Fault(("monitor",), f"more than {_MAX_MONITORS:,} monitors", "remove some")


def _double_faults(doubles: Mapping[str, Sequence[int]], layout: "Layout") -> Iterator[tuple[int, Fault]]:
    for name, places in doubles.items():
        first = layout.line_of(places[0], ("name",))
        for index in places[1:]:
            what = f"name {safe_text(name, 40)!r} is already taken in line {first}"
            yield index, Fault(("name",), what, "choose another name")


def _placed(faults: Sequence[tuple[int, Fault]], layout: "Layout") -> Iterator[tuple[int, Fault]]:
    for index, fault in faults:
        if index < 0:
            yield layout.line_at(fault.path), fault
        else:
            yield layout.line_of(index, fault.path), fault


def draft_from_table(
    table: Mapping[str, Any], catalogue: Services, *, where: str, defaults: Defaults | None = None
) -> Monitor:
    """One monitor from a table as it would stand in the file (the add form, the command line).

    Raises:
        UserError: the first problem, with its key.
    """
    monitor, faults = read_draft(table, catalogue, defaults or Defaults())
    if monitor is None:
        fault = faults[0]
        todo = "" if " = " in fault.todo else fault.todo  # that would be a line of the file
        raise UserError(fault.what, where=where, todo=todo, key=".".join(map(str, fault.path)))
    return monitor


def monitor_lines(path: Path) -> Mapping[str, int]:
    """Line of each monitor's block by its name, counted from 1.

    Raises:
        UserError: the file cannot be read.
    """
    from uptime_tui.config.step import block_names
    from uptime_tui.tomlfile.locate import scan

    layout = scan(without_mark(read_text(path)))
    return {name: layout.line(blocks[0].start) for name, blocks in block_names(layout).items()}
