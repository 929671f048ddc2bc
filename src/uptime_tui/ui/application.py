"""The Textual application: what the screens share. Imported only once a terminal is known to be there."""

import gc
import os
import shlex
import socket
import subprocess
import time
from typing import Any, ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.command import Provider
from textual.css.query import NoMatches
from textual.events import Event

from uptime_tui.config.paths import Home
from uptime_tui.config.settings import Settings
from uptime_tui.ui.ascii import Ascii, wants_ascii
from uptime_tui.ui.driver import Terminal
from uptime_tui.ui.link import Link
from uptime_tui.ui.lore import Lore
from uptime_tui.ui.palette import Commands
from uptime_tui.ui.screens.dashboard import Dashboard
from uptime_tui.ui.screens.detail import Detail
from uptime_tui.ui.themes.choose import load_theme
from uptime_tui.ui.turns import Settled, Turns
from uptime_tui.view.words import ASCII, UNICODE


class DashboardApp(App[None]):
    """One dashboard.

    Args:
        home: whose engine.
        settings: `config.toml`.
        theme: file name of a theme.
        greeted: a connection to its engine on which a Hello was said.
    """

    CSS = """
    CommandPalette SearchIcon { display: none; }
    """
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider]]] = {Commands}  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = []
    ESCAPE_TO_MINIMIZE = False

    def __init__(self, home: Home, settings: Settings, theme: str, greeted: socket.socket | None = None) -> None:
        super().__init__(driver_class=Terminal)
        self.home = home
        self.link = Link(home, greeted)
        self.ascii = wants_ascii(os.environ, wanted=settings.ui.ascii)
        self.glyphs = ASCII if self.ascii else UNICODE
        self.lore = Lore(home, self.link.snapshot, self.glyphs, self.now_ms, self.say)
        self.clock_wanted = settings.ui.clock
        self.rules_ignored = settings.lint.ignore
        self.mouse_released = not settings.ui.mouse
        self.bug: Exception | None = None
        """What ended the app."""
        self.turns = Turns(self, super().on_event)
        module = load_theme(theme)
        self.roles: dict[str, str] = dict(module.ROLES)
        if theme != "ansi":
            self.register_theme(module.THEME)
        self.theme = module.THEME.name

    def on_load(self) -> None:
        """Connect, and read meanwhile what the engine has to say."""
        self.run_worker(self.link.run(), exit_on_error=False)

    def get_default_screen(self) -> Dashboard:
        """The dashboard lies below everything: there is no empty screen of Textual's under it."""
        return Dashboard(self)

    def on_mount(self) -> None:
        """The terminal is there now."""
        if isinstance(self._driver, Terminal):
            self._driver.on_leave = self._terminal_gone
            self._driver.ascii = Ascii() if self.ascii else None
        self.app_resume_signal.subscribe(self, self._back_from_shell)

    def on_ready(self) -> None:
        """The first frame is drawn: the fleet in it stays, and the collector leaves it alone as it does imports."""
        gc.freeze()
        gc.enable()

    async def on_event(self, event: Event) -> None:
        """What the user does is done in order; everything else goes on at once."""
        if self.turns.are_for(event):
            await self.turns.take(event)
        else:
            await super().on_event(event)

    def on_settled(self, message: Settled) -> None:
        """A key has been seen by everybody."""
        self.turns.settled(message)

    def _back_from_shell(self, _app: App[None]) -> None:
        """Textual paints only what has changed meanwhile, and the terminal shows what the shell has left."""
        self.screen.refresh(repaint=True, layout=True)

    def _terminal_gone(self, _reason: str) -> None:
        self.exit()

    def exit(self, *args: Any, **kwargs: Any) -> None:
        """End; whatever takes its time meanwhile, the terminal is given back and the process goes."""
        super().exit(*args, **kwargs)
        if isinstance(self._driver, Terminal):
            self._driver.leave()

    def action_command_palette(self) -> None:
        """The palette of the dashboard: Textual binds its key on every screen, in questions and forms too."""
        if isinstance(self.screen, Dashboard):
            self.screen.action_palette()

    def has_left(self) -> None:
        """The app has ended and the terminal is as it was: whoever started it may take the time to clear away."""
        if isinstance(self._driver, Terminal):
            self._driver.has_left()

    # --- what screens ask -------------------------------------------------------------

    def now_ms(self) -> int:
        """Unix milliseconds."""
        return time.time_ns() // 1_000_000

    def backlog(self) -> int:
        """Writes that the terminal has not taken."""
        return self._driver.backlog if isinstance(self._driver, Terminal) else 0

    def bytes_written(self) -> int:
        """Bytes sent to the terminal so far."""
        return self._driver.bytes_written if isinstance(self._driver, Terminal) else 0

    def must_repaint(self) -> bool:
        """Whether output was thrown away because the terminal was stalled; asked once it takes output again."""
        driver = self._driver
        if not isinstance(driver, Terminal) or not driver.dropped:
            return False
        driver.dropped = False
        return True

    def open_detail(self) -> Detail | None:
        """The detail screen, while it is open, below a question too."""
        return next((s for s in self.screen_stack if isinstance(s, Detail) and s.is_mounted), None)

    def say(self, text: str) -> None:
        """A warning in the dashboard's message line."""
        for screen in self.screen_stack:
            if isinstance(screen, Dashboard) and screen.is_mounted:
                screen.say(text, "warn")

    def copy_text(self, text: str) -> str:
        """Copy; returns by which way."""
        return self._driver.copy(text) if isinstance(self._driver, Terminal) else "not copied"

    def toggle_mouse(self) -> bool:
        """Let go of the mouse or take it; True when it is let go."""
        self.mouse_released = not self.mouse_released
        if isinstance(self._driver, Terminal):
            (self._driver.release_mouse if self.mouse_released else self._driver.take_mouse)()
        return self.mouse_released

    def open_editor(self) -> None:
        """`monitors.toml` in $VISUAL or $EDITOR; the screen comes back afterwards."""
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        with self.suspend():
            try:
                subprocess.run([*editor, str(self.home.monitors_file)], check=False)  # noqa: S603 - the user's own editor
            except OSError as error:
                self.say(f"{editor[0]}: {error.strerror}")

    def _handle_exception(self, error: Exception) -> None:
        """A bug leaves the terminal clean and is told by the command line, in one line: the first, others follow it."""
        if self._exit and isinstance(error, NoMatches):
            return  # a screen that was opening when the end came has no parts any more
        self.bug = self._exception = self.bug or error
        self._exit_renderables.clear()
        self._close_messages_no_wait()
