"""What is sent to the terminal: a thread writes it, nobody waits for it, and its last word always gets there.

The terminal is opened once more, without blocking: the flag belongs to the open file, and the shell's must not get it.
A terminal that takes nothing then blocks no write that would hold up the last one, and what it has not read yet is
thrown away to make room. Where it cannot be opened (a terminal of another user) the given one is used as it is.
"""

import contextlib
import os
import select
import termios
import threading
import time
from collections import deque
from typing import Final

LAST_WORD_S: Final = 0.4
"""How long the end waits for a terminal that lets nothing be thrown away, as on an open file that blocks."""
_CANCEL: Final = b"\x18"
"""Ends the sequence in whose middle the terminal was left; nothing else does that for all kinds of them."""


class Output:
    """The way to the terminal, until its last word.

    Args:
        terminal: an open file of it.
    """

    def __init__(self, terminal: int) -> None:
        self._file = _open_again(terminal)
        self._waiting: deque[bytes] = deque()
        self._writing = False
        self._last: bytes | None = None
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._end_asked = os.eventfd(0)
        threading.Thread(target=self._run, daemon=True, name="output").start()

    @property
    def backlog(self) -> int:
        """Writes that the terminal has not taken yet."""
        return len(self._waiting) + self._writing

    def write(self, data: bytes) -> None:
        """Put it behind what waits; after the last word nothing is written."""
        with self._changed:
            if self._last is None:
                self._waiting.append(data)
                self._changed.notify()

    def end(self, last: bytes) -> None:
        """Throw away what waits, write this, and wait until it is there; the first call counts."""
        with self._changed:
            if self._last is None:
                self._last = last
                self._changed.notify()
                os.eventfd_write(self._end_asked, 1)
        self._ended.wait(LAST_WORD_S)

    def _run(self) -> None:
        cut = False
        while True:
            with self._changed:
                self._writing = False
                self._changed.wait_for(lambda: self._waiting or self._last is not None)
                if self._last is not None:
                    break
                data = b"".join(self._waiting)
                self._waiting.clear()
                self._writing = True
            cut = self._write(data)
        self._write_last(self._last, cut=cut)
        os.close(self._file)
        os.close(self._end_asked)
        self._ended.set()

    def _write(self, data: bytes) -> bool:
        """Write all of it, or as much as goes before the end is asked for; whether the rest of it is missing."""
        ready = select.poll()
        ready.register(self._file, select.POLLOUT)
        ready.register(self._end_asked, select.POLLIN)
        while data:
            try:
                data = data[os.write(self._file, data) :]
            except BlockingIOError:
                ready.poll()
            except OSError:  # the terminal is gone: the thread of the keys finds that out
                return False
            if self._last is not None:
                break
        return bool(data)

    def _write_last(self, last: bytes, *, cut: bool) -> None:
        """The terminal may be full: what it has not read is of no use to anybody any more."""
        until_s = time.monotonic() + LAST_WORD_S
        while time.monotonic() < until_s:
            data = _CANCEL + last if cut else last
            try:
                if os.write(self._file, data) == len(data):
                    return
            except BlockingIOError:
                pass
            except OSError:
                return
            cut = True
            with contextlib.suppress(termios.error):
                termios.tcflush(self._file, termios.TCOFLUSH)
            time.sleep(0.001)


def _open_again(terminal: int) -> int:
    """The same terminal by an open file of our own; `/dev/tty` is it where it controls this process."""
    flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK
    try:
        return os.open(os.ttyname(terminal), flags)
    except OSError:
        pass
    try:
        os.tcgetpgrp(terminal)
        return os.open("/dev/tty", flags)
    except OSError:
        return os.dup(terminal)
