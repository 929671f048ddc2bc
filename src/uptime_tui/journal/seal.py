"""Packs what is older than its hour into blocks and rollups, and lets go of what is too old. In slices.

Everything added is additive (bytes appended, counts summed), and each slice is one transaction with the deletion of
the rows it sealed: a crash in between changes nothing, and late rows simply make another slice.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from uptime_tui.journal.pack import HOUR_MS, MONITOR_BITS, MONITOR_MASK, pack_records, span_key, tally

SLICE_ROWS: Final = 20_000
BLOCK_DAYS: Final = 30
ROLLUP_DAYS: Final = 730
_GRACE_MS: Final = 120_000
"""A probe of the old hour may still be on its way."""
_COLUMNS: Final = "k, good, degraded, down, ours, sum_us, max_us"
_ADD: Final = """INSERT INTO {table} ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (k) DO UPDATE SET
    good = good + excluded.good, degraded = degraded + excluded.degraded, down = down + excluded.down,
    ours = ours + excluded.ours, sum_us = sum_us + excluded.sum_us, max_us = max(max_us, excluded.max_us)"""
_ADD_ROLLUP: Final = _ADD.format(table="rollup", columns=_COLUMNS)
_ADD_DAILY: Final = _ADD.format(table="daily", columns=_COLUMNS)
_ADD_BLOCK: Final = (
    "INSERT INTO block (k, data) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET data = CAST(data || excluded.data AS BLOB)"
)

_FORGET_DIAGNOSES: Final = """DELETE FROM diagnosis WHERE monitor = ? AND at_ms < ?
    AND incident NOT IN (SELECT id FROM incident WHERE closed_ms IS NULL)"""


def seal_slice(connection: sqlite3.Connection, now_ms: int) -> bool:
    """Seal up to `SLICE_ROWS` results of hours that are over; True when there may be more."""
    hour_ms = (now_ms - _GRACE_MS) // HOUR_MS * HOUR_MS
    rows = connection.execute(
        "SELECT k, v FROM result WHERE k < ? ORDER BY k LIMIT ?", (hour_ms << MONITOR_BITS, SLICE_ROWS)
    ).fetchall()
    if not rows:
        return False
    by_span: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        by_span[row[0] & MONITOR_MASK, (row[0] >> MONITOR_BITS) // HOUR_MS].append(row)
    blocks = []
    hourly = []
    daily = []
    for (monitor, hour), some in by_span.items():
        key = span_key(monitor, hour)
        counts = tally(some)
        blocks.append((key, pack_records(some)))
        hourly.append((key, *counts))
        daily.append((span_key(monitor, hour // 24), *counts))
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(_ADD_BLOCK, blocks)
        connection.executemany(_ADD_ROLLUP, hourly)
        connection.executemany(_ADD_DAILY, daily)
        connection.execute("DELETE FROM result WHERE k <= ?", (rows[-1][0],))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return len(rows) == SLICE_ROWS


def forget_old(
    connection: sqlite3.Connection, monitors: Iterable[int], now_ms: int, *, block_days: int = BLOCK_DAYS
) -> None:
    """Delete what is past its days of these monitors: blocks, hourly rollups, and diagnoses of incidents that are over.

    Daily rows and the incidents themselves stay for ever.
    """
    hour = now_ms // HOUR_MS
    for monitor in monitors:
        first = span_key(monitor, 0)
        blocks = (first, span_key(monitor, max(0, hour - block_days * 24)))
        rollups = (first, span_key(monitor, max(0, hour - ROLLUP_DAYS * 24)))
        connection.execute("DELETE FROM block WHERE k >= ? AND k < ?", blocks)
        connection.execute("DELETE FROM rollup WHERE k >= ? AND k < ?", rollups)
        connection.execute(_FORGET_DIAGNOSES, (monitor, (hour - block_days * 24) * HOUR_MS))
