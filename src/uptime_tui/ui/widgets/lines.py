"""Widgets of plain lines: header, titles, message, keys, entry, the scrolling panel. They repaint only what differs."""

from contextlib import suppress
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, OptionList

from uptime_tui.model.safetext import masked
from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.paint import Colours, strip
from uptime_tui.view.panel import PanelLine
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.view.states import banner_lines

ACTIONS = (
    Action("scroll_down", ("j", "down"), "down", "One line down.", "panel"),
    Action("scroll_up", ("k", "up"), "up", "One line up.", "panel"),
    Action("page_down", ("pagedown", "ctrl+d"), "page down", "One page down.", "panel"),
    Action("page_up", ("pageup", "ctrl+u"), "page up", "One page up.", "panel"),
    Action("scroll_home", ("home", "g"), "top", "To the first line.", "panel"),
    Action("scroll_end", ("G", "end"), "bottom", "To the last line.", "panel"),
)
MESSAGE_S: Final = 8.0
"""A message is news for so long."""


class Line(Widget):
    """One line of spans; its size never depends on them, so that a change costs no layout."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(self, roles: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._colours = Colours(self, roles)
        self._left: PanelLine = ()
        self._right = ""

    def show(self, left: PanelLine, right: str = "") -> None:
        """Show other spans; the same ones cost nothing."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    @property
    def text(self) -> str:
        """What it says, without roles."""
        return "".join(text for text, _ in self._left) + self._right

    def render_line(self, y: int) -> Strip:
        """The line; what stands right gives way."""
        palette = self._colours.now()
        width = self.size.width
        if y:
            return strip((), width, palette)
        used = sum(len(text) for text, _ in self._left)
        blanks = width - used - len(self._right)
        right = ((" " * blanks, "plain"), (self._right, "dim")) if self._right and blanks > 0 else ()
        return strip((*self._left, *right), width, palette)


class Lines(ScrollView, can_focus=True):
    """Many lines of spans that scroll. How far is drawn at their right edge, as a part of them.

    Textual's scroll bar and virtual size would lay out and send the whole screen whenever another text is longer.
    """

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    DEFAULT_CSS = "Lines { overflow: hidden hidden; }"

    def __init__(self, roles: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._colours = Colours(self, roles)
        self.lines: tuple[PanelLine, ...] = ()

    @property
    def max_scroll_y(self) -> int:
        """The lines that do not fit."""
        return max(0, len(self.lines) - self.size.height)

    @property
    def allow_vertical_scroll(self) -> bool:
        """Whether there is more than fits."""
        return self.max_scroll_y > 0

    def show(self, lines: tuple[PanelLine, ...], *, top: bool = False) -> None:
        """Show other lines; `top` scrolls back to the first. Only visible lines that differ are drawn."""
        before = self._visible()
        self.lines = lines
        self.scroll_target_y = self.scroll_y = 0 if top else self.scroll_y  # as far as there is
        changed = [
            Region(0, y, self.size.width, 1)
            for y, (old, new) in enumerate(zip(before, self._visible(), strict=True))
            if old != new
        ]
        if changed:
            self.refresh(*changed)

    def on_resize(self) -> None:
        """Another height, another bound of what fits."""
        self.scroll_target_y = self.scroll_y = self.scroll_y

    @property
    def text(self) -> str:
        """What it says, without roles."""
        return "\n".join("".join(text for text, _ in line) for line in self.lines)

    def _visible(self) -> list[tuple[PanelLine, str]]:
        return [self._row(y) for y in range(self.size.height)]

    def _row(self, y: int) -> tuple[PanelLine, str]:
        """A line of the window, and what stands at its edge: a piece of the thumb, where not all fits."""
        height, top, beyond = self.size.height, self.scroll_offset.y, self.max_scroll_y
        line = self.lines[top + y] if top + y < len(self.lines) else ()
        if not beyond:
            return line, ""
        thumb = max(1, height * height // len(self.lines))
        first = -(-top * (height - thumb) // beyond)
        return line, "┃" if first <= y < first + thumb else ""

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        line, edge = self._row(y)
        width, palette = self.size.width, self._colours.now()
        if not edge:
            return strip(line, width, palette)
        return Strip.join([strip(line, width - 1, palette), strip(((edge, "dim"),), 1, palette)])


class Notice(Lines, can_focus=False):
    """A text of as many lines as it needs, up to a bound; empty it takes `least` lines.

    Args:
        least: lines that are kept free, so that a short text moves nothing.
    """

    def __init__(self, roles: dict[str, str], *, least: int, **kwargs: Any) -> None:
        super().__init__(roles, **kwargs)
        self.least = least
        self._height = -1

    def tell(self, text: str, role: str, after: str = "") -> None:
        """Show the text wrapped, `after` behind it in the last line."""
        lines = banner_lines(text, self.app.size.width - 2) if text else []
        height = max(self.least, len(lines))
        if height != self._height:
            self._height = height
            self.display = height > 0
            self.styles.height = height
        shown: list[PanelLine] = [((f" {line}", role),) for line in lines]
        if lines:
            shown[-1] = (*shown[-1], (after, "dim"))
        self.show(tuple(shown))


class Said:
    """The newest message, which goes by itself, with what `u` would undo.

    Args:
        snapshot: knows what that is.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._text, self.role = "", "plain"
        self._until_s = 0.0
        self.places: set[Notice] = set()
        """Where it is shown: on the dashboard, and on the screen above it."""

    def say(self, text: str, role: str, now_s: float) -> None:
        """Another message."""
        self._text, self.role = text, role
        self._until_s = now_s + MESSAGE_S
        self.show()

    def tick(self, now_s: float) -> None:
        """Show what can be undone by now, and nothing once its time is over."""
        if not self._until_s:
            return
        if now_s > self._until_s:
            self._text, self.role = "", "plain"
            self._until_s = 0.0
        self.show()

    def show(self) -> None:
        """In all its places."""
        undo, redo = self._snapshot.undo, self._snapshot.redo
        hint = "".join(f"   {key}: {what}" for key, what in (("u undo", undo), ("U redo", redo)) if what)
        for place in self.places:
            place.tell(self._text, self.role, hint if self.role == "plain" else "")


class MessageLine(Notice, can_focus=False):
    """A place for it; a short one moves nothing."""

    def __init__(self, said: Said, roles: dict[str, str], **kwargs: Any) -> None:
        super().__init__(roles, least=1, **kwargs)
        self.said = said

    def on_mount(self) -> None:
        """It is shown here too from now on."""
        self.said.places.add(self)

    def on_unmount(self) -> None:
        """The screen is closed."""
        self.said.places.discard(self)


class Choices(OptionList):
    """Lines to choose from, as they are now: Textual takes a click for the line that was drawn there."""

    async def _on_click(self, event: Click) -> None:
        """A click on a line that has gone meanwhile, as another letter was searched for, chooses nothing."""
        if event.style.meta.get("option", -1) >= self.option_count:
            event.prevent_default()


class Options(Choices):
    """Choices with keys of their own. Where no line fits on the screen, Textual has none to count a page from."""

    def action_page_down(self) -> None:
        """One page down."""
        with suppress(KeyError):
            super().action_page_down()  # type: ignore[no-untyped-call]

    def action_page_up(self) -> None:
        """One page up."""
        with suppress(KeyError):
            super().action_page_up()  # type: ignore[no-untyped-call]


class Entry(Input):
    """A line to type into. Its cursor stands still: Textual's blinks, 170 bytes a second while a form is open."""

    def __init__(self, value: str | None = None, **options: Any) -> None:
        super().__init__(value, **options)
        self.set_reactive(Input.cursor_blink, False)

    @property
    def _value(self) -> Text:
        """What is drawn: a value of a file that somebody else has written may hold what acts on a terminal."""
        return Text(masked(self.value), no_wrap=True, overflow="ignore", end="")
