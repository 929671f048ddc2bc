"""One reversible change of a text: a block edited, added or deleted, and how to do it to a text that has moved on."""

from typing import Literal

import msgspec

from uptime_tui.model.errors import UserError
from uptime_tui.model.safetext import one_form, safe_text
from uptime_tui.tomlfile.locate import Block, Layout, scan


class Step(msgspec.Struct, frozen=True):
    """`before` at offset `at` became `after`."""

    kind: Literal["edit", "add", "delete"]
    name: str
    """Of the monitor before the change; of an added one: its name."""
    new_name: str
    """After the change; differs where it was renamed."""
    at: int
    before: str
    after: str
    next: str = ""
    """Of a deleted one: the monitor that stood behind it; empty at the end."""

    def inverse(self) -> "Step":
        """The step that undoes this one."""
        kind: Literal["edit", "add", "delete"] = self.kind
        if kind != "edit":
            kind = "delete" if kind == "add" else "add"
        return Step(kind, self.new_name, self.name, self.at, self.after, self.before, self.next)


def block_names(layout: Layout) -> dict[str, list[Block]]:
    """The blocks by the name that is written in them."""
    names: dict[str, list[Block]] = {}
    for block in layout.blocks:
        name = block_name(layout.text, block)
        if name is not None:
            names.setdefault(name, []).append(block)
    return names


def block_name(text: str, block: Block) -> str | None:
    """The name that a block has, in one form; None without a text there."""
    for statement in block.statements[1:]:
        if statement.kind in {"table", "array"}:
            return None
        if statement.path == ("name",):
            raw = text[slice(*statement.value)]
            if raw[:1] == '"' and '"' not in raw[1:-1] and "\\" not in raw:
                return one_form(raw[1:-1])
            import tomllib

            value = tomllib.loads(f"x = {raw}")["x"]
            return one_form(value) if isinstance(value, str) else None
    return None


def apply_exactly(text: str, steps: tuple[Step, ...]) -> str:
    """The steps on the very text they were made for.

    Raises:
        UserError: it is not that text.
    """
    for step in steps:
        if text[step.at : step.at + len(step.before)] != step.before:
            raise _moved_on(step)
        text = text[: step.at] + step.after + text[step.at + len(step.before) :]
    return text


def apply_by_name(text: str, steps: tuple[Step, ...]) -> str:
    """The steps on a text in which other blocks were changed since: each finds its block by name.

    Raises:
        UserError: a block is not as the step left it.
    """
    for step in steps:
        layout = scan(text)
        names = block_names(layout)
        if step.kind == "add":
            text = _put_back(text, names, step)
            continue
        found = names.get(step.name, [])
        if len(found) != 1:
            raise _moved_on(step)
        block = found[0]
        start, end = (block.start, block.end) if step.kind == "edit" else delete_span(layout, block)
        if text[start:end].strip() != step.before.strip():
            raise _moved_on(step)
        if step.kind == "edit" and step.new_name != step.name and step.new_name in names:
            raise _taken(step)
        if text.startswith(step.before, start):
            end = start + len(step.before)  # with the blank line that came with it
        text = text[:start] + step.after + text[end:]
    return text


def _put_back(text: str, names: dict[str, list[Block]], step: Step) -> str:
    if step.new_name in names:
        raise _taken(step)
    newline = newline_of(text + step.after)
    body = step.after.strip("\r\n")
    behind = names.get(step.next)
    if step.next and behind:
        return text[: behind[0].lead] + body + newline * 2 + text[behind[0].lead :]
    return text + separator(text) + body + newline


def delete_span(layout: Layout, block: Block) -> tuple[int, int]:
    """What goes with a deleted block: comments directly above it, and the blank lines that parted it from others."""
    start, end = block.lead, block.end
    position = next(i for i, s in enumerate(layout.statements) if s.start == end) if end < len(layout.text) else None
    while position is not None and position < len(layout.statements) and layout.statements[position].kind == "blank":
        end = layout.statements[position].end
        position += 1
    if end < len(layout.text):
        return start, end
    for statement in reversed(layout.statements):
        if statement.end == start and statement.kind == "blank":
            start = statement.start
    return start, end


def newline_of(text: str) -> str:
    """The line end that the text uses."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def separator(text: str) -> str:
    """What stands between the end of the text and a new block: a blank line, and the line end that may be missing."""
    newline = newline_of(text)
    if not text.strip("\ufeff"):
        return ""
    if not text.endswith("\n"):
        return newline * 2
    return "" if text.endswith(("\n\n", "\n\r\n")) else newline


def _moved_on(step: Step) -> UserError:
    return UserError(f"{safe_text(step.name, 80)} was changed since", todo="edit it as it is now")


def _taken(step: Step) -> UserError:
    return UserError(f"a monitor is called {safe_text(step.new_name, 80)!r} again", todo="rename that one first")
