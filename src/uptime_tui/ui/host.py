"""What screens ask of the application that shows them; by its shape, so that no screen knows the application."""

from typing import Protocol

from uptime_tui.ui.link import Link
from uptime_tui.ui.lore import Lore
from uptime_tui.view.words import Glyphs


class Above(Protocol):
    """A screen on which one monitor is read, above the table."""

    def show(self, *, top: bool = False) -> None:
        """The monitor under the cursor, as it is now; `top`: another one than before."""


class Host(Protocol):
    """The application."""

    link: Link
    lore: Lore
    roles: dict[str, str]
    """Styles by role."""
    glyphs: Glyphs
    clock_wanted: bool
    rules_ignored: tuple[str, ...]

    @property
    def app_focus(self) -> bool:
        """Whether the terminal has the user's focus."""

    def now_ms(self) -> int:
        """Unix milliseconds."""

    def bytes_written(self) -> int:
        """Bytes sent to the terminal so far."""

    def backlog(self) -> int:
        """Writes that the terminal has not taken."""

    def must_repaint(self) -> bool:
        """Whether output was thrown away because the terminal was stalled; asked once it takes output again."""

    def open_detail(self) -> Above | None:
        """The screen above, while it is open."""

    def copy_text(self, text: str) -> str:
        """Copy; returns by which way."""

    def toggle_mouse(self) -> bool:
        """Let go of the mouse or take it; True when it is let go."""

    def open_editor(self) -> None:
        """`monitors.toml` in the user's editor."""
