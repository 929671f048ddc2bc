"""One key after the other: what a key does is done before the next one is looked at.

Textual hands every key of a burst to whatever has the focus at that moment, and runs bindings only when a key has
bubbled back up. Over a slow link keys come in bursts: the letters typed behind `/` would act on the table, `p` would
pause a monitor, and a backspace would be done after the letters that follow it. A click, or a look at another window,
that moves the focus before the key has bubbled up would make another key of it: they wait as keys do.
"""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

from textual.app import App
from textual.events import AppBlur, AppFocus, Event, Key, MouseEvent, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer
from textual.widget import Widget

from uptime_tui.ui.screens.once import Once

PATIENCE_S: Final = 0.3
"""A widget that was removed while it had the key sends nothing back: the next key goes on after so long."""
_ROUNDS: Final = 10
"""So often is waited on for one that is there and only slow: a busy machine must not put keys out of order."""
Deliver = Callable[[Event], Coroutine[Any, Any, None]]


class Settled(Message):
    """Follows a key through the same queues, up to the app: where it arrives, the key has been seen by all.

    A second one follows what the key's action has sent the same way, as Enter in a prompt does.
    """

    def __init__(self, turn: int, source: Widget, *, last: bool = False) -> None:
        super().__init__()
        self.turn = turn
        self.source = source
        self.last = last
        self.set_sender(source)


class Turns:
    """The queue of what the user does.

    Args:
        app: whose user.
        deliver: Textual's own way of an event.
    """

    def __init__(self, app: App[Any], deliver: Deliver) -> None:
        self.app = app
        self.deliver = deliver
        self.waiting: deque[Event] = deque()
        self.turn = 0
        self.busy = False
        self.patience: Timer | None = None

    @staticmethod
    def are_for(event: Event) -> bool:
        """Whether the event is what the user does, and nobody has seen it yet."""
        return isinstance(event, Key | Paste | MouseEvent | AppBlur | AppFocus) and not event.is_forwarded

    async def take(self, event: Event) -> None:
        """Deliver now, or when those before are done."""
        if self.busy:
            self.waiting.append(event)
            return
        if not isinstance(event, Key | Paste):
            await self.deliver(event)
            return
        self.busy = True
        self.turn += 1
        self.app.app_focus = True  # whoever types is there: as Textual has it, but before it is asked who has the focus
        screen = self.app.screen
        if isinstance(screen, Once):
            screen.regain_focus()
        target = screen.focused or screen
        await self.deliver(event)
        self._wait_on(self.turn, target, _ROUNDS)
        target.post_message(Settled(self.turn, target))

    def _wait_on(self, turn: int, target: MessagePump, rounds: int) -> None:
        async def look() -> None:
            if turn == self.turn and self.busy and target.is_running and target.is_attached and rounds > 1:
                self._wait_on(turn, target, rounds - 1)
            else:
                await self._release(turn)

        self.patience = self.app.set_timer(PATIENCE_S, look)

    def settled(self, message: Settled) -> None:
        """The key was seen by all; what it has set off (focus, a new screen) stands behind it in these queues."""
        turn, source, app = message.turn, message.source, self.app
        if not message.last and source.is_attached and source.screen in app.screen_stack:
            source.post_message(Settled(turn, source, last=True))
            return
        app.call_later(lambda: app.screen.call_later(lambda: app.call_later(self._release, turn)))

    async def _release(self, turn: int) -> None:
        if turn != self.turn or not self.busy:
            return
        if self.patience is not None:
            self.patience.stop()
            self.patience = None
        self.busy = False
        while self.waiting and not self.busy:
            await self.take(self.waiting.popleft())
