"""What the journal costs: append and seal per result, bytes per result, uptime of a month for a thousand monitors.

The reference of the same run is the same number of rows put into a bare SQLite table by `executemany`.
"""

import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from uptime_tui.journal import seal, store
from uptime_tui.journal.pack import HOUR_MS, result_row, span_key
from uptime_tui.journal.reader import Reader
from uptime_tui.model.failure import Failure
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.units import MonitorId

MONITORS = 1000
PER_HOUR = 120
NOW_MS = 1_800_000_000_000 // HOUR_MS * HOUR_MS + 600_000


def results():
    start = NOW_MS // HOUR_MS * HOUR_MS - 2 * HOUR_MS
    for n in range(PER_HOUR):
        for m in range(1, MONITORS + 1):
            failure = Failure.REFUSED if (n * m) % 97 == 0 else None
            yield Result(
                MonitorId(m), start + n * 30_000 + m % 1000, failure, None, "", Timings(total=(n * m) % 400 / 7)
            )


def one_round(folder):
    some = list(results())
    began = time.process_time()
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v INTEGER)")
    rows = [result_row(r) for r in some]
    reference_began = time.process_time()
    for i in range(0, len(rows), 1000):
        bare.execute("BEGIN")
        bare.executemany("INSERT OR REPLACE INTO t VALUES (?, ?)", rows[i : i + 1000])
        bare.execute("COMMIT")
    reference = (time.process_time() - reference_began) / len(rows) * 1e6
    packing = (reference_began - began) / len(rows) * 1e6
    connection = store.open_store(folder / "journal.db")
    began = time.process_time()
    for i in range(0, len(rows), 1000):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT OR REPLACE INTO result (k, v) VALUES (?, ?)", rows[i : i + 1000])
        connection.execute("COMMIT")
    append = (time.process_time() - began) / len(rows) * 1e6
    began = time.process_time()
    while seal.seal_slice(connection, NOW_MS):
        continue
    sealing = (time.process_time() - began) / len(rows) * 1e6
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = connection.execute("SELECT sum(length(data)) FROM block").fetchone()[0] / len(rows)
    connection.execute("VACUUM")
    whole = connection.execute("PRAGMA page_count").fetchone()[0] * 4096 / len(rows)
    connection.close()
    return packing, reference, append, sealing, size, whole


def a_month(folder):
    connection = store.open_store(folder / "month.db")
    connection.executemany("INSERT INTO monitor VALUES (?, ?)", [(m, f"m{m}") for m in range(1, MONITORS + 1)])
    last = NOW_MS // HOUR_MS
    connection.execute("BEGIN")
    for m in range(1, MONITORS + 1):
        rows = [(span_key(m, h), 118, 1, 1, 0, 1000, 90) for h in range(last - 720, last)]
        connection.executemany("INSERT INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()
    reader = Reader(folder / "month.db")
    began = time.perf_counter()
    for _ in range(100):
        reader.uptime(MonitorId(500), (last - 720) * HOUR_MS, last * HOUR_MS)
    one = (time.perf_counter() - began) * 10
    reader.close()
    return one


def main():
    rounds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(one_round(Path(folder)))
    names = ("make a row", "reference: bare executemany", "append", "seal")
    for name, values in zip(names, list(zip(*rounds, strict=True))[:4], strict=True):
        print(f"{name:<30} {median(values):6.2f} us per result [{min(values):.2f}-{max(values):.2f}]")
    together = [r[0] + r[2] + r[3] for r in rounds]
    print(f"{'row + append + seal':<30} {median(together):6.2f} us per result (goal 3)")
    size, whole = rounds[0][4:]
    print(f"{'sealed':<30} {size:6.2f} bytes a result as records, {whole:.2f} with keys and rollups (goal 12)")
    with tempfile.TemporaryDirectory() as folder:
        one = a_month(Path(folder))
    print(f"{'30 days of one monitor':<30} {one:6.2f} ms")


if __name__ == "__main__":
    main()
