"""Spans of text and role to Textual's strips: the only place where a role becomes a style."""

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from uptime_tui.view.cells import cell_width, cut

Spans = Iterable[tuple[str, str]]


class Colours:
    """The palette of a widget, for as long as its own style lasts: to ask for that style costs as much as a line.

    Args:
        widget: whose style is below the roles.
        roles: style text of each role, from the theme.
    """

    def __init__(self, widget: Widget, roles: dict[str, str]) -> None:
        self._widget = widget
        self._roles = roles
        self._seen: object = None
        self._palette = Palette(Style(), roles)

    def now(self) -> "Palette":
        """The palette; Textual makes `visual_style` anew whenever the style may have changed."""
        seen = self._widget.visual_style
        if seen is not self._seen:
            self._seen = seen
            self._palette = Palette(self._widget.rich_style, self._roles)
        return self._palette


class Palette:
    """Roles as styles over a widget's own style.

    Args:
        base: the widget's own style.
        roles: style text of each role, from the theme.
    """

    def __init__(self, base: Style, roles: dict[str, str]) -> None:
        self.base = base
        self.roles = roles
        self._styles: dict[tuple[str, bool], Style] = {}

    def style(self, role: str, *, reverse: bool = False) -> Style:
        """The style of a role; an unknown role is plain."""
        key = (role, reverse)
        found = self._styles.get(key)
        if found is None:
            found = self.base + Style.parse(self.roles.get(role, ""))
            if reverse:
                found += Style.parse(self.roles.get("cursor", "reverse"))
            self._styles[key] = found
        return found


def strip(spans: Spans, width: int, palette: Palette, *, reverse: bool = False) -> Strip:
    """One line of exactly `width` cells; neighbouring spans of one style become one segment.

    Under the cursor the line is one style: fewer bytes, and readable on any terminal.
    """
    segments: list[Segment] = []
    room = width
    for text, role in spans:
        if room <= 0:
            break
        shown = text if cell_width(text) <= room else cut(text, room)
        room -= cell_width(shown)
        style = palette.style("plain" if reverse else role, reverse=reverse)
        if segments and segments[-1].style == style:
            segments[-1] = Segment(segments[-1].text + shown, style)
        else:
            segments.append(Segment(shown, style))
    if room > 0:
        last = palette.style("plain", reverse=reverse)
        if segments and segments[-1].style == last:
            segments[-1] = Segment(segments[-1].text + " " * room, last)
        else:
            segments.append(Segment(" " * room, last))
    return Strip(segments, width)
