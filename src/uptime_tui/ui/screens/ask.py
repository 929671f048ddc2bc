"""Questions at the bottom: a confirmation that names its object and wants `y`, and menus of letters."""

from typing import Any

from textual.app import ComposeResult
from textual.events import Key
from textual.screen import ModalScreen

from uptime_tui.ui.screens.once import Once
from uptime_tui.ui.widgets.lines import Lines
from uptime_tui.view.cells import cell_width, wrap
from uptime_tui.view.panel import PanelLine


class Ask(Once[str], ModalScreen[str]):
    """One line, or as many as the window's width asks for; one key.

    The answer is the key when it is among the choices, else empty: Enter never confirms.
    """

    DEFAULT_CSS = """
    Ask { align: left bottom; background: transparent; }
    Ask Lines { dock: bottom; background: $panel; }
    """

    def __init__(self, question: str, choices: dict[str, str], roles: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.question = question
        self.choices = choices
        self.roles = roles

    def compose(self) -> ComposeResult:
        """The lines."""
        yield Lines(self.roles)

    def on_mount(self) -> None:
        """Its keys are the answers."""
        self.query_one(Lines).can_focus = False

    def on_resize(self) -> None:
        """Another width, other lines."""
        lines, place = self.lines(self.size.width), self.query_one(Lines)
        place.styles.height = len(lines)
        place.show(lines)

    def lines(self, width: int) -> tuple[PanelLine, ...]:
        """Question, then key and word of each choice, and at the end what else can be done, where there is room."""
        rows: list[list[tuple[str, str]]] = [[(f" {line}", "strong")] for line in wrap(self.question, width - 1)]
        used = cell_width(rows[-1][0][0])
        for key, word in self.choices.items():
            size = cell_width(f"  {key} {word}")
            if used + size > width:
                rows.append([])
                used = -1
            rows[-1] += [(" " if used < 0 else "  ", "plain"), (key, "accent"), (f" {word}", "plain")]
            used += size
        other = "any other key: no " if self.choices.keys() == {"y"} else "Esc "
        if used + len(other) < width:
            rows[-1] += [(" " * (width - used - len(other)), "plain"), (other, "dim")]
        return tuple(map(tuple, rows))

    def on_key(self, event: Key) -> None:
        """The answer."""
        event.stop()
        event.prevent_default()
        pressed = event.character or event.key
        self.dismiss(pressed if pressed in self.choices else "")
