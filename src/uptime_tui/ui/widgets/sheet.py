"""Fields to fill in, a line each, drawn as lines; only the one that is being filled in is a widget that takes keys.

Forty labels and inputs took Textual most of a second to mount on a busy machine. Here is one input, which goes to the
line of its field.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from textual.app import ComposeResult
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from uptime_tui.model.safetext import is_safe, safe_text
from uptime_tui.ui.widgets.lines import Entry, Lines
from uptime_tui.view.panel import PanelLine

LABEL: Final = 16
"""Cells before the value."""
_MOST_SHOWN: Final = 500


class Blank(NamedTuple):
    """One field."""

    key: str
    label: str
    hint: str
    """Shown while the field is empty."""
    heading: str
    """Of the section that the field belongs to; empty for none."""


class Rows(Lines, can_focus=False):
    """The lines; tells the sheet where it is clicked and how far it has scrolled."""

    class Scrolled(Message):
        """Other lines are visible."""

    class Pointed(Message):
        """A line was clicked."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The input goes with its line."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled())

    def on_click(self, event: Click) -> None:
        """Tell which line."""
        self.post_message(self.Pointed(self.scroll_offset.y + event.y))


class Sheet(Widget):
    """The fields of a form.

    Args:
        blanks: the fields, in order; those of one section follow each other.
        values: what each holds at first.
        offered: those that are shown.
        roles: styles by role.
    """

    DEFAULT_CSS = """
    Sheet { height: auto; layout: vertical; }
    Sheet Rows { height: 100%; }
    Sheet Entry { position: absolute; border: none; height: 1; padding: 0; background: $panel; }
    Sheet Entry:focus { border: none; background: $panel; }
    """

    class Moved(Message):
        """Another field is being filled in."""

    def __init__(
        self,
        blanks: tuple[Blank, ...],
        values: Mapping[str, str],
        offered: set[str],
        roles: dict[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.blanks = {blank.key: blank for blank in blanks}
        self.hints = {blank.key: blank.hint for blank in blanks}
        self.offered = offered
        self.here = next(iter(self.blanks))
        """Key of the field that is being filled in."""
        self.faulty = ""
        """Key of the field with which something is wrong."""
        self._values = dict(values)
        self._roles = roles
        self._lines: list[str] = []
        """Key of each line; a heading's is empty."""

    def compose(self) -> ComposeResult:
        """The lines, and the input over one of them."""
        yield Rows(self._roles)
        yield Entry(self._values[self.here], placeholder=self.hints[self.here], select_on_focus=False)

    def on_mount(self) -> None:
        """Draw all."""
        self.draw()

    @property
    def entry(self) -> Entry:
        """What takes the keys."""
        return self.query_one(Entry)

    def value(self, key: str) -> str:
        """What a field holds; one that is not offered holds nothing."""
        if key not in self.offered:
            return ""
        return (self.entry.value if key == self.here else self._values[key]).strip()

    def offer(self, offered: set[str]) -> None:
        """Show these fields, and the one that is being filled in; what others held is kept for when they come back."""
        offered = offered | {self.here}
        if offered != self.offered:
            self.offered = offered
            self.draw()

    def hint(self, hints: Mapping[str, str]) -> None:
        """What holds when a field stays empty."""
        if any(self.hints[key] != hint for key, hint in hints.items()):
            self.hints.update(hints)
            self.entry.placeholder = self.hints[self.here]
            self.draw()

    def go(self, key: str, *, faulty: bool = False) -> None:
        """Fill in this field; `faulty` marks it as the one with which something is wrong."""
        if faulty or key != self.here:
            self.faulty = key if faulty else ""
        if key != self.here:
            entry = self.entry
            self._values[self.here] = entry.value
            self.here = key
            with entry.prevent(Input.Changed):  # nothing was typed
                entry.value = self._values[key]
            entry.placeholder = self.hints[key]
            entry.cursor_position = len(entry.value)
            self.post_message(self.Moved())
        self.draw()

    def step(self, by: int) -> None:
        """To the next field, or the one before; behind the last comes the first."""
        keys = [key for key in self._lines if key]
        self.go(keys[(keys.index(self.here) + by) % len(keys)])

    # --- drawing ----------------------------------------------------------------------

    def draw(self) -> None:
        """Draw what has changed, and put the input where its field is."""
        rows = self.query_one(Rows)
        shown: list[PanelLine] = []
        self._lines = []
        heading = ""
        for key, blank in self.blanks.items():
            if key not in self.offered:
                continue
            if blank.heading != heading:
                heading = blank.heading
                self._lines.append("")
                shown.append(((f" {heading}", "accent"),))
            self._lines.append(key)
            shown.append(self._line(blank))
        rows.show(tuple(shown))
        self.styles.height = len(shown)
        self._place()

    def _line(self, blank: Blank) -> PanelLine:
        label = (f" {blank.label:<{LABEL - 1}}", "bad" if blank.key == self.faulty else "dim")
        if blank.key == self.here:
            return (label,)  # the input has the rest
        value = self._values[blank.key]
        shown = value if is_safe(value) else safe_text(value, _MOST_SHOWN)
        return label, (shown, "plain") if value else (self.hints[blank.key], "dim")

    def _place(self) -> None:
        """The input over its line, which is on the screen."""
        rows, line = self.query_one(Rows), self._lines.index(self.here)
        height = rows.size.height
        if height and not rows.scroll_offset.y <= line < rows.scroll_offset.y + height:
            rows.scroll_to(y=max(0, line - height + 1 if line > rows.scroll_offset.y else line), animate=False)
        self._follow()

    def _follow(self) -> None:
        rows, entry = self.query_one(Rows), self.entry
        entry.styles.offset = (LABEL, self._lines.index(self.here) - rows.scroll_offset.y)
        entry.styles.width = max(1, self.size.width - LABEL - 1)

    def on_input_changed(self) -> None:
        """What was wrong is being mended; what is typed is seen, wherever the wheel has gone."""
        self.faulty = ""
        self.draw()

    def on_resize(self) -> None:
        """Another size: the field that is being filled in stays on the screen."""
        self._place()

    def on_rows_scrolled(self) -> None:
        """The input goes with its line."""
        self._follow()

    def on_rows_pointed(self, event: Rows.Pointed) -> None:
        """A click on a line fills in its field."""
        key = self._lines[event.line] if event.line < len(self._lines) else ""
        if key:
            self.go(key)
