"""Every key, searchable; Enter does what the line says."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from uptime_tui.ui.actions import Action, bindings, shown
from uptime_tui.ui.screens.once import Once
from uptime_tui.ui.widgets.lines import Entry, Line, Options

ACTIONS = (
    Action("close", ("escape",), "back", "Back to where you were.", "help", 1),
    Action("list_down", ("down",), "down", "To the next entry.", "help"),
    Action("list_up", ("up",), "up", "To the entry before.", "help"),
)
_GROUPS: Final = ("triage", "moving", "view", "panes", "monitors", "screen")
"""In this order, after those of a single screen."""
_KEYS: Final = 12
"""Cells of the keys; the widest are `PgDn ctrl+d`."""


class Help(Once[str]):
    """Filters as you type; the answer is the id of the chosen action, or empty."""

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    DEFAULT_CSS = """
    Help Input, Help Input:focus { border: none; height: 1; padding: 0 1; }
    Help OptionList, Help OptionList:focus { text-wrap: nowrap; text-overflow: ellipsis; }
    Help OptionList > .option-list--option-disabled { color: $secondary; text-style: bold; }
    Help OptionList, Help OptionList:focus { height: 1fr; border: none; background: $background; }
    """

    def __init__(self, actions: tuple[Action, ...], roles: dict[str, str]) -> None:
        super().__init__()
        self.all = tuple(
            sorted(actions, key=lambda action: _GROUPS.index(action.group) if action.group in _GROUPS else -1)
        )
        self.roles = roles

    def compose(self) -> ComposeResult:
        """Search, entries, keys."""
        yield Entry(placeholder="search keys and actions")
        yield Options(markup=False)
        yield Line(self.roles)

    def on_mount(self) -> None:
        """Everything at first."""
        self._fill("")
        self.query_one(Line).show(((" Enter", "accent"), (" do it  ", "dim"), ("Esc", "accent"), (" back", "dim")))
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow down."""
        self._fill(event.value)

    def on_input_submitted(self) -> None:
        """Do what the highlighted line says."""
        options = self.query_one(OptionList)
        if options.highlighted is not None and options.option_count:
            self.dismiss(options.get_option_at_index(options.highlighted).id or "")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The same with the mouse."""
        self.dismiss(event.option.id or "")

    def _fill(self, wanted: str) -> None:
        """Entries that have all the words; below the names of their groups while nothing is searched."""
        words = wanted.casefold().split()
        options = self.query_one(OptionList)
        options.clear_options()
        group = ""
        for action in self.all:
            keys = " ".join(shown(key) for key in action.keys)
            if not all(word in f"{keys} {action.label} {action.help} {action.group}".casefold() for word in words):
                continue
            if action.group != group and not words:
                group = action.group
                options.add_option(Option(group.upper(), disabled=True))
            options.add_option(Option(f"{keys:<{_KEYS}} {action.help}", id=action.id))
        options.action_first()

    def action_close(self) -> None:
        """Back without doing anything."""
        self.dismiss("")

    def action_list_down(self) -> None:
        """To the next entry."""
        self.query_one(OptionList).action_cursor_down()

    def action_list_up(self) -> None:
        """To the entry before."""
        self.query_one(OptionList).action_cursor_up()
