"""Changes of configured monitors by name: the same file edit that the dashboard makes, undoable there."""

from collections.abc import Callable

from uptime_tui.cli import output
from uptime_tui.cli.options import chosen_home
from uptime_tui.config.edit import MonitorsFile


def change(
    names: tuple[str, ...],
    home: str | None,
    verb: str,
    edit: Callable[[MonitorsFile], object],
    *,
    as_json: bool,
) -> int:
    """Make one edit of the monitors file and say what was done; returns the exit code.

    Raises:
        UserError: a name is unknown, or the file cannot be changed.
    """
    place = chosen_home(home)
    edit(MonitorsFile(place.monitors_file, place.undo_file))
    for name in dict.fromkeys(names):
        if as_json:
            output.json_line({"name": name, "done": verb})
        else:
            output.line(f"{verb} {name}")
    return 0


def pause_all(names: tuple[str, ...], home: str | None, *, paused: bool, as_json: bool) -> int:
    """Pause or resume: each monitor's block says so, and no other byte changes."""

    def edit(file: MonitorsFile) -> None:
        file.edit_all(names, {"paused": True if paused else None})

    return change(names, home, "paused" if paused else "resumed", edit, as_json=as_json)
