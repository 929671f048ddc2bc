"""One batch of what was handed to the journal, inside the transaction that its writer has begun."""

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from uptime_tui.journal.pack import MONITOR_BITS
from uptime_tui.journal.waiting import Row, Statement

_FAULTY: Final = (
    sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError, OverflowError
)  # fmt: skip
"""The record is at fault, not the disk: trying again would not help, and would hold up all others."""
_log: Final = logging.getLogger(__name__)


def append(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Add results. Where a clock that was set back finds its millisecond taken, the next free one is used."""
    connection.execute("SAVEPOINT rows")
    cursor = connection.executemany("INSERT OR IGNORE INTO result (k, v) VALUES (?, ?)", rows)
    if rows and cursor.rowcount != len(rows):
        connection.execute("ROLLBACK TO rows")
        for key, value in rows:
            while not connection.execute("INSERT OR IGNORE INTO result (k, v) VALUES (?, ?)", (key, value)).rowcount:
                key += 1 << MONITOR_BITS  # noqa: PLW2901 - the next millisecond
    connection.execute("RELEASE rows")


def execute(connection: sqlite3.Connection, statements: Iterable[Statement]) -> None:
    """Run them; one that the database does not take is told in the log, and the others go on."""
    for statement, values in statements:
        try:
            connection.execute(statement, values)
        except _FAULTY:
            _log.exception("not kept: %s", statement)
