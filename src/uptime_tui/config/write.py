"""Writes a file so that a reader, a crash or a full disk finds the old text or the new one, never a half."""

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from uptime_tui.model.errors import UserError

_LOCK_WAIT_S: Final = 5.0
_LOCK_PAUSE_S: Final = 0.02
_NEW_MODE: Final = 0o600
_ELSEWHERE: Final = "edit the file where it comes from"
_WRITE_BITS: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@contextmanager
def writers_lock(path: Path) -> Iterator[None]:
    """Hold the lock of all writers of a file, across processes; the lock file stays beside it.

    Raises:
        UserError: another writer holds it for longer than 5 s, the file is read-only, or its folder is.
    """
    _require_writable(path)
    lock = _beside(path, ".lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _NEW_MODE)
    except OSError as error:
        raise _refusal(path, error) from error
    try:
        _wait_for(handle, path)
        yield
    finally:
        os.close(handle)  # releases the lock


def _require_writable(path: Path) -> None:
    """A file without a write bit is kept by hand or by a programme: renaming another into its place would be rude."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # none yet, or reading it says what is wrong
    if not mode & _WRITE_BITS or not os.access(path, os.W_OK):
        read_only = os.statvfs(path).f_flag & os.ST_RDONLY
        cure = f"its file system is: {_ELSEWHERE}" if read_only else f"chmod u+w {path}, or edit what it is made from"
        raise UserError("is read-only", where=path.name, todo=cure)


def _wait_for(handle: int, path: Path) -> None:
    deadline_s = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline_s:
                raise UserError(
                    "another process is changing this file", where=path.name, todo="try again when it is done"
                ) from error
            time.sleep(_LOCK_PAUSE_S)
        except OSError as error:
            todo = "its file system has no locks: keep the configuration on a local disk, or edit the file by hand"
            raise UserError(f"cannot be locked: {error.strerror}", where=path.name, todo=todo) from error
        else:
            return


def replace_file(path: Path, data: bytes) -> None:
    """Put the bytes in the place of the file: temporary file, fsync, rename, fsync of the folder.

    A symbolic link stays one (what it points to is replaced); mode and owner stay; a new file has mode 0600. To be
    called while holding the writers' lock: what a killed writer left behind is removed.

    Raises:
        UserError: nothing was changed.
    """
    real = Path(os.path.realpath(path))
    temporary = _beside(path, f".{secrets.token_hex(4)}.tmp")
    try:
        for left in temporary.parent.glob(f".{real.name}.*.tmp"):
            left.unlink(missing_ok=True)
        _write(temporary, real, data)
        temporary.replace(real)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _refusal(path, error) from error
    with suppress(OSError):  # of a folder that cannot be read, or a file system that cannot do it: the text is there
        _sync_folder(real.parent)


def _write(temporary: Path, real: Path, data: bytes) -> None:
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _NEW_MODE)
    try:
        with suppress(FileNotFoundError):
            facts = real.stat()
            with suppress(PermissionError):  # a file system without modes (FAT, some shares) has one for all its files
                os.fchmod(handle, stat.S_IMODE(facts.st_mode))
            if (facts.st_uid, facts.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(PermissionError):
                    os.fchown(handle, facts.st_uid, facts.st_gid)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def append_line(path: Path, line: bytes) -> None:
    """Append one line and see it on disk; a torn line of a killed writer is closed first, so it spoils no other.

    Raises:
        UserError: the line is not there, or torn (readers leave a torn line out).
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _NEW_MODE)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            view = memoryview((b"\n" if torn else b"") + line + b"\n")
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _refusal(path, error) from error


def _beside(path: Path, suffix: str) -> Path:
    real = Path(os.path.realpath(path))
    return real.with_name(f".{real.name}{suffix}")


def _refusal(path: Path, error: OSError) -> UserError:
    todo = {
        errno.ENOSPC: "make room on the disk, then repeat it",
        errno.EDQUOT: "make room in your quota, then repeat it",
        errno.EROFS: f"the file system is read-only: {_ELSEWHERE}",
        errno.EACCES: f"allow writing to {path.parent}",
        errno.ENOENT: f"make the folder {Path(os.path.realpath(path)).parent}",
    }.get(error.errno or 0, "nothing was changed")
    return UserError(f"cannot be written: {error.strerror}", where=path.name, todo=todo)
