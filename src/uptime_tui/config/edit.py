"""The one door to changing `monitors.toml`: block by block, undoable, never over the work of others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from uptime_tui.config.block import Changes, block_table, change_block, dotted, flatten, new_block, value_at
from uptime_tui.config.step import (
    Step,
    apply_by_name,
    apply_exactly,
    block_name,
    block_names,
    delete_span,
    newline_of,
    separator,
)
from uptime_tui.config.undo import Change, UndoLog, digest
from uptime_tui.config.write import replace_file, writers_lock
from uptime_tui.model.errors import UserError
from uptime_tui.model.safetext import one_form, safe_text
from uptime_tui.tomlfile.fields import Place
from uptime_tui.tomlfile.locate import Block, Layout, scan
from uptime_tui.tomlfile.source import parse, read_text, without_mark

_PAST: Final = {
    "add": "added",
    "edit": "edited",
    "rename": "renamed",
    "pause": "paused",
    "resume": "resumed",
    "delete": "deleted",
}
Plan = Callable[[str], tuple[str, Sequence[Step]]]
"""A text to what is to be done with it: a label and its steps."""


class MonitorsFile:
    """The user's monitors as a text that can be edited; several processes may do so at the same time."""

    def __init__(self, path: Path, undo_file: Path) -> None:
        self._path = path
        self._log = UndoLog(undo_file)
        self._valid = ""

    @property
    def undo_label(self) -> str:
        """What undo would undo (`delete mx1 smtp`); empty where there is nothing."""
        change = self._log.newest_done()
        return change.label if change else ""

    @property
    def redo_label(self) -> str:
        """What redo would do again; empty where there is nothing."""
        change = self._log.oldest_undone()
        return change.label if change else ""

    def read_table(self, name: str) -> dict[str, Any]:
        """The keys that are written for a monitor.

        Raises:
            UserError: there is no such monitor, or the file is broken.
        """
        layout = self._layout(self._read()[1])
        block = _only(block_names(layout), one_form(name))
        return block_table(layout.text[block.start : block.end])

    def add(self, tables: Iterable[Mapping[str, object]]) -> str:
        """Append monitors; returns what was done.

        Raises:
            UserError: a name is taken, a table is wrong, or the file cannot be changed.
        """
        wanted = list(tables)

        def plan(text: str) -> tuple[str, list[Step]]:
            taken = set(block_names(self._layout(text)))
            newline, steps = newline_of(text), list[Step]()
            end, gap = len(text), separator(text)
            for table in wanted:
                name = one_form(str(table.get("name", "")))
                _require_free(name, taken)
                taken.add(name)
                added = gap + new_block(table, newline)
                steps.append(Step("add", name, name, end, "", added))
                end, gap = end + len(added), newline
            return _label("add", [step.name for step in steps]), steps

        return self._change(plan)

    def edit(self, name: str, changes: Changes, seen: Mapping[str, Any] | None = None) -> str:
        """Set keys of one monitor, or remove them where the value is None; returns what was done.

        Args:
            name: the monitor's.
            changes: what to set.
            seen: its table as whoever asks was shown it (`read_table`); others' edits of other keys since are merged.

        Raises:
            UserError: no such monitor, a wrong value, the name is taken, others have changed one of these keys
                since it was seen, or the file cannot be written.
        """
        return self.edit_all((name,), changes, seen)

    def edit_all(self, names: Sequence[str], changes: Changes, seen: Mapping[str, Any] | None = None) -> str:
        """The same change of several monitors at once: one step of undo. Raises as `edit` does."""

        def plan(text: str) -> tuple[str, list[Step]]:
            layout = self._layout(text)
            blocks = block_names(layout)
            new_name = changes.get("name")
            new_name = one_form(new_name) if isinstance(new_name, str) else None
            if new_name is not None and names != (new_name,):
                _require_free(new_name, set(blocks) if len(names) == 1 else {new_name})
            newline, steps = newline_of(text), list[Step]()
            for name, block in _from_the_end(blocks, names):
                before = text[block.start : block.end]
                if seen is not None:
                    self._refuse_if_changed(name, block_table(before), changes, seen)
                after = change_block(before, changes, newline, self._place_of(layout, block, changes))
                if text[block.end :].partition("\n")[0].strip() and scan(after).statements[-1].kind == "comment":
                    after += newline  # what a line that went leaves behind is no comment on the next monitor
                renamed = name if new_name is None else new_name
                steps.append(Step("edit", name, renamed, block.start, before, after))
            return _label(_verb(changes), list(names)), [step for step in steps if step.before != step.after]

        return self._change(plan)

    def delete(self, names: Sequence[str]) -> str:
        """Delete monitors with the comments directly above them; returns what was done. Raises as `edit` does."""

        def plan(text: str) -> tuple[str, list[Step]]:
            layout = self._layout(text)
            blocks, limit, steps = block_names(layout), len(text), list[Step]()
            following = _following(layout)
            for name, block in _from_the_end(blocks, names):
                start, end = delete_span(layout, block)
                end = min(end, limit)
                limit = start
                steps.append(Step("delete", name, name, start, text[start:end], "", following[block.start]))
            return _label("delete", list(names)), steps

        return self._change(plan)

    def undo(self) -> str:
        """Take the newest change back; other changes made since stay. Returns what was done.

        Raises:
            UserError: nothing to undo, or a block is no longer as that change left it.
        """
        return self._travel(redo=False)

    def redo(self) -> str:
        """Do the newest undone change again. Raises as `undo` does."""
        return self._travel(redo=True)

    def _travel(self, *, redo: bool) -> str:
        with writers_lock(self._path):
            mark, text = self._read()
            change = self._log.oldest_undone() if redo else self._newest_real(text)
            if change is None:
                raise UserError("nothing to do again" if redo else "nothing to undo")
            steps = change.steps if redo else tuple(step.inverse() for step in reversed(change.steps))
            if digest(text) == (change.old if redo else change.new):
                result = apply_exactly(text, steps)
            else:
                self._layout(text)
                result = apply_by_name(text, steps)
            self._write(mark, text, result)
            self._log.mark(change, undone=not redo)
        return f"{'done again' if redo else 'undone'}: {change.label}"

    def _newest_real(self, text: str) -> Change | None:
        """The newest change that reached the file: one that a kill cut off between log and file is passed over."""
        change = self._log.newest_done()
        while change is not None and change.old != change.new and digest(text) == change.old:
            self._log.mark(change, undone=True)
            change = self._log.newest_done()
        return change

    def _change(self, plan: Plan) -> str:
        if not self._read()[1]:
            plan("")  # nothing can be edited there, which says more than that nothing can be locked there
        with writers_lock(self._path):
            mark, text = self._read()
            label, steps = plan(text)
            result = apply_exactly(text, tuple(steps))
            if result != text:
                self._log.add(label, text, result, tuple(steps))
                self._write(mark, text, result)
        verb, _, rest = label.partition(" ")
        return f"{_PAST[verb]} {rest}"

    def _read(self) -> tuple[str, str]:
        """Byte order mark and text."""
        whole = read_text(self._path)
        text = without_mark(whole)
        return whole[: len(whole) - len(text)], text

    def _write(self, mark: str, seen: str, text: str) -> None:
        if self._read() != (mark, seen):
            raise UserError("was changed by somebody else just now", where=self._path.name, todo="try again")
        replace_file(self._path, (mark + text).encode())
        self._valid = text

    def _layout(self, text: str) -> Layout:
        """The text taken apart, once it is known to be TOML made of blocks."""
        if text != self._valid:
            parse(text, self._path.name)
            self._valid = text
        layout = scan(text)
        if not layout.is_regular:
            what = "holds more than [[monitor]] blocks"
            raise UserError(
                what, where=self._path.name, todo="write each monitor as a [[monitor]] block to edit it here"
            )
        return layout

    def _place_of(self, layout: Layout, block: Block, changes: Changes) -> Callable[[Place], str]:
        """Says where a fault is: its line, when it was in the file before, else the key that was to be set."""

        def place(path: Place) -> str:
            if any(path[: len(key)] == key for key, _ in flatten(changes)):
                return dotted(path)
            return f"{self._path.name}:{layout.line_of(layout.blocks.index(block), path)}"

        return place

    def _refuse_if_changed(
        self, name: str, table: Mapping[str, Any], changes: Changes, seen: Mapping[str, Any]
    ) -> None:
        for path, _ in flatten(changes):
            if value_at(seen, path) != value_at(table, path):
                what = f"{safe_text(name, 80)} was changed in the file meanwhile"
                raise UserError(what, where=self._path.name, todo="look at it again, then repeat this")


def _only(blocks: Mapping[str, list[Block]], name: str) -> Block:
    found = blocks.get(name, [])
    if len(found) == 1:
        return found[0]
    shown = safe_text(name, 80)
    if found:
        raise UserError(f"{len(found)} monitors are called {shown!r}", todo="rename all but one in the file")
    near = get_close_matches(name, blocks, 1)
    todo = f"did you mean {safe_text(near[0], 80)!r}?" if near else "see `uptime-tui list`"
    raise UserError(f"no monitor is called {shown!r}", todo=todo)


def _from_the_end(blocks: Mapping[str, list[Block]], names: Sequence[str]) -> list[tuple[str, Block]]:
    """Last block first, so that offsets of the others stay true."""
    chosen = [(name, _only(blocks, name)) for name in dict.fromkeys(map(one_form, names))]
    return sorted(chosen, key=lambda item: -item[1].start)


def _following(layout: Layout) -> dict[int, str]:
    """Start of each block to the name of the one behind it; empty for the last."""
    names = [block_name(layout.text, block) or "" for block in layout.blocks]
    return {block.start: name for block, name in zip(layout.blocks, [*names, ""][1:], strict=True)}


def _require_free(name: str, taken: set[str]) -> None:
    if name in taken:
        raise UserError(f"a monitor is already called {safe_text(name, 80)!r}", todo="choose another name", key="name")


def _verb(changes: Changes) -> str:
    if set(changes) == {"paused"}:
        return "pause" if changes["paused"] else "resume"
    return "rename" if set(changes) == {"name"} else "edit"


def _label(verb: str, names: Sequence[str]) -> str:
    return f"{verb} {safe_text(names[0], 80) if len(names) == 1 else f'{len(names)} monitors'}"
