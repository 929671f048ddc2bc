"""The key help of every screen: its own keys, those of the part with the focus, and doing what is chosen."""

from typing import Any, Final

from textual.widget import Widget

from uptime_tui.ui.actions import Action
from uptime_tui.ui.screens.once import Once
from uptime_tui.ui.widgets.lines import Line

_TEXT: Final = "All keys here, searchable; Enter does what the line says."
HELP: Final = Action("help", ("question_mark", "f1"), "keys", _TEXT, "screen")
HELP_WHILE_TYPING: Final = Action("help", ("f1",), "keys", _TEXT, "screen")
"""Where `?` is a letter of a text."""


class Helped(Once[Any]):
    """A screen that declares its `ACTIONS`, one of them `HELP`."""

    def parts(self) -> tuple[Widget, ...]:
        """What has keys now: the screen, and the part of it that has the focus."""
        focused = self.focused
        return (self,) if focused is None or not hasattr(focused, "ACTIONS") else (self, focused)

    def show_keys(self) -> None:
        """The most useful keys, as many as fit, always ending with the help's."""
        width = self.app.size.width or 80
        found = [action for part in self.parts() for action in _actions(part)]
        ask = next(action for action in found if action.id == HELP.id)
        parts: list[tuple[str, str]] = []
        used = len(ask.shown_key) + len(ask.label) + 2
        for action in sorted((a for a in found if a.rank < 99), key=lambda a: a.rank):
            used += len(action.shown_key) + len(action.label) + 3
            if used > width:
                break
            parts += [(f" {action.shown_key}", "accent"), (f" {action.label} ", "dim")]
        self.query_one("#keys", Line).show((*parts, (f" {ask.shown_key}", "accent"), (f" {ask.label}", "dim")))

    def action_help(self) -> None:
        """All keys; Enter does what the line says."""
        from uptime_tui.ui.screens.help import Help

        owners = {action.id: part for part in reversed(self.parts()) for action in _actions(part)}

        def chosen(answer: str | None) -> None:
            if answer:
                self.app.call_later(owners[answer].run_action, answer)

        actions = tuple(action for part in self.parts() for action in _actions(part))
        self.app.push_screen(Help(actions, self.roles), chosen)

    @property
    def roles(self) -> dict[str, str]:
        """Styles by role."""
        return self.app.roles  # type: ignore[attr-defined, no-any-return]


def _actions(part: Widget) -> tuple[Action, ...]:
    return part.ACTIONS  # type: ignore[attr-defined, no-any-return]
