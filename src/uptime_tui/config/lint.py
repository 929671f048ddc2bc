"""The rules that are ignored, and where each monitor stands in the file."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from uptime_tui.model.safetext import safe_text
from uptime_tui.tomlfile.fields import Fault
from uptime_tui.tomlfile.source import read_text, without_mark


def rule_faults(names: tuple[str, ...], key: tuple[str, ...]) -> Iterator[Fault]:
    """A rule that does not exist is ignored by nobody: most likely it is a slip.

    Args:
        names: of rules.
        key: where they are written.
    """
    if not names:
        return
    from uptime_tui.lint.audit import rule_ids

    known = rule_ids()
    for name in names:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1)
            todo = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            yield Fault(key, f"{key[-1]} names no rule: {safe_text(name, 40)!r}", todo)


def monitor_lines(path: Path) -> Mapping[str, int]:
    """Line of each monitor's block by its name, counted from 1.

    Raises:
        UserError: the file cannot be read.
    """
    from uptime_tui.config.step import block_names
    from uptime_tui.tomlfile.locate import scan

    layout = scan(without_mark(read_text(path)))
    return {name: layout.line(blocks[0].start) for name, blocks in block_names(layout).items()}
