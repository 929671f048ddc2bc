"""kill -9 during writes, fifty times: the journal opens, at most the last second is missing, incidents are intact."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from uptime_tui.journal.reader import Reader
from uptime_tui.journal.writer import Journal
from uptime_tui.model.units import MonitorId

WRITER = """
import sys, time
from pathlib import Path
from uptime_tui.journal.writer import Journal
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.incident import Incident
from uptime_tui.model.result import Result, Timings

path, told = Path(sys.argv[1]), open(sys.argv[2], "a", buffering=1)
journal = Journal(path)
journal.open()
number = journal.ids(["a"])["a"]
last = 0
while True:
    now = time.time_ns() // 1_000_000
    if now == last:
        time.sleep(0.0003)
        continue
    last = now
    journal.keep_result(Result(number, now, Failure.REFUSED if now % 7 == 0 else None, None, "", Timings(total=1.0)))
    if now % 50 == 0:
        opened = journal.keep_incident(Incident(0, number, now, Status.DOWN, Failure.REFUSED, "opened"))
        told.write(f"i {opened.id} {now}\\n")
    told.write(f"r {now}\\n")
"""
ROUNDS = 50


@pytest.mark.timeout(180)
def test_fifty_kills(tmp_path):
    path, told = tmp_path / "journal.sqlite3", tmp_path / "told"
    for round_number in range(ROUNDS):
        already = told.stat().st_size if told.exists() else 0
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(told)])
        deadline = time.monotonic() + 20
        while not told.exists() or told.stat().st_size < already + 400 + 37 * (round_number % 9):
            assert time.monotonic() < deadline
            assert child.poll() is None
            time.sleep(0.002)
        if round_number % 10 == 9:
            time.sleep(1.1)  # every tenth lives long enough to have committed: the bound below must bite
        killed_ms = time.time_ns() // 1_000_000
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    lines = [line.split() for line in told.read_text().splitlines() if line.strip()]
    written = {int(parts[1]) for parts in lines if parts[0] == "r" and len(parts) == 2}
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    journal = Journal(path)
    assert journal.open() == ()
    journal.close()
    reader = Reader(path)
    kept = {point.at_ms for point in reader.history(MonitorId(1), 0, killed_ms + 1000)}
    incidents = reader.incidents(MonitorId(1), 100_000)
    reader.close()
    lost = sorted(written - kept)
    last_of_rounds = _ends_of_rounds(sorted(written))
    assert all(any(0 <= end - at <= 1050 for end in last_of_rounds) for at in lost), lost[:5]
    assert len(kept) > 1000
    assert all(incident.detail == "opened" and incident.id and incident.opened_ms for incident in incidents)
    ids = [incident.id for incident in incidents]
    assert len(ids) == len(set(ids))


def _ends_of_rounds(times):
    """The last moment before each pause: a new interpreter takes longer to start than two results lie apart."""
    return [now for now, after in zip(times, [*times[1:], times[-1] + 10_000], strict=True) if after - now > 25]
