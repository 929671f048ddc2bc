"""The faults of a file as the one error that a user sees."""

from collections.abc import Sequence

from uptime_tui.model.errors import UserError
from uptime_tui.tomlfile.fields import Fault
from uptime_tui.tomlfile.source import without_mark


def first_fault(faults: Sequence[Fault], text: str, name: str) -> UserError:
    """The fault that stands first in the file, with its line, and how many more there are.

    Args:
        faults: at least one.
        text: of the file; valid TOML.
        name: of the file, for the message.
    """
    from uptime_tui.tomlfile.locate import scan

    layout = scan(without_mark(text))
    line, first = min(((layout.line_at(fault.path), fault) for fault in faults), key=lambda placed: placed[0])
    count = len(faults) - 1
    more = f"; {count} more {'problem' if count == 1 else 'problems'} in this file" if count else ""
    return UserError(first.what + more, where=f"{name}:{line}", todo=first.todo)
