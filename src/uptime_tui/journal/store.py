"""The database file: opening, migrating, checking it, and setting a broken one aside.

`synchronous = NORMAL` in WAL mode: a killed process loses nothing that was committed; a power cut may lose the last
commits, never the file (sqlite.org/pragma.html#pragma_synchronous).
"""

import sqlite3
import time
from importlib.resources import files
from pathlib import Path
from typing import Final

from uptime_tui.model.errors import UserError

_BUSY_S: Final = 5.0


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


def is_sound(connection: sqlite3.Connection) -> bool:
    """SQLite's own quick check; reads the whole file."""
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
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


def open_or_replace(path: Path) -> tuple[sqlite3.Connection, str]:
    """Open the journal; a file that is no database is set aside and a new one begun. Returns a notice or "".

    Raises:
        UserError: the folder cannot be written, or the journal is of a newer version.
    """
    try:
        return open_store(path), ""
    except sqlite3.OperationalError as error:
        if not _is_broken(path, error):
            raise UserError(
                f"the journal cannot be opened: {error}", where=str(path), todo="check the folder and its disk"
            ) from error
    except sqlite3.DatabaseError:
        pass  # "file is not a database", "malformed": below
    try:
        kept = set_aside(path)
        return open_store(path), broken_notice(kept)
    except (OSError, sqlite3.Error) as error:
        raise UserError(f"the journal is broken and cannot be set aside: {error}", where=str(path)) from error


def broken_notice(kept: Path) -> str:
    """What is said of a journal that was set aside."""
    return f"the journal was damaged: kept aside as {kept}, a new one was begun; monitors and settings are not affected"


def _is_broken(path: Path, error: sqlite3.OperationalError) -> bool:
    """A folder in the file's place, or a table that a migration finds half-made: both are set aside."""
    return path.is_dir() or "already exists" in str(error) or "no such table" in str(error)
