"""kill -9 of the whole engine, twenty times while it probes: what a client had seen a second before is in the journal.

Four engines, each killed five times at a moment of its own; half of the monitors are up, half are down with an incident.
"""

import asyncio
import os
import random
import signal
import socket
import sqlite3
import time

import pytest

from engine.test_engine import FAST
from uptime_tui.client.session import Session
from uptime_tui.client.spawn import find_or_start, is_running, stop
from uptime_tui.config.paths import find_home
from uptime_tui.journal.reader import Reader
from uptime_tui.model.failure import Status
from uptime_tui.view.snapshot import Snapshot

ENGINES, KILLS, MONITORS = 4, 5, 40
BOUND_MS = 1000
DEADLINE_S = 30.0


class Victim:
    """One home, and all that its clients were shown a second before a kill, or earlier."""

    def __init__(self, folder, up, down):
        self.home = find_home(str(folder), {})
        (self.home.config / "services.d").mkdir(parents=True, mode=0o700)
        (self.home.config / "services.d" / "fast.toml").write_text(FAST)
        blocks = [
            f'[[monitor]]\nname = "m{n}"\ntarget = "fast://127.0.0.1:{(up, down)[n % 2]}"\nconfirmations = 1\n'
            for n in range(MONITORS)
        ]
        self.home.monitors_file.write_text("\n".join(blocks))
        self.seen: set[tuple[int, int]] = set()
        self.down_since: dict[int, int] = {}

    async def live_and_die(self, after_s):
        find_or_start(self.home, keep=True)
        session = await Session.connect(self.home.socket_file, client="test")
        snapshot, shown = Snapshot(), []
        deadline = time.monotonic() + DEADLINE_S
        begun_s = None
        while begun_s is None or time.monotonic() < begun_s + after_s:  # the moment of the kill is what is varied
            assert time.monotonic() < deadline
            for message in session.take():
                snapshot.apply(message)
                now_ms = time.time_ns() // 1_000_000
                shown += [(number, row.last_ms, now_ms) for number, row in snapshot.rows.items() if row.last_ms]
            rows = snapshot.rows.values()
            if (
                begun_s is None
                and len(rows) == MONITORS
                and all(row.status in {Status.UP, Status.DOWN} for row in rows)
            ):
                begun_s = time.monotonic()
            await asyncio.sleep(0.01)
        os.kill(is_running(self.home), signal.SIGKILL)
        killed_ms = time.time_ns() // 1_000_000
        while is_running(self.home):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        await session.close()
        await asyncio.sleep(0)  # the loop's next turn frees the descriptor
        self.seen |= {(number, at_ms) for number, at_ms, told_ms in shown if told_ms < killed_ms - BOUND_MS}
        for number, row in snapshot.rows.items():
            if row.status is Status.DOWN:
                self.down_since.setdefault(number, row.since_ms)

    def check(self):
        connection = sqlite3.connect(self.home.journal_file)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        reader = Reader(self.home.journal_file)
        now_ms = time.time_ns() // 1_000_000 + BOUND_MS
        kept = {(n, p.at_ms) for n in range(1, MONITORS + 1) for p in reader.history(n, 0, now_ms)}
        open_ones = reader.open_incidents()
        reader.close()
        assert self.seen <= kept
        assert len(self.seen) > MONITORS
        assert len(self.down_since) == MONITORS // 2
        assert set(open_ones) == set(self.down_since)
        assert {number: open_ones[number].opened_ms for number in open_ones} == self.down_since
        assert not list(self.home.state.glob("*.broken-*"))


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_twenty_kills(tmp_path):
    chance = random.Random(20)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ports = server.getsockname()[1], closed.getsockname()[1]
        accepting = asyncio.get_running_loop().create_task(accept(server))
        victims = [Victim(tmp_path / str(number), *ports) for number in range(ENGINES)]
        try:
            for _ in range(KILLS):
                await asyncio.gather(*(victim.live_and_die(1.2 + chance.uniform(0.0, 0.8)) for victim in victims))
            for victim in victims:
                victim.check()
        finally:
            accepting.cancel()
            for victim in victims:
                stop(victim.home)


async def accept(server):
    """Take every connection and close it."""
    server.setblocking(False)
    loop = asyncio.get_running_loop()
    while True:
        (await loop.sock_accept(server))[0].close()
