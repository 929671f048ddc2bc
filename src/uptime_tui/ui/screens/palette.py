"""The command palette as a screen of ours: the same keys in its help and in the reference."""

from contextlib import suppress
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.command import CommandInput, CommandList, CommandPalette, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.errors import NoWidget
from textual.events import Click
from textual.widgets import Button, Input, LoadingIndicator

from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.screens.helped import HELP_WHILE_TYPING, Helped
from uptime_tui.ui.widgets.lines import Choices

ACTIONS = (
    Action("close", ("escape",), "back", "Back without doing anything.", "commands"),
    Action("list_down", ("down",), "down", "To the next command; Enter runs it.", "commands"),
    Action("list_up", ("up",), "up", "To the command before.", "commands"),
    Action("list_page_down", ("pagedown",), "page down", "One page down.", "commands"),
    Action("list_page_up", ("pageup",), "page up", "One page up.", "commands"),
    HELP_WHILE_TYPING,
)


class Found(CommandList, Choices, can_focus=False):
    """Commands that match, which may be others when a click on one of them arrives."""


class Palette(CommandPalette, Helped):
    """Textual's palette; what is found comes from `Commands`."""

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (12, "-high")]  # noqa: RUF012 - Textual's is none of the class either
    DEFAULT_CSS = """
    Palette.-low > Vertical { margin-top: 0; }
    Palette.-low #--input { border: none; }
    Palette.-low CommandInput, Palette.-low CommandInput:focus { border: none; }
    Palette.-low CommandList { border: none; max-height: 90vh; }
    """

    def compose(self) -> ComposeResult:
        """What Textual's styles and methods expect, with a list of ours."""
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield SearchIcon()
                yield CommandInput(placeholder=self._placeholder, select_on_focus=False)
            with Vertical(id="--results"):
                yield Found()
                yield LoadingIndicator()

    def _on_click(self, event: Click) -> None:  # type: ignore[override]  # Textual's own is none too
        """A click that comes when the palette has gone, or where nothing is drawn yet, is none on its outside."""
        try:
            self.get_widget_at(event.screen_x, event.screen_y)
        except NoWidget:
            event.prevent_default()

    def action_close(self) -> None:
        """Back."""
        self._action_escape()

    def action_list_down(self) -> None:
        """To the next command."""
        self._action_cursor_down()

    def action_list_up(self) -> None:
        """To the command before."""
        self._action_command_list("cursor_up")

    def action_list_page_down(self) -> None:
        """One page down."""
        with suppress(KeyError):  # as in `Options`
            self._action_command_list("page_down")

    def action_list_page_up(self) -> None:
        """One page up."""
        with suppress(KeyError):
            self._action_command_list("page_up")

    def _select_or_command(self, event: Input.Submitted | Button.Pressed | None = None) -> None:
        """Run what was chosen, once: a double click chooses twice."""
        if not self.has_gone:
            super()._select_or_command(event)
