"""Finds the engine of a home, starts one, stops it."""

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Final

from uptime_tui.config.paths import Home, make_folders
from uptime_tui.model.errors import UserError

START_S: Final = 15.0
STOP_S: Final = 5.0
_LOOK_S: Final = 0.01
_started: Final[list[subprocess.Popen[bytes]]] = []
"""Engines that this process has started: they outlive it, and are reaped when they end before."""


def is_running(home: Home) -> int | None:
    """Process number of the engine that holds this home's lock; None when there is none."""
    try:
        descriptor = os.open(home.lock_file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        return int(text) if text.isdigit() else 0
    except OSError:
        return None  # a file system without locks: no engine starts there either, and says why
    finally:
        os.close(descriptor)
    return None


def find_or_start(home: Home, *, keep: bool) -> Path:
    """The socket of a running engine; one is started when none runs.

    Args:
        home: its folders.
        keep: a new engine goes on without clients.

    Raises:
        UserError: it did not start; its own words are repeated.
    """
    if _answers(home.socket_file):
        return home.socket_file
    import tempfile

    make_folders(home)
    with tempfile.TemporaryFile() as said:
        return _await_answer(home, _start(home, said, keep=keep) if is_running(home) is None else None, said)


def _await_answer(home: Home, child: subprocess.Popen[bytes] | None, said: IO[bytes]) -> Path:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if _answers(home.socket_file):
            if child is not None and child.poll() is None and is_running(home) != child.pid:
                child.kill()  # another was quicker; ours, still loading, would come to life when that one stops
                child.wait()
            return home.socket_file
        if child is not None and child.poll() is not None and is_running(home) is None:
            raise UserError(_last_words(child, said))
        time.sleep(_LOOK_S)
    raise UserError("the engine does not answer", where=str(home.socket_file), todo=f"see {home.log_file}")


def stop(home: Home) -> bool:
    """Ask the engine to end and wait until it has; False when none was running.

    Raises:
        UserError: it does not end.
    """
    pid = is_running(home)
    if not pid:
        return False
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise UserError(f"the engine (pid {pid}) belongs to another user", todo="stop it as that user") from error
    deadline = time.monotonic() + STOP_S
    while time.monotonic() < deadline:
        if is_running(home) is None:
            return True
        time.sleep(_LOOK_S)
    todo = f"`kill -9 {pid}` ends it, and what was measured is on disk; why: {home.log_file}"
    raise UserError(f"the engine (pid {pid}) does not end", todo=todo)


def _start(home: Home, said: IO[bytes], *, keep: bool) -> subprocess.Popen[bytes]:
    """An engine of its own session, so that a hangup of this terminal does not reach it."""
    arguments = [sys.executable, "-m", "uptime_tui", "engine", "--keep" if keep else "--no-keep"]
    if home.config == home.state.parent:
        arguments += ["--home", str(home.config)]
    child = subprocess.Popen(  # noqa: S603 - our own module, no shell
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True, cwd="/"
    )
    reap()
    _started.append(child)
    return child


def reap() -> None:
    """Let go of those engines that have ended."""
    _started[:] = [child for child in _started if child.poll() is None]


def _answers(path: Path) -> bool:
    """Whether somebody listens there, if only with a queue that is full: it would be waited for, for ever."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        return probe.connect_ex(str(path)) in {0, errno.EAGAIN}


def _last_words(child: subprocess.Popen[bytes], said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("uptime-tui: ") if lines else f"the engine ended with code {child.returncode}"
