"""kill -9 during writes, fifty times: the journal opens, at most the last second is missing, incidents are intact.

Ten writers, each with a journal of its own, are killed five times. Each tells a file what it has handed over and
when; what it told more than a second before its end must be in the journal, byte for byte.
"""

import os
import random
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
import msgspec
from uptime_tui.journal.writer import Journal
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.incident import Incident
from uptime_tui.model.result import Result, Timings

path, told = Path(sys.argv[1]), open(sys.argv[2], "a", buffering=1)
journal = Journal(path)
journal.open()
number = journal.ids(["a"])["a"]
opened = None
for count in range(1_000_000):
    time.sleep(0.002)
    now = time.time_ns() // 1_000_000
    journal.keep_result(Result(number, now, Failure.REFUSED if count % 7 == 0 else None, None, "", Timings(total=1.0)))
    told.write(f"result {now}\\n")
    if count % 20 == 0:
        opened = journal.keep_incident(Incident(0, number, now, Status.DOWN, Failure.REFUSED, "opened"))
        told.write(f"opened {opened.id} {now}\\n")
    elif count % 20 == 10:
        journal.keep_incident(msgspec.structs.replace(opened, closed_ms=now))
        told.write(f"closed {opened.id} {now}\\n")
"""
WRITERS, ROUNDS = 10, 5
BOUND_MS = 1000


class Victim:
    """One writer and what it told in all its lives."""

    def __init__(self, folder):
        self.path, self.told = folder / "journal.sqlite3", folder / "told"
        folder.mkdir()
        self.results, self.opened, self.closed = set(), {}, {}
        """All that was told a second before the kill, or earlier."""

    def start(self):
        self.before = self.told.stat().st_size if self.told.exists() else 0
        self.child = subprocess.Popen([sys.executable, "-c", WRITER, str(self.path), str(self.told)])

    def has_begun(self):
        assert self.child.poll() is None
        return self.told.exists() and self.told.stat().st_size > self.before

    def kill(self):
        os.kill(self.child.pid, signal.SIGKILL)
        killed_ms = time.time_ns() // 1_000_000
        self.child.wait()
        for line in self.told.read_text()[self.before :].splitlines():
            kind, *numbers = line.split()
            if int(numbers[-1]) > killed_ms - BOUND_MS:
                break
            if kind == "result":
                self.results.add(int(numbers[0]))
            else:
                getattr(self, kind)[int(numbers[0])] = int(numbers[1])

    def check(self):
        connection = sqlite3.connect(self.path)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        journal = Journal(self.path)
        assert journal.open() == ()
        journal.close()
        reader = Reader(self.path)
        kept = {point.at_ms for point in reader.history(MonitorId(1), 0, time.time_ns() // 1_000_000 + 1000)}
        incidents = {incident.id: incident for incident in reader.incidents(MonitorId(1), 100_000)}
        reader.close()
        assert self.results <= kept
        assert {number: incidents[number].opened_ms for number in self.opened} == self.opened
        assert {number: incidents[number].closed_ms for number in self.closed} == self.closed
        assert all(i.detail == "opened" and i.opened_ms < (i.closed_ms or 1 << 60) for i in incidents.values())


@pytest.mark.long
@pytest.mark.timeout(180)
def test_fifty_kills(tmp_path):
    chance = random.Random(50)
    victims = [Victim(tmp_path / str(number)) for number in range(WRITERS)]
    for _ in range(ROUNDS):
        for victim in victims:
            victim.start()
        deadline = time.monotonic() + 30
        while not all(victim.has_begun() for victim in victims):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for victim in victims:
            time.sleep(chance.uniform(0.0, 0.4))  # the moment of the kill is what is varied
            victim.kill()
    for victim in victims:
        victim.check()
    assert sum(len(victim.results) for victim in victims) > 1000
    assert sum(len(victim.closed) for victim in victims) > 50
