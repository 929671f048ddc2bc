"""One engine per home: a lock that the kernel lets go of when the process ends, however it ends."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from uptime_tui.model.errors import UserError

NO_LOCKS: Final = "its file system has no locks: name a folder on a local disk by --home or XDG_STATE_HOME"
_TRIES: Final = 10
_PAUSE_S: Final = 0.02


def take_lock(path: Path) -> int:
    """Lock the home for this process; returns the descriptor to keep open.

    Raises:
        UserError: another engine has it; says its process number. Or the file cannot be used.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UserError(
            f"cannot be opened: {error.strerror}", where=str(path), todo="check its owner, its folder and the disk"
        ) from error
    try:
        _lock(descriptor)
    except BlockingIOError as error:
        owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise UserError(
            f"an engine already runs for this home (pid {owner or 'unknown'})",
            where=str(path.parent),
            todo="use it, or `uptime-tui stop` it first",
        ) from error
    except OSError as error:
        os.close(descriptor)
        raise UserError(f"cannot be locked: {error.strerror}", where=str(path), todo=NO_LOCKS) from error
    with suppress(OSError):  # a full disk: the lock holds all the same, only its owner cannot be named
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _lock(descriptor: int) -> None:
    """Whoever only asks whether an engine runs holds the lock for an instant; that must not turn one away."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_S)
        else:
            return
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
