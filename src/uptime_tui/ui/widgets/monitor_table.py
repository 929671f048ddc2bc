"""The live table: one line-rendered widget over the view. Only lines whose strip changed are sent.

The cursor and the marks are bound to monitors, never to line numbers.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from uptime_tui.model.units import MonitorId
from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.paint import Colours, strip
from uptime_tui.view.certificates import layout_of
from uptime_tui.view.columns import Chosen, Context, choose_columns, group_spans, header_text, row_spans
from uptime_tui.view.entry import MonitorLine
from uptime_tui.view.rows import GroupRow, ViewOptions, ViewRow
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.view.words import Glyphs

ACTIONS = (
    Action("down", ("j", "down"), "down", "One line down.", "moving"),
    Action("up", ("k", "up"), "up", "One line up.", "moving"),
    Action("page_down", ("pagedown", "ctrl+d"), "page down", "One page down.", "moving"),
    Action("page_up", ("pageup", "ctrl+u"), "page up", "One page up.", "moving"),
    Action("top", ("home", "g"), "top", "To the first line.", "moving"),
    Action("bottom", ("G", "end"), "bottom", "To the last line.", "moving"),
    Action("next_group", ("right_curly_bracket",), "next group", "To the next group.", "moving"),
    Action("previous_group", ("left_curly_bracket",), "previous group", "To the previous group.", "moving"),
    Action("fold", ("h", "left"), "fold", "Fold the group under the cursor.", "moving"),
    Action("unfold", ("l", "right"), "unfold", "Unfold the group under the cursor.", "moving"),
    Action("next_problem", ("n",), "next", "To the next problem.", "triage", 1),
    Action("previous_problem", ("N",), "previous", "To the previous problem.", "triage"),
    Action("mark", ("space",), "mark", "Mark and go on; actions then mean all marked ones.", "triage"),
    Action("mark_range", ("v",), "mark range", "Mark from the last mark to here.", "triage"),
    Action("mark_all", ("asterisk",), "mark all", "Mark every monitor that is shown, or none.", "triage"),
)

Key = MonitorId | str


class MonitorTable(ScrollView, can_focus=True):
    """Lines of groups and monitors. The dashboard hands in snapshot and view; the table asks nobody else."""

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    DEFAULT_CSS = """
    MonitorTable {
        height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; scrollbar-gutter: stable;
    }
    """

    class CursorMoved(Message):
        """The cursor is on another line."""

    class FoldChanged(Message):
        """A group is to be folded or unfolded."""

        def __init__(self, key: str, *, folded: bool) -> None:
            super().__init__()
            self.key = key
            self.folded = folded

    class Opened(Message):
        """A monitor's line was clicked twice."""

    def __init__(
        self, snapshot: Snapshot, glyphs: Glyphs, roles: dict[str, str], now_ms: Callable[[], int], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.snapshot = snapshot
        self.glyphs = glyphs
        self._colours = Colours(self, roles)
        self.now_ms = now_ms
        self.view: tuple[ViewRow, ...] = ()
        self.options = ViewOptions()
        self.empty: tuple[str, ...] = ()
        self.index = 0
        self.marks: set[MonitorId] = set()
        self._anchor: MonitorId | None = None
        """Where a range begins: the monitor that was marked last."""
        self.listing = layout_of(self.options)
        self.chosen: Chosen = choose_columns(80)
        self._key: Key | None = None
        self._sent: dict[int, Strip] = {}
        self._height = 0
        """Lines of the window when they were counted last."""

    # --- what the dashboard calls -----------------------------------------------------

    def set_view(self, view: tuple[ViewRow, ...], options: ViewOptions, empty: tuple[str, ...] = ()) -> None:
        """Show another view; the cursor stays on its monitor, or on the line where that was.

        When the monitor is no more, it goes to the nearest one: on a header most keys have nothing to act on. Who has
        chosen another filter, order or folding sees the cursor; where only states changed, nothing scrolls.
        """
        layout = layout_of(options)
        if layout is not self.listing:
            self.listing = layout
            self.chosen = choose_columns(max(self.line_width - 2, 10), layout)
        chosen = options != self.options
        self.view, self.options, self.empty = view, options, empty
        self.marks.intersection_update(self.snapshot.monitors)
        before = self._key
        self.index = self._find(before)
        self._key = self._entry_key(self.index)
        self.virtual_size = Size(self.line_width, len(view))
        self._sent.clear()
        self.refresh()
        if chosen and view:
            self._show_cursor()
        if self._key != before:
            self.post_message(self.CursorMoved())

    def update_rows(self, dirty: Iterable[MonitorId]) -> None:
        """Repaint the visible lines of these monitors, as far as they look different."""
        changed = set(dirty)
        top = self.scroll_offset.y
        regions = []
        for line in range(min(self.size.height, len(self.view) - top)):
            entry = self.view[top + line]
            if isinstance(entry, MonitorLine) and entry.id in changed:
                before = self._sent.get(top + line)
                now = self._line(top + line)
                if before is None or now != before:
                    self._sent[top + line] = now
                    regions.append(Region(0, line, self.line_width, 1))
        if regions:
            self.refresh(*regions)

    def current(self) -> MonitorId | None:
        """The monitor under the cursor."""
        entry = self.view[self.index] if self.index < len(self.view) else None
        return entry.id if isinstance(entry, MonitorLine) else None

    def chosen_monitors(self) -> tuple[MonitorId, ...]:
        """What an action means: the marked ones, else the one under the cursor."""
        if self.marks:
            return tuple(entry.id for entry in self.view if isinstance(entry, MonitorLine) and entry.id in self.marks)
        current = self.current()
        return () if current is None else (current,)

    def go_to(self, monitor: MonitorId) -> bool:
        """Put the cursor on a monitor; False where it is not shown."""
        for number, entry in enumerate(self.view):
            if isinstance(entry, MonitorLine) and entry.id == monitor:
                self._move(number)
                return True
        return False

    def forget_cursor(self) -> None:
        """Let the next view put the cursor on its first monitor."""
        self._key = None

    def clear_marks(self) -> bool:
        """Unmark all; False when nothing was marked."""
        had = bool(self.marks)
        self._anchor = None
        self.marks.clear()
        self.repaint()
        return had

    def header(self) -> str:
        """The titles above, aligned with the lines."""
        text = header_text(self.chosen, self.options.sort, reverse=self.options.reverse, glyphs=self.glyphs)
        return f"  {text}"

    def sort_at(self, x: int) -> str:
        """The order that the title at this cell stands for; empty for none."""
        edge = 2
        for column, width in self.chosen:
            edge += width + 1
            if x < edge:
                return column.sort
        return ""

    @property
    def line_width(self) -> int:
        """Cells of a line: what the scroll bar leaves."""
        return self.scrollable_content_region.width

    # --- painting ---------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        line = self.scroll_offset.y + y
        if line >= len(self.view):
            return strip(self._empty_spans(y), self.line_width, self._colours.now())
        shown = self._line(line)
        self._sent[line] = shown
        return shown

    def _line(self, number: int) -> Strip:
        entry = self.view[number]
        width = self.line_width
        here = number == self.index
        if isinstance(entry, GroupRow):
            spans = group_spans(entry, width - 1, self.glyphs)
            return strip(
                ((self.glyphs.cursor if here else " ", "dim"), *spans),
                width,
                self._colours.now(),
                reverse=here and self.has_focus,
            )
        monitor, row = self.snapshot.monitors.get(entry.id), self.snapshot.rows.get(entry.id)
        if monitor is None or row is None:
            return strip((), width, self._colours.now())
        lead = self.glyphs.mark if entry.id in self.marks else self.glyphs.cursor if here else " "
        certificate = self.snapshot.certificates.get(entry.id)
        exposed = self.snapshot.is_exposed(monitor, row)
        context = Context(monitor, row, self.now_ms(), 0, self.glyphs, certificate, exposed)
        spans = row_spans(self.chosen, context, self.listing)
        return strip(((f"{lead} ", "accent"), *spans), width, self._colours.now(), reverse=here and self.has_focus)

    def _empty_spans(self, y: int) -> tuple[tuple[str, str], ...]:
        line = y - 1
        if self.view or not 0 <= line < len(self.empty):
            return ()
        return ((f"   {self.empty[line]}", "plain" if line else "strong"),)

    def repaint(self) -> None:
        """Draw all lines anew."""
        self._sent.clear()
        self.refresh()

    def on_resize(self, _event: Resize) -> None:
        """Choose the columns that fit; a cursor that was in sight stays there, as where a pane opens below."""
        width, top, before = self.line_width, self.scroll_offset.y, self._height
        self._height = self.size.height
        self.chosen = choose_columns(max(width - 2, 10), self.listing)
        self.virtual_size = Size(width, len(self.view))
        self.repaint()
        if self.view and top <= self.index < top + before:
            self._show_cursor()

    def on_focus(self) -> None:
        """The cursor's line looks different."""
        self.repaint()

    def on_blur(self) -> None:
        """The cursor's line looks different."""
        self.repaint()

    def on_click(self, event: Click) -> None:
        """Put the cursor there; on a header, fold; twice on a monitor, open."""
        line = self.scroll_offset.y + event.y
        if line < len(self.view):
            self._move(line)
            entry = self.view[line]
            if isinstance(entry, GroupRow):
                self.post_message(self.FoldChanged(entry.key, folded=not entry.collapsed))
            elif event.chain == 2:
                self.post_message(self.Opened())

    # --- the cursor -------------------------------------------------------------------

    def _entry_key(self, number: int) -> Key | None:
        if not 0 <= number < len(self.view):
            return None
        entry = self.view[number]
        return entry.id if isinstance(entry, MonitorLine) else entry.key

    def _find(self, key: Key | None) -> int:
        if key is not None:
            for number in range(len(self.view)):
                if self._entry_key(number) == key:
                    return number
        here = 0 if key is None else self.index
        gone = key not in self.snapshot.monitors
        near = [n for n, entry in enumerate(self.view) if gone and isinstance(entry, MonitorLine)]
        return min(near, key=lambda n: abs(n - here), default=max(0, min(here, len(self.view) - 1)))

    def _move(self, number: int) -> None:
        if not self.view:
            return
        number = max(0, min(number, len(self.view) - 1))
        if number != self.index:
            before, self.index = self.index, number
            self._key = self._entry_key(number)
            top = self.scroll_offset.y
            self._sent.pop(before, None)
            self._sent.pop(number, None)
            self.refresh(*(Region(0, n - top, self.line_width, 1) for n in (before, number)))
            self.post_message(self.CursorMoved())
        self._show_cursor()

    def _show_cursor(self) -> None:
        number = self.index
        # A group's header above the first of its monitors is worth a line.
        lead = 1 if number == 1 else 0
        self.scroll_to_region(Region(0, number - lead, 1, 1 + lead), animate=False, force=True, immediate=True)

    def action_down(self) -> None:
        """One line down."""
        self._move(self.index + 1)

    def action_up(self) -> None:
        """One line up."""
        self._move(self.index - 1)

    def action_page_down(self) -> None:
        """One page down."""
        self._move(self.index + max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        """One page up."""
        self._move(self.index - max(1, self.size.height - 1))

    def action_top(self) -> None:
        """To the first line."""
        self._move(0)

    def action_bottom(self) -> None:
        """To the last line."""
        self._move(len(self.view) - 1)

    def action_next_group(self) -> None:
        """To the next group."""
        self._seek(range(self.index + 1, len(self.view)), lambda entry: isinstance(entry, GroupRow))

    def action_previous_group(self) -> None:
        """To the previous group."""
        self._seek(range(self.index - 1, -1, -1), lambda entry: isinstance(entry, GroupRow))

    def action_next_problem(self) -> None:
        """To the next problem, from the last one on to the first."""
        count = len(self.view)
        self._seek((n % count for n in range(self.index + 1, self.index + 1 + count)), self._is_problem)

    def action_previous_problem(self) -> None:
        """To the previous problem."""
        count = len(self.view)
        self._seek((n % count for n in range(self.index - 1, self.index - 1 - count, -1)), self._is_problem)

    def _is_problem(self, entry: ViewRow) -> bool:
        row = self.snapshot.rows.get(entry.id) if isinstance(entry, MonitorLine) else None
        return row is not None and row.status.value in {"down", "degraded"}

    def _seek(self, numbers: Iterable[int], wanted: Callable[[ViewRow], bool]) -> None:
        for number in numbers:
            if wanted(self.view[number]):
                self._move(number)
                return

    def action_fold(self) -> None:
        """Fold the group that the cursor is in."""
        self._fold(folded=True)

    def action_unfold(self) -> None:
        """Unfold the group."""
        self._fold(folded=False)

    def _fold(self, *, folded: bool) -> None:
        if self.index < len(self.view):
            entry = self.view[self.index]
            key = entry.key if isinstance(entry, GroupRow) else entry.group
            if folded:
                for number in range(self.index, -1, -1):
                    above = self.view[number]
                    if isinstance(above, GroupRow) and above.key == key:
                        self._move(number)
            self.post_message(self.FoldChanged(key, folded=folded))

    def toggle_fold(self) -> None:
        """Fold or unfold the group whose header is under the cursor."""
        entry = self.view[self.index] if self.index < len(self.view) else None
        if isinstance(entry, GroupRow):
            self._fold(folded=not entry.collapsed)

    def action_mark(self) -> None:
        """Mark or unmark, and go on."""
        current = self.current()
        if current is not None:
            self.marks ^= {current}
            self._anchor = current
            self.repaint()
        self._move(self.index + 1)

    def action_mark_range(self) -> None:
        """Mark everything from the monitor that was marked last to the one under the cursor, which comes next."""
        begin = next((n for n in range(len(self.view)) if self._entry_key(n) == self._anchor), self.index)
        first, last = sorted((begin, self.index))
        self.marks |= {entry.id for entry in self.view[first : last + 1] if isinstance(entry, MonitorLine)}
        self._anchor = self.current() or self._anchor
        self.repaint()

    def action_mark_all(self) -> None:
        """Mark everything shown, or nothing when all of it is."""
        shown = {entry.id for entry in self.view if isinstance(entry, MonitorLine)}
        self.marks = set() if shown <= self.marks else shown
        self.repaint()
