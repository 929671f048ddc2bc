"""The user's two files to what the programme works with; every problem has a file and a line."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from uptime_tui.config.draft import Services, read_draft
from uptime_tui.config.expect import seconds
from uptime_tui.config.schema import Defaults, Settings
from uptime_tui.model.errors import UserError
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import safe_text
from uptime_tui.resolve.system import parse_server
from uptime_tui.tomlfile.fields import Fault, read_table
from uptime_tui.tomlfile.report import first_fault
from uptime_tui.tomlfile.source import parse, read_text, without_mark

if TYPE_CHECKING:
    from uptime_tui.tomlfile.locate import Layout

_MAX_MONITORS: Final = 100_000
_MAX_NAMES: Final = 16
_NAME: Final = pattern(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,8}")


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


def load_settings(path: Path) -> Settings:
    """Read `config.toml`; a missing file is all defaults.

    Raises:
        UserError: the first problem, with file and line, and how many more there are.
    """
    text = read_text(path)
    settings, faults = read_table(parse(text, path.name), Settings)
    if settings is not None:
        faults += _settings_faults(settings)
    if settings is None or faults:
        raise first_fault(faults, text, path.name)
    return settings


def _settings_faults(settings: Settings) -> list[Fault]:
    faults: list[Fault] = []
    for address in settings.resolver.nameservers:
        try:
            parse_server(address)
        except ValueError:
            what = "a nameserver must be an IP address, with a port where it is not 53"
            faults.append(Fault(("resolver", "nameservers"), what, 'write nameservers = ["192.0.2.53"]'))
    if settings.tls.ca_file is not None:
        faults += _ca_faults(Path(settings.tls.ca_file))
    faults += _name_faults("dkim_selectors", settings.diagnose.dkim_selectors)
    faults += _name_faults("dnsbl", settings.diagnose.dnsbl)
    bounds = (
        (("engine", "max_probes_at_once"), settings.engine.max_probes_at_once, 1, 10_000),
        (("engine", "retention_days"), settings.engine.retention_days, 1, 3650),
        (("ui", "frames_per_second"), settings.ui.frames_per_second, 1, 30),
        (("defaults", "confirmations"), settings.defaults.confirmations, 1, 100),
    )
    for path, value, low, high in bounds:
        if value is not None and not low <= value <= high:
            faults.append(Fault(path, f"{path[-1]} must be {low} to {high}", f"write {path[-1]} = {low} or more"))
    for key in ("interval", "timeout"):
        seconds(("defaults", key), getattr(settings.defaults, key), faults)
    return faults


def _ca_faults(path: Path) -> Iterator[Fault]:
    """The engine and `check` start in different folders and must find the same file, with a certificate in it."""
    where, todo = ("tls", "ca_file"), 'write ca_file = "/path/to/ca.pem"'
    if not path.is_absolute():
        yield Fault(where, "ca_file must be a whole path, from /", todo)
        return
    try:
        if b"-----BEGIN CERTIFICATE-----" not in path.read_bytes():
            yield Fault(where, "ca_file holds no PEM certificate", todo)
    except OSError as error:
        yield Fault(where, f"ca_file cannot be read: {error.strerror}", todo)


def _name_faults(key: str, names: tuple[str, ...]) -> Iterator[Fault]:
    """Each is a name of the DNS, at most 16 of them."""
    if len(names) > _MAX_NAMES:
        yield Fault(("diagnose", key), f"more than {_MAX_NAMES} {key}", "leave some out")
    for name in names:
        if not _NAME.fullmatch(name):
            yield Fault(("diagnose", key), f"{safe_text(name, 40)!r} is no name of the DNS", f'write {key} = ["name"]')


def load_monitors(path: Path, catalogue: Services, defaults: Defaults | None = None) -> Loaded:
    """Read `monitors.toml`; a missing or empty file is an empty fleet. Nothing is raised: every fault is a problem.

    Args:
        path: the file.
        catalogue: the services.
        defaults: `[defaults]` of the settings.
    """
    try:
        text = read_text(path)
        tables = parse(text, path.name)
    except UserError as error:
        return Loaded((), (Problem(error.where, error.what, error.todo),))
    faults = [(-1, fault) for fault in _top_faults(tables)]
    blocks = tables.get("monitor", [])
    blocks = blocks if isinstance(blocks, list) else []
    monitors: list[Monitor] = []
    names: dict[str, list[int]] = {}
    for index in range(min(len(blocks), _MAX_MONITORS)):
        table, blocks[index] = blocks[index], None  # no longer needed: its memory is the next monitors'
        if not isinstance(table, dict):
            faults.append((-1, Fault(("monitor",), "monitor must be a table", "write [[monitor]] above each")))
            break
        name = table.get("name")
        if isinstance(name, str) and name:
            names.setdefault(name, []).append(index)
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
        UserError: the first problem; `where` is the given one with the key.
    """
    monitor, faults = read_draft(table, catalogue, defaults or Defaults())
    if monitor is None:
        fault = faults[0]
        raise UserError(fault.what, where=where, todo=fault.todo)
    return monitor
