"""A screen that is left once, whatever comes after.

A double click chooses twice, and a key may be in the queue of a screen that has just gone. Textual takes whatever
screen is on top away for it, or ends the app where only the dashboard is left.
"""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

Answer = TypeVar("Answer")


class Once(Screen[Answer]):
    """Its `dismiss` takes away this screen, with the questions that lie above it, and no other."""

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
