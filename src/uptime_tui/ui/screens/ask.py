"""Questions of one line at the bottom: a confirmation that names its object and wants `y`, and menus of letters."""

from typing import Any

from textual.app import ComposeResult
from textual.events import Key
from textual.screen import ModalScreen

from uptime_tui.ui.screens.once import Once
from uptime_tui.ui.widgets.lines import Line


class Ask(Once[str], ModalScreen[str]):
    """One line, one key. The answer is the key when it is among the choices, else empty: Enter never confirms."""

    DEFAULT_CSS = """
    Ask { align: left bottom; background: transparent; }
    Ask Line { dock: bottom; background: $panel; }
    """

    def __init__(self, question: str, choices: dict[str, str], roles: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.question = question
        self.choices = choices
        self.roles = roles

    def compose(self) -> ComposeResult:
        """The line."""
        yield Line(self.roles)

    def on_mount(self) -> None:
        """Question, then key and word of each choice."""
        parts: list[tuple[str, str]] = [(f" {self.question}  ", "strong")]
        for key, word in self.choices.items():
            parts += [(key, "accent"), (f" {word}  ", "plain")]
        self.query_one(Line).show(tuple(parts), "any other key: no " if self.choices.keys() == {"y"} else "Esc ")

    def on_key(self, event: Key) -> None:
        """The answer."""
        event.stop()
        event.prevent_default()
        pressed = event.character or event.key
        self.dismiss(pressed if pressed in self.choices else "")
