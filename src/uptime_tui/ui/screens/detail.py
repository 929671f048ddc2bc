"""One monitor on the whole screen: for narrow terminals, and for reading in peace."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.widgets.lines import Line, Lines
from uptime_tui.view.panel import PanelLine

ACTIONS = (
    Action("close", ("escape", "q", "enter"), "back", "Back to the table.", "detail", 1),
    Action("line_down", ("j", "down"), "down", "One line down.", "detail"),
    Action("line_up", ("k", "up"), "up", "One line up.", "detail"),
)


class Detail(Screen[None]):
    """The panel's lines, full width. The dashboard keeps them fresh."""

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    DEFAULT_CSS = "Detail Lines { height: 1fr; padding: 0 1; }"

    def __init__(self, roles: dict[str, str], lines: tuple[PanelLine, ...]) -> None:
        super().__init__()
        self.roles = roles
        self.first = lines

    def compose(self) -> ComposeResult:
        """Lines and keys."""
        yield Lines(self.roles, id="detail")
        yield Line(self.roles, id="keys")

    def on_mount(self) -> None:
        """Show at once what the dashboard knew."""
        self.show(self.first)
        self.query_one("#keys", Line).show(
            ((" Esc", "accent"), (" back  ", "dim"), ("j k", "accent"), (" scroll", "dim"))
        )
        self.query_one(Lines).focus()

    def show(self, lines: tuple[PanelLine, ...]) -> None:
        """Fresh lines."""
        self.query_one(Lines).show(lines)

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)

    def action_line_down(self) -> None:
        """One line down."""
        self.query_one(Lines).scroll_relative(y=1, animate=False)

    def action_line_up(self) -> None:
        """One line up."""
        self.query_one(Lines).scroll_relative(y=-1, animate=False)
