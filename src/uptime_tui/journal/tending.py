"""The time by which history grows old: the wall clock's, but never faster than engines have run.

A clock that is years ahead would have everything forgotten at once. What is kept grows only while an engine runs, so
it is enough that it grows old then: the time that passes without one is missing here, and costs no room.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import Final

from uptime_tui.journal.pack import MONITOR_BITS

_CREDIT_MS: Final = 60_000
"""At its start an engine is given what a short one before it did not write down."""


class Tending:
    """Counts it.

    Args:
        steady_s: seconds that nobody sets.
    """

    def __init__(self, steady_s: Callable[[], float] = time.monotonic) -> None:
        self._steady_s = steady_s
        self._looked_s: float | None = None

    def now_ms(self, connection: sqlite3.Connection, wall_ms: int) -> int:
        """What counts as now, in Unix milliseconds; written down, so that the next engine goes on from there."""
        now_s = self._steady_s()
        ran_ms = _CREDIT_MS if self._looked_s is None else int((now_s - self._looked_s) * 1000)
        row = connection.execute("SELECT at_ms FROM tended").fetchone()
        reached_ms = _newest_ms(connection, wall_ms) if row is None else row[0]
        if wall_ms > reached_ms:
            reached_ms = min(wall_ms, reached_ms + ran_ms)
        connection.execute("INSERT OR REPLACE INTO tended (id, at_ms) VALUES (1, ?)", (reached_ms,))
        self._looked_s = now_s
        return min(wall_ms, reached_ms)


def _newest_ms(connection: sqlite3.Connection, wall_ms: int) -> int:
    """When the newest result was measured, of those that are not packed yet; an empty journal begins now."""
    (key,) = connection.execute("SELECT max(k) FROM result").fetchone()
    return wall_ms if key is None else min(wall_ms, key >> MONITOR_BITS)
