"""One engine per home: a lock that the kernel lets go of when the process ends, however it ends."""

import fcntl
import os
from pathlib import Path

from uptime_tui.model.errors import UserError


def take_lock(path: Path) -> int:
    """Lock the home for this process; returns the descriptor to keep open.

    Raises:
        UserError: another engine has it; says its process number.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise UserError(
            f"an engine already runs for this home (pid {owner or 'unknown'})",
            where=str(path.parent),
            todo="use it, or `uptime-tui stop` it first",
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
