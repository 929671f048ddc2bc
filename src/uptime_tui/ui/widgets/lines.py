"""Widgets of plain lines: header, titles, message, keys, and the scrolling panel. They repaint only what differs."""

from typing import Any, ClassVar

from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.paint import Palette, strip
from uptime_tui.view.panel import PanelLine
from uptime_tui.view.states import banner_lines

ACTIONS = (
    Action("scroll_down", ("j", "down"), "down", "One line down.", "panel"),
    Action("scroll_up", ("k", "up"), "up", "One line up.", "panel"),
    Action("page_down", ("pagedown", "ctrl+d"), "page down", "One page down.", "panel"),
    Action("page_up", ("pageup", "ctrl+u"), "page up", "One page up.", "panel"),
    Action("scroll_home", ("home", "g"), "top", "To the first line.", "panel"),
    Action("scroll_end", ("G", "end"), "bottom", "To the last line.", "panel"),
)


class Line(Widget):
    """One line of spans; its size never depends on them, so that a change costs no layout."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(self, roles: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.roles = roles
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
        palette = Palette(self.rich_style, self.roles)
        width = self.size.width
        if y:
            return strip((), width, palette)
        used = sum(len(text) for text, _ in self._left)
        blanks = width - used - len(self._right)
        right = ((" " * blanks, "plain"), (self._right, "dim")) if self._right and blanks > 0 else ()
        return strip((*self._left, *right), width, palette)


class Lines(ScrollView, can_focus=True):
    """Many lines of spans that scroll."""

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    DEFAULT_CSS = "Lines { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }"

    def __init__(self, roles: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.roles = roles
        self.lines: tuple[PanelLine, ...] = ()

    def show(self, lines: tuple[PanelLine, ...], *, top: bool = False) -> None:
        """Show other lines; `top` scrolls back to the first."""
        if lines != self.lines:
            before, self.lines = self.lines, lines
            self._extend()
            self._repaint(before)
        if top:
            self.scroll_to(y=0, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        """Another height, another bound of what fits."""
        self._extend()

    def _extend(self) -> None:
        """As far as it scrolls; what fits is always one window high, for another height lays out the whole screen."""
        self.virtual_size = Size(self.size.width, max(len(self.lines), self.size.height))

    def _repaint(self, before: tuple[PanelLine, ...]) -> None:
        """Only the visible lines that differ."""
        start = self.scroll_offset.y
        changed = [
            Region(0, line, self.size.width, 1)
            for line in range(self.size.height)
            if _at(before, start + line) != _at(self.lines, start + line)
        ]
        if changed:
            self.refresh(*changed)

    @property
    def text(self) -> str:
        """What it says, without roles."""
        return "\n".join("".join(text for text, _ in line) for line in self.lines)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        number = self.scroll_offset.y + y
        return strip(_at(self.lines, number), self.size.width, Palette(self.rich_style, self.roles))


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


def _at(lines: tuple[PanelLine, ...], number: int) -> PanelLine:
    return lines[number] if number < len(lines) else ()
