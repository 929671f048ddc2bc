"""The database file: opening, migrating, checking it, and setting a broken one aside.

`synchronous = NORMAL` in WAL mode: a killed process loses nothing that was committed; a power cut may lose the last
commits, never the file (sqlite.org/pragma.html#pragma_synchronous).
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Final

from uptime_tui.model.errors import UserError

_BUSY_S: Final = 5.0
_TABLES: Final = (
    "monitor",
    "result",
    "block",
    "rollup",
    "daily",
    "state",
    "newest",
    "failed",
    "event",
    "incident",
    "certificate",
    "diagnosis",
    "backends",
    "rest",
    "tended",
)


def open_store(path: Path) -> sqlite3.Connection:
    """A connection for the one writer, migrated to this version.

    Raises:
        sqlite3.DatabaseError: the file is no usable database.
        UserError: it was written by a newer version; it is left alone.
    """
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        path.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA journal_size_limit = 16777216")
        migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Run the numbered scripts that this file has not seen, each in a transaction of its own."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    scripts = sorted(
        (entry for entry in files("uptime_tui.journal").joinpath("schema").iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    if version > len(scripts):
        raise UserError(
            f"the journal was written by a newer version (schema {version}, this one knows {len(scripts)})",
            where=str(path),
            todo="update uptime-tui, or use another --home",
        )
    for number, script in enumerate(scripts, 1):
        if number > version:
            text = script.read_text("utf-8")
            connection.executescript(f"BEGIN IMMEDIATE;\n{text}\nPRAGMA user_version = {number};\nCOMMIT;")
    for table in _TABLES:
        connection.execute(f"SELECT 1 FROM {table} LIMIT 0")  # noqa: S608


def reading(path: Path) -> closing[sqlite3.Connection]:
    """A connection that writes nothing, closed at the end of its `with`."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_S, check_same_thread=False))


def open_in_memory(path: Path) -> sqlite3.Connection:
    """A journal that lasts as long as this process, for when there can be no other."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection, path)
    return connection


def is_sound(connection: sqlite3.Connection) -> bool:
    """SQLite's own quick check; reads the whole file. A disk that fails meanwhile proves nothing."""
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:
        return False


def set_aside(path: Path) -> Path:
    """Rename a broken database and its side files out of the way; returns where it is kept.

    Raises:
        OSError: it cannot be renamed.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    kept = path.with_name(f"{path.name}.broken-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.broken-{stamp}-{number}")
    path.rename(kept)
    for suffix in ("-wal", "-shm"):
        side = path.with_name(path.name + suffix)
        if side.exists():
            side.rename(kept.with_name(kept.name + suffix))
    return kept


def open_or_replace(path: Path, learn: Callable[[sqlite3.Connection], None]) -> tuple[sqlite3.Connection, str]:
    """Open the journal; a file that is no journal is set aside and a new one begun. Returns a notice or "".

    Args:
        path: the file.
        learn: reads what has to be known before the first write.

    Raises:
        UserError: the file or its folder cannot be used, or the journal is of a newer version.
    """
    try:
        if not _is_emptied(path):
            return _open_and_learn(path, learn), ""
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except sqlite3.OperationalError as error:
        if not _is_broken(path, error):
            raise _unusable(path, str(error)) from error
    except sqlite3.DatabaseError:
        pass  # "file is not a database", "malformed": below
    try:
        notice = begin_anew(path, "the journal was damaged")
        return _open_and_learn(path, learn), notice
    except (OSError, sqlite3.Error) as error:
        raise UserError(f"the journal is broken and cannot be set aside: {error}", where=str(path)) from error


def begin_anew(path: Path, what: str) -> str:
    """Make room for a new file; returns what is said of it.

    Raises:
        OSError: the old one cannot be renamed.
    """
    kept = f"kept aside as {set_aside(path)}, " if path.exists() else ""
    return f"{what}: {kept}a new one was begun; monitors and settings are not affected"


def _open_and_learn(path: Path, learn: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    connection = open_store(path)
    try:
        learn(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _unusable(path: Path, why: str) -> UserError:
    return UserError(
        f"the journal cannot be opened: {why}", where=str(path), todo="check its owner, its folder and the disk"
    )


def _is_emptied(path: Path) -> bool:
    """An empty file beside a log of what was written to it: SQLite would throw that away without a word."""
    log = path.with_name(path.name + "-wal")
    return path.is_file() and log.is_file() and path.stat().st_size == 0 < log.stat().st_size


def _is_broken(path: Path, error: sqlite3.OperationalError) -> bool:
    """A folder in the file's place, or tables that are not ours: both are set aside."""
    said = str(error)
    return path.is_dir() or any(words in said for words in ("already exists", "no such table", "no such column"))
