"""One monitor on the whole screen: for narrow terminals, and for reading in peace."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.widgets.lines import Line, Lines, Notice
from uptime_tui.view.panel import PanelLine

ACTIONS = (
    Action("close", ("escape", "q", "enter"), "back", "Back to the table.", "detail", 1),
    Action("next_problem", ("n",), "next", "To the next problem.", "detail", 2),
    Action("previous_problem", ("N",), "previous", "To the previous problem.", "detail"),
    Action("recheck", ("r",), "recheck", "Probe now.", "detail", 3),
    Action("diagnose", ("d",), "diagnose", "Find out anew why.", "detail", 5),
    Action("copy", ("y",), "copy", "Copy name, target, reason or the next command.", "detail", 4),
    Action("pause", ("p",), "pause", "Pause or resume.", "detail"),
)


class Detail(Screen[None]):
    """The panel's lines, full width. The dashboard keeps them fresh, and does what the keys say.

    Args:
        roles: styles by role.
        lines: what the dashboard knows.
        do: runs one of the dashboard's actions by its id.
    """

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    DEFAULT_CSS = """
    Detail #detail { height: 1fr; padding: 0 1; }
    Detail #message { height: 1; }
    """

    def __init__(self, roles: dict[str, str], lines: tuple[PanelLine, ...], do: Callable[[str], object]) -> None:
        super().__init__()
        self.do = do
        self.roles = roles
        self.first = lines

    def compose(self) -> ComposeResult:
        """Lines and keys."""
        yield Lines(self.roles, id="detail")
        yield Notice(self.roles, id="message", least=1)
        yield Line(self.roles, id="keys")

    def on_mount(self) -> None:
        """Show at once what the dashboard knew."""
        self.show(self.first)
        parts: list[tuple[str, str]] = []
        for action in sorted((a for a in ACTIONS if a.rank < 99), key=lambda a: a.rank):
            parts += [(f" {action.shown_key}", "accent"), (f" {action.label} ", "dim")]
        self.query_one("#keys", Line).show((*parts, (" j k", "accent"), (" scroll", "dim")))
        self.query_one("#detail", Lines).focus()

    def show(self, lines: tuple[PanelLine, ...], *, top: bool = False) -> None:
        """Fresh lines; `top` for another monitor's."""
        self.query_one("#detail", Lines).show(lines, top=top)

    def say(self, text: str, role: str, after: str) -> None:
        """The dashboard's message."""
        self.query_one("#message", Notice).tell(text, role, after)

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)

    def action_next_problem(self) -> None:
        """To the next problem."""
        self.do("next_problem")

    def action_previous_problem(self) -> None:
        """To the previous problem."""
        self.do("previous_problem")

    def action_recheck(self) -> None:
        """Probe now."""
        self.do("recheck")

    def action_diagnose(self) -> None:
        """Gather evidence anew."""
        self.do("diagnose")

    def action_copy(self) -> None:
        """A menu of what to copy."""
        self.do("copy")

    def action_pause(self) -> None:
        """Pause or resume."""
        self.do("pause")
