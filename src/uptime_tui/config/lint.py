"""`lint_ignore`, and where each monitor stands in the file."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from uptime_tui.config.schema import MonitorTable
from uptime_tui.model.safetext import safe_text
from uptime_tui.tomlfile.fields import Fault
from uptime_tui.tomlfile.source import read_text, without_mark


def lint_faults(written: MonitorTable) -> Iterator[Fault]:
    """A rule that does not exist is ignored by nobody: most likely it is a slip."""
    if not written.lint_ignore:
        return
    from uptime_tui.lint.audit import rule_ids

    known = rule_ids()
    for name in written.lint_ignore:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1)
            todo = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            yield Fault(("lint_ignore",), f"lint_ignore names no rule: {safe_text(name, 40)!r}", todo)


def monitor_lines(path: Path) -> Mapping[str, int]:
    """Line of each monitor's block by its name, counted from 1.

    Raises:
        UserError: the file cannot be read.
    """
    from uptime_tui.config.step import block_names
    from uptime_tui.tomlfile.locate import scan

    layout = scan(without_mark(read_text(path)))
    return {name: layout.line(blocks[0].start) for name, blocks in block_names(layout).items()}
