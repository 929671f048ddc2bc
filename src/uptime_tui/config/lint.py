"""The lint rules that are ignored, in the settings and in a monitor's block."""

from collections.abc import Iterator

from uptime_tui.model.safetext import safe_text
from uptime_tui.tomlfile.fields import Fault


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
