"""A screen that is left once, whatever comes after, and in which a key always goes somewhere.

A double click chooses twice, and a key may be in the queue of a screen that has just gone. Textual takes whatever
screen is on top away for it, or ends the app where only the dashboard is left.
"""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen
from textual.widget import Widget

Answer = TypeVar("Answer")


class Once(Screen[Answer]):
    """Its `dismiss` takes away this screen, with the questions that lie above it, and no other."""

    _had_focus: Widget | None = None

    def watch_focused(self, focused: Widget | None) -> None:
        """Remember who takes the keys."""
        self._had_focus = focused or self._had_focus

    def regain_focus(self) -> None:
        """Have the keys taken by the part that took them last, or the first that can.

        Textual takes the focus away with a click beside everything, and from a part that a small window has no room
        for, and gives it to nobody when there is room again.
        """
        if self.focused is None:
            if self._had_focus in self.focus_chain:
                self.set_focus(self._had_focus, scroll_visible=False)
            else:
                self.focus_next()

    @property
    def has_gone(self) -> bool:
        """Whether the screen was left already: nobody waits for what it may still have to say."""
        return self not in self.app.screen_stack

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Leave with an answer; a second one goes nowhere."""
        if self.has_gone:
            return AwaitComplete()
        while self.app.screen is not self:
            self.app.pop_screen()
        return super().dismiss(result)
