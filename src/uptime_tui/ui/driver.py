"""The terminal's end: what is not yet written, how much was, and a clean leave however the terminal goes.

A hangup arrives as SIGHUP and then SIGCONT, as `kill %1` sends SIGTERM and then SIGCONT, and Textual's handler of the
latter would enter the application mode again, or stop the process where it is in the background. The terminal is given
back when the end begins, by a thread that waits for nobody, and whatever happens, the process is gone within a second.
"""

import asyncio
import base64
import contextlib
import os
import select
import signal
import subprocess
import sys
import termios
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size

from uptime_tui.ui.ascii import Ascii
from uptime_tui.ui.output import Output
from uptime_tui.ui.pastes import Pastes

LEAVE_S: Final = 0.8
"""How long a clean end may take before the process is ended anyway."""
MOST_WRITES: Final = 20
"""More than these waiting, and the terminal is taken for stalled: what comes is thrown away."""
A_MODE: Final = 64
"""So short is what sets a mode: it is never thrown away, no frame would set it again. Frames are longer."""
CLIPBOARD_BYTES: Final = 8192
_SIGNALS: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
_RESTORE: Final = (
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse
    b"\x1b[?2004l\x1b[?1004l\x1b[?2048l"  # paste, focus, sizes
    b"\x1b[<u\x1b[?7h\x1b[0m\x1b[?2026l\x1b[?1049l\x1b[?25h"  # keyboard, wrap, colours, frame, screen, cursor
)


class Terminal(LinuxDriver):
    """Textual's driver for Linux with the things that a dashboard over SSH needs."""

    on_leave: Callable[[str], None] | None = None
    """Told why the app must end; set by the app, called on the loop's thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert sys.__stdout__ is not None
        self._screen = sys.__stdout__.fileno()  # not stderr, as Textual has it: with `2>log` that is the file
        self._encoding = sys.__stdout__.encoding
        self.ascii: Ascii | None = None
        """Set by the app for a terminal that can show nothing else."""
        self.bytes_written = 0
        self.dropped = False
        """The terminal lacks what was drawn: everything is to be drawn anew once it takes output."""
        self._left = threading.Event()
        self._output: Output | None = None
        """The terminal is ours while there is one."""
        self._leaving = False
        self._loop_at_start: asyncio.AbstractEventLoop | None = None

    @property
    def backlog(self) -> int:
        """Writes that the terminal has not taken yet."""
        return 0 if self._output is None else self._output.backlog

    def write(self, data: str) -> None:
        """Count, and never block; Textual's own way makes its loop wait for a terminal that takes nothing."""
        if self._output is None:
            return
        if self._output.backlog > MOST_WRITES and len(data) > A_MODE:
            self.dropped = True
            return
        if self.ascii is not None:
            data = data.translate(self.ascii)
        sent = data.encode(self._encoding, "replace")
        self.bytes_written += len(sent)
        self._output.write(sent)

    def start_application_mode(self) -> None:
        """Enter the full screen, with our own signal handlers; SIGCONT comes here too, whatever was before it."""
        if self._leaving:  # to ignore the signal has its handler run first
            return
        if _is_in_background(self.fileno):  # nothing of the terminal is ours; the next SIGCONT comes here again
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        if self._output is not None:  # stopped where it could not leave: the line's own mode is the one before that
            self.suspend_application_mode()
            self._must_signal_resume = True
        self._loop_at_start = asyncio.get_running_loop()
        self._output = Output(self._screen)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGWINCH, self._on_resize)

    def stop_application_mode(self) -> None:
        """Leave the full screen; the keys go first, or what the terminal reports until then is read by the shell."""
        self.disable_input()
        if self._output is not None:
            self._output.end(_RESTORE)
            self._restore_line()
            self._output = None

    def disable_input(self) -> None:
        """Take no more keys; in the background nothing is asked of the terminal, who does that is stopped."""
        if self._output is not None:
            super().disable_input()

    def _restore_line(self) -> None:
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):  # a terminal that is gone is no fault
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)

    def run_input_thread(self) -> None:
        """Read keys until the end; the end of the input ends the app instead of spinning on it."""
        parser, pastes = XTermParser(self._debug), Pastes()
        decode = getincrementaldecoder("utf-8")("replace").decode
        while not self.exit_event.is_set():
            readable, _, _ = select.select([self.fileno], [], [], 0.1)
            if readable:
                try:
                    data = os.read(self.fileno, 4096)
                except OSError:
                    data = b""
                if not data:
                    self._leave_soon("the terminal has gone")
                    return
                typed = pastes.feed(decode(data))
            else:
                typed = pastes.overdue()
            for event in parser.feed(typed) if typed else ():  # nothing would be the end of the input
                self.process_message(event)
            for event in () if pastes.at_a_mark else parser.tick():
                pastes.timed_out()
                self.process_message(event)

    def release_mouse(self) -> None:
        """Let the terminal select text itself, after a shell in between too."""
        self._disable_mouse_support()
        self._mouse = False

    def take_mouse(self) -> None:
        """Get clicks again."""
        self._mouse = True
        self._enable_mouse_support()

    def copy(self, text: str) -> str:
        """Put text into the user's clipboard; returns by which way, or why it cannot be known.

        OSC 52 is not acknowledged by any terminal, and tmux drops it by default: then tmux itself is asked.
        """
        data = text.encode()[:CLIPBOARD_BYTES]
        self.write(f"\x1b]52;c;{base64.b64encode(data).decode()}\x07")
        self.flush()
        if os.environ.get("TMUX"):
            command = ["tmux", "load-buffer", "-w", "-"]
            try:
                subprocess.run(command, input=data, timeout=1, check=True, capture_output=True)  # noqa: S603
            except (OSError, subprocess.SubprocessError):
                return "sent to tmux, which may drop it (set-clipboard on)"
            return "copied to tmux"
        return "sent to the terminal"

    def _on_resize(self, _number: int, _frame: FrameType | None) -> None:
        """Read the size when the loop has its turn.

        Textual's handler reads it at once, and may be interrupted by the next one after that: then the older size is
        told last, and the screen keeps it.
        """
        if self._loop_at_start is not None and not self._in_band_window_resize:
            self._loop_at_start.call_soon_threadsafe(self._tell_size)

    def _tell_size(self) -> None:
        size = Size(*self._get_terminal_size())
        # Textual draws what changed since its last layout: a window that was small for a moment has lost more than that
        self.dropped = True
        self._app.post_message(Resize(size, size))

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and self._output is None:
            return  # Ctrl-C for who has the terminal, as an editor: the kernel sends it to all in the foreground
        self._leave_soon(signal.Signals(number).name)

    def _leave_soon(self, reason: str) -> None:
        """Ask the app to end, and see to it that the process does."""
        if self._leaving:
            return
        self.leave()
        loop, told = self._loop_at_start, self.on_leave
        if loop is not None and told is not None:
            loop.call_soon_threadsafe(told, reason)

    def leave(self) -> None:
        """The app ends: give the terminal back now, and see to it that the process is gone soon."""
        if not self._leaving:
            self._leaving = True
            threading.Thread(target=self._watch_the_end, daemon=True, name="leave").start()

    def has_left(self) -> None:
        """The app has ended by itself: what its caller clears away after it needs no watchdog, and Ctrl-C ends it."""
        self._left.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _watch_the_end(self) -> None:
        output = self._output  # the loop's thread may take it away meanwhile
        if output is not None:
            output.end(_RESTORE)
        if self._left.wait(LEAVE_S):
            return
        if self._output is not None:
            self._restore_line()
        os._exit(0)


def _is_in_background(terminal: int) -> bool:
    """Whether the shell has the terminal; it has not where it does not control this process."""
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:
        return False
