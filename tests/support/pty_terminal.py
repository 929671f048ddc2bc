"""A program in a pseudo-terminal, its screen as pyte sees it, and its raw bytes."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pyte

DEADLINE_S = 20.0


class PtyTerminal:
    """Starts `python -m uptime_tui` on a terminal of a size; a thread reads everything it writes.

    Without `emulated` there are only the raw bytes: who measures must not wait for pyte, which takes longer to draw a
    frame than the dashboard.
    """

    def __init__(
        self, home, *, columns=80, lines=24, arguments=(), env=None, program=None, preexec=None, emulated=True
    ):
        self.raw = bytearray()
        self._emulated = emulated
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        self._size(columns, lines, slave)
        self.attributes = termios.tcgetattr(slave)
        self._slave_name = os.ttyname(slave)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in {"NO_COLOR", "COLUMNS", "LINES", "TMUX", "COLORFGBG", "SSH_CONNECTION"}
            and not name.startswith("TEXTUAL")
        }
        self.env = {
            **inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", "UPTIME_TUI_HOME": str(home),
            **(env or {}),
        }  # fmt: skip
        command = program or [sys.executable, "-m", "uptime_tui", *arguments]

        def prepare():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if preexec is not None:
                preexec()

        self.started_s = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=self.env, start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - no other way to give the child its terminal
        )  # fmt: skip
        os.close(slave)
        self._lock = threading.Lock()
        self._paused, self._resting = threading.Event(), threading.Event()
        self.closed = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.hang_up()

    def _read(self):
        while not self.closed:
            if self._paused.is_set():
                self._resting.set()
                time.sleep(0.01)
                continue
            try:
                ready, _, _ = select.select([self.master], [], [], 0.05)
                if not ready:
                    continue
                data = os.read(self.master, 65536)
            except (OSError, ValueError):
                return
            if not data:
                return
            with self._lock:
                self.raw += data
                if self._emulated:
                    self._stream.feed(data)

    def _size(self, columns, lines, descriptor):
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns, lines):
        with self._lock:
            self.screen.resize(lines, columns)
        self._size(columns, lines, self.master)

    def stall(self):
        """Stop reading, as a hung terminal does."""
        self._resting.clear()
        self._paused.set()
        self._resting.wait(DEADLINE_S)

    def fill(self):
        """Stop reading, and leave the program no room for a single byte."""
        self.stall()
        slave = os.open(self._slave_name, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            while True:
                os.write(slave, b" " * 64)
        except BlockingIOError:
            os.close(slave)

    def go_on(self):
        self._paused.clear()

    def send(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def wait_taken(self):
        """Wait until the program has read every key that was sent."""
        slave = os.open(self._slave_name, os.O_RDWR | os.O_NOCTTY)
        try:
            self.wait(
                lambda _: struct.unpack("i", fcntl.ioctl(slave, termios.FIONREAD, bytes(4))) == (0,),
                "the read of the keys",
            )
        finally:
            os.close(slave)

    @property
    def lines(self):
        with self._lock:
            return [line.rstrip() for line in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.lines)

    def wait(self, condition, what="the condition", deadline_s=DEADLINE_S):
        """Wait until the condition holds of this terminal."""
        until = time.monotonic() + deadline_s
        while time.monotonic() < until:
            found = condition(self)
            if found:
                return found
            time.sleep(0.005)
        raise AssertionError(f"{what} did not come within {deadline_s} s; the screen was:\n{self.text}")

    def wait_for(self, text, deadline_s=DEADLINE_S):
        return self.wait(lambda terminal: text in terminal.text, repr(text), deadline_s)

    def wait_gone(self, text, deadline_s=DEADLINE_S):
        return self.wait(lambda terminal: text not in terminal.text, f"the end of {text!r}", deadline_s)

    def wait_line(self, pattern, deadline_s=DEADLINE_S):
        """Wait for a line that begins with the pattern; returns it."""
        return self.wait(
            lambda terminal: next((line for line in terminal.lines if re.match(pattern, line)), ""),
            f"a line with {pattern!r}",
            deadline_s,
        )

    def wait_exit(self, deadline_s=DEADLINE_S):
        """The exit code, and everything read until then."""
        code = self.process.wait(deadline_s)
        if not self._paused.is_set():
            self._thread.join(2)  # its read fails when nobody has the other end any more, and all was read
        return code

    def signal(self, number):
        self.process.send_signal(number)

    def hang_up(self):
        """Close the terminal's end: the kernel sends SIGHUP and SIGCONT, reads give an error."""
        if not self.closed:
            self.closed = True
            self._thread.join(2)
            os.close(self.master)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)

    def is_clean(self):
        """Why the terminal was not left as it was found; empty when it was."""
        raw = bytes(self.raw)
        wrong = []
        for name, on, off in (
            ("alternate screen", b"\x1b[?1049h", b"\x1b[?1049l"),
            ("mouse", b"\x1b[?1000h", b"\x1b[?1000l"),
            ("mouse motion", b"\x1b[?1003h", b"\x1b[?1003l"),
            ("bracketed paste", b"\x1b[?2004h", b"\x1b[?2004l"),
            ("focus events", b"\x1b[?1004h", b"\x1b[?1004l"),
            ("hidden cursor", b"\x1b[?25l", b"\x1b[?25h"),
        ):
            if raw.rfind(on) > raw.rfind(off):
                wrong.append(name)
        slave = os.open(self._slave_name, os.O_RDWR | os.O_NOCTTY)
        try:
            if termios.tcgetattr(slave)[3] & (termios.ECHO | termios.ICANON) != self.attributes[3] & (
                termios.ECHO | termios.ICANON
            ):
                wrong.append("line mode")
        finally:
            os.close(slave)
        return ", ".join(wrong)


def process_cpu_s(pid):
    """CPU seconds, user and system, of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
