"""The engine as a process, with real sockets on loopback: rows, failures, reloads, clients, signals, restarts."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from uptime_tui.client.session import Session
from uptime_tui.client.spawn import find_or_start, is_running, stop
from uptime_tui.config.paths import find_home
from uptime_tui.journal.reader import Reader
from uptime_tui.model.errors import UserError
from uptime_tui.model.failure import Failure, Status
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.wire.messages import (
    PROTOCOL,
    Add,
    AskStatus,
    AskTable,
    Delete,
    Edit,
    Hello,
    Pause,
    Recheck,
    TryTarget,
    Undo,
)

pytestmark = pytest.mark.timeout(90)
DEADLINE_S = 25.0
FAST = """[fast]
title = "Fast"
category = "custom"
handshake = "tcp"
meaning = "A service of the tests: TCP, but probed and rechecked each second."
interval_s = 1.0
min_interval_s = 1.0
per_host = 40
"""


@pytest.fixture
def home(tmp_path):
    place = find_home(str(tmp_path / "home"), {})
    (place.config / "services.d").mkdir(parents=True, mode=0o700)
    (place.config / "services.d" / "fast.toml").write_text(FAST)
    yield place
    if is_running(place):
        stop(place)


@contextmanager
def listening(port=0):
    """Accepts every connection and holds it until the peer closes."""
    listener = socket.create_server(("127.0.0.1", port), backlog=64)

    def serve():
        held = []
        while True:
            try:
                held.append(listener.accept()[0])
            except OSError:
                break
            if len(held) > 20:
                held.pop(0).close()
        for connection in held:
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def write(home, *monitors, interval="1s"):
    blocks = [f'[[monitor]]\nname = "{n}"\ntarget = "{t}"\ninterval = "{interval}"\n' for n, t in monitors]
    home.monitors_file.write_text("\n".join(blocks))


class Watcher:
    """A client with a snapshot; waits for conditions on it."""

    def __init__(self, session):
        self.session = session
        self.snapshot = Snapshot()

    @classmethod
    async def attach(cls, home):
        return cls(await Session.connect(home.socket_file, client="test"))

    async def until(self, condition):
        deadline = time.monotonic() + DEADLINE_S
        while not condition(self):
            assert time.monotonic() < deadline, {m.name: self.row(m.name) for m in self.snapshot.monitors.values()}
            for message in self.session.take():
                self.snapshot.apply(message)
            await asyncio.sleep(0.02)

    async def recheck(self, *names):
        """Have them probed now; asked for again while the last probe was only a moment ago. What was answered."""
        numbers = tuple(map(self.id, names))
        deadline = time.monotonic() + DEADLINE_S
        while not (said := (await self.session.request(lambda n: Recheck(n, numbers))).message).startswith(
            "rechecking"
        ):
            assert time.monotonic() < deadline, said
            await asyncio.sleep(0.1)
        return said

    def row(self, name):
        for monitor in self.snapshot.monitors.values():
            if monitor.name == name:
                return self.snapshot.rows[monitor.id]
        return None

    def id(self, name):
        return next(m.id for m in self.snapshot.monitors.values() if m.name == name)

    def status(self, name):
        row = self.row(name)
        return row.status if row else None

    async def close(self):
        await self.session.close()


async def test_up_then_down_with_the_reason_then_up_again(home):
    with listening() as port:
        write(home, ("a", f"fast://127.0.0.1:{port}"))
        find_or_start(home, keep=True)
        watcher = await Watcher.attach(home)
        await watcher.until(lambda w: w.status("a") is Status.UP)
        watcher.session.focus(watcher.id("a"))
    reply = await watcher.session.request(lambda n: Recheck(n, (watcher.id("a"),)))
    assert not reply.error
    await watcher.until(lambda w: w.row("a").suspected is Failure.REFUSED)
    assert watcher.status("a") is Status.UP
    await watcher.until(lambda w: w.status("a") is Status.DOWN)
    assert watcher.row("a").failure is Failure.REFUSED
    await watcher.until(lambda w: w.snapshot.focus is not None and w.snapshot.focus.failed is not None)
    await watcher.until(lambda w: bool(w.snapshot.focus.incidents))
    with listening(port):
        await watcher.until(lambda w: w.status("a") is Status.UP)
    await watcher.close()


async def test_a_restart_remembers_since_when_and_the_incident(home):
    with listening() as port:
        write(home, ("a", f"fast://127.0.0.1:{port}"))
        find_or_start(home, keep=True)
        watcher = await Watcher.attach(home)
        await watcher.until(lambda w: w.status("a") is Status.UP)
    await watcher.until(lambda w: w.status("a") is Status.DOWN)
    since = watcher.row("a").since_ms
    await watcher.close()
    stop(home)
    assert is_running(home) is None
    reader = Reader(home.journal_file)
    (incident,) = reader.open_incidents().values()
    assert incident.failure is Failure.REFUSED
    reader.close()
    find_or_start(home, keep=True)
    watcher = await Watcher.attach(home)
    await watcher.until(lambda w: w.status("a") is Status.DOWN)
    assert watcher.row("a").since_ms == since
    await watcher.until(lambda w: w.row("a").trend[:1] > b"\x01")  # a success, which only the engine before has seen
    await watcher.close()


async def test_a_broken_file_keeps_the_last_good_set_and_says_where(home):
    with listening() as port:
        write(home, ("a", f"fast://127.0.0.1:{port}"))
        find_or_start(home, keep=True)
        watcher = await Watcher.attach(home)
        await watcher.until(lambda w: w.status("a") is Status.UP)
        good = home.monitors_file.read_text()
        home.monitors_file.write_text(good + '\n[[monitor]]\nname = "b"\ntarget = "nonsense://x"\n')
        await watcher.until(lambda w: bool(w.snapshot.notices))
        assert "monitors.toml:8" in watcher.snapshot.notices[0].text
        assert watcher.status("a") is Status.UP
        home.monitors_file.write_text(good + f'\n[[monitor]]\nname = "b"\ntarget = "tcp://127.0.0.1:{port}"\n')
        await watcher.until(lambda w: w.status("b") is Status.UP)
        assert watcher.snapshot.notices == ()
        await watcher.close()


async def test_add_edit_pause_delete_undo_through_the_socket(home):
    with listening() as port:
        find_or_start(home, keep=True)
        watcher = await Watcher.attach(home)
        ask = watcher.session.request
        reply = await ask(lambda n: Add(n, ({"target": f"127.0.0.1:{port}", "name": "a", "interval": "5s"},)))
        assert not reply.error
        await watcher.until(lambda w: w.status("a") is Status.UP)
        reply = await ask(lambda n: Add(n, ({"target": f"127.0.0.1:{port}", "name": "a"},)))
        assert "a" in reply.error
        assert reply.key == "name"
        reply = await ask(lambda n: Add(n, ({"target": "smpt://x"},)))
        assert reply.error.count("smtp") == 1
        assert reply.key == "target"
        number = watcher.id("a")
        assert (await ask(lambda n: AskTable(n, number))).table["name"] == "a"
        assert not (await ask(lambda n: Edit(n, number, {"purpose": "for tests"}))).error
        await watcher.until(lambda w: w.snapshot.monitors[number].purpose == "for tests")
        assert not (await ask(lambda n: Edit(n, number, {"name": "b"}))).error
        await watcher.until(lambda w: w.status("b") is not None)
        assert watcher.id("b") == number
        assert not (await ask(lambda n: Pause(n, (number,), paused=True))).error
        await watcher.until(lambda w: w.status("b") is Status.PAUSED)
        assert not (await ask(Undo)).error
        await watcher.until(lambda w: w.status("b") is Status.UP)
        assert not (await ask(lambda n: Delete(n, (number,)))).error
        await watcher.until(lambda w: not w.snapshot.monitors)
        assert "b" in watcher.snapshot.undo
        assert not (await ask(Undo)).error
        await watcher.until(lambda w: w.status("b") is Status.UP)
        assert watcher.id("b") == number
        assert (await ask(lambda n: Pause(n, (9999,), paused=True))).error
        await watcher.close()


async def test_each_dashboard_is_held_to_what_it_was_shown_whatever_the_others_look_at(home):
    write(home, ("a", "tcp://127.0.0.1:9"), interval="1h")
    find_or_start(home, keep=True)
    watcher, other = await Watcher.attach(home), await Watcher.attach(home)
    ours, theirs = watcher.session.request, other.session.request
    await watcher.until(lambda w: w.status("a") is not None)
    number = watcher.id("a")
    seen = (await ours(lambda n: AskTable(n, number))).table
    newer = (await theirs(lambda n: AskTable(n, number))).table
    assert not (await theirs(lambda n: Edit(n, number, {"purpose": "theirs"}, newer))).error
    newer = (await theirs(lambda n: AskTable(n, number))).table
    for _ in range(2):  # Enter is pressed again in the form that was refused
        error = (await ours(lambda n: Edit(n, number, {"purpose": "ours"}, seen))).error
        assert "a was changed in the file meanwhile" in error
    assert not (await ours(lambda n: Edit(n, number, {"interval": "2h"}, seen))).error
    table = (await ours(lambda n: AskTable(n, number))).table
    assert (table["purpose"], table["interval"]) == ("theirs", "2h")
    assert not (await theirs(lambda n: Edit(n, number, {"purpose": "theirs too"}, newer))).error
    await watcher.close()
    await other.close()


async def test_a_trial_probes_what_is_no_monitor(home):
    home.config_file.write_text('[defaults]\ntimeout = "300ms"\n')
    find_or_start(home, keep=True)
    watcher = await Watcher.attach(home)
    trials = []
    with listening() as port:
        table = {"target": f"smtp://127.0.0.1:{port}"}
        reply = await watcher.session.request(lambda n: TryTarget(n, table), on_trial=trials.append)
    assert not reply.error
    assert trials[0].result.failure is Failure.NO_GREETING
    assert trials[0].result.timings.total < 2000  # the user's default counts for trials too; the built-in one is 10 s
    assert watcher.snapshot.monitors == {}
    assert (await watcher.session.request(lambda n: TryTarget(n, {"target": "x"}))).error
    hasty = await watcher.session.request(lambda n: TryTarget(n, {"target": "mysql://x", "interval": "1s"}))
    assert hasty.error.startswith("interval is below the minimum")
    assert " = " not in hasty.error
    table = {"target": "tcp://127.0.0.1:1", "timeout": "9h"}
    reply = await watcher.session.request(lambda n: TryTarget(n, table))
    assert reply.error.startswith("timeout must be"), "no field but the one that is wrong is named"
    await watcher.close()


async def test_a_client_that_never_reads_costs_nothing(home):
    with listening() as port:
        write(home, *[(f"m{n}", f"tcp://127.0.0.1:{port}") for n in range(200)], interval="5s")
        find_or_start(home, keep=True)
        deaf = socket.socket(socket.AF_UNIX)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect(str(home.socket_file))
        from uptime_tui.wire.framing import encode

        deaf.sendall(encode(Hello()))
        watcher = await Watcher.attach(home)
        await watcher.until(
            lambda w: len(w.snapshot.rows) == 200 and all(r.status is Status.UP for r in w.snapshot.rows.values())
        )
        reply = await watcher.session.request(AskStatus)
        assert reply.status.vitals.clients == 2
        assert reply.status.counts.up == 200
        assert reply.status.vitals.skipped == 0
        deaf.close()
        await watcher.close()


async def test_a_client_of_another_version_is_told_so_in_one_line(home, monkeypatch):
    find_or_start(home, keep=True)
    with monkeypatch.context() as old:
        old.setattr("uptime_tui.client.session.Hello", lambda **more: Hello(PROTOCOL - 1, **more))
        with pytest.raises(UserError, match=f"protocol {PROTOCOL}, this client speaks {PROTOCOL - 1}: restart") as told:
            await Session.connect(home.socket_file, client="old")
    assert len(str(told.value).splitlines()) == 1
    monkeypatch.setattr("uptime_tui.client.session.PROTOCOL", PROTOCOL + 1)  # an engine that does not look at ours
    with pytest.raises(UserError, match=f"speaks protocol {PROTOCOL}, this client speaks {PROTOCOL + 1}"):
        await Session.connect(home.socket_file, client="new")


async def test_nonsense_on_the_socket_is_turned_away(home):
    find_or_start(home, keep=True)
    for data in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, b"\x00\x00\x00\x01\x80"):
        reader, writer = await asyncio.open_unix_connection(home.socket_file)
        writer.write(data)
        answer = await asyncio.wait_for(reader.read(), 5)
        assert b"Goodbye" in answer
        writer.close()
    watcher = await Watcher.attach(home)
    await watcher.until(lambda w: w.snapshot.complete)
    await watcher.close()


def test_the_socket_is_the_users_alone(home):
    find_or_start(home, keep=True)
    assert home.socket_file.stat().st_mode & 0o777 == 0o600
    assert home.runtime.stat().st_mode & 0o777 == 0o700


def engine(home, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "uptime_tui", "engine", "--home", str(home.config), *arguments],
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_second_engine_says_so(home):
    find_or_start(home, keep=True)
    second = engine(home)
    _, said = second.communicate(timeout=20)
    assert second.returncode == 64
    assert b"already runs" in said
    assert str(is_running(home)).encode() in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_within_a_second_with_everything_on_disk(home, number):
    with listening() as port:
        write(home, *[(f"m{n}", f"fast://127.0.0.1:{port}") for n in range(50)])
        find_or_start(home, keep=True)

        async def wait():
            watcher = await Watcher.attach(home)
            await watcher.until(lambda w: sum(bool(r.last_ms) for r in w.snapshot.rows.values()) > 20)
            done = (await watcher.session.request(AskStatus)).status.vitals.probes
            await watcher.close()
            return done

        probes = asyncio.run(wait())
        os.kill(is_running(home), number)
        deadline = time.monotonic() + 1.5
        while is_running(home) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert not home.socket_file.exists()
    reader = Reader(home.journal_file)
    kept = sum(len(points) for points in reader.recent(range(1, 51), 60, time.time_ns() // 1_000_000).values())
    reader.close()
    assert kept >= probes


def test_an_engine_without_clients_ends_when_it_was_started_for_one(home):
    find_or_start(home, keep=False)

    async def visit():
        watcher = await Watcher.attach(home)
        await watcher.until(lambda w: w.snapshot.complete)
        await watcher.close()

    asyncio.run(visit())
    deadline = time.monotonic() + 10
    while is_running(home) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_kill_nine_and_the_next_start_works(home):
    with listening() as port:
        write(home, ("a", f"fast://127.0.0.1:{port}"))
        for _ in range(3):
            find_or_start(home, keep=True)
            os.kill(is_running(home), signal.SIGKILL)
            deadline = time.monotonic() + 5
            while is_running(home) is not None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
        find_or_start(home, keep=True)

        async def look():
            watcher = await Watcher.attach(home)
            await watcher.until(lambda w: w.status("a") is Status.UP)
            await watcher.close()

        asyncio.run(look())


def test_a_start_that_fails_is_one_clear_line(home):
    home.config_file.write_text("[engine]\nmax_probes_at_once = 'many'\n")
    with pytest.raises(UserError, match=r"config\.toml"):
        find_or_start(home, keep=True)
    home.config_file.unlink()
    home.journal_file.parent.mkdir(exist_ok=True, mode=0o700)
    home.journal_file.write_bytes(b"broken" * 1000)
    find_or_start(home, keep=True)
    assert list(home.state.glob("*.broken-*"))


@contextmanager
def slamming(answer=b""):
    """Accepts, counts and closes at once: a MySQL that is not well; with an answer, once something was said."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    visits = []

    def serve():
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            with client:
                if answer:
                    client.recv(4096)
                    client.sendall(answer)
            visits.append(time.monotonic())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], visits
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


async def test_who_rechecks_by_hand_need_not_wait_as_long_as_a_server_asks_for(home):
    busy = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 300\r\nContent-Length: 0\r\n\r\n"
    with slamming(busy) as (port, visits):
        write(home, ("shop", f"http://127.0.0.1:{port}/"), interval="5s")
        find_or_start(home, keep=True)
        watcher = await Watcher.attach(home)
        await watcher.until(lambda w: bool(w.row("shop") and w.row("shop").slowed))
        assert watcher.row("shop").slowed == "waits 5m: the server asks for it (Retry-After 300)"
        assert watcher.row("shop").failure is Failure.BUSY, "confirmed at once: it is not looked at again soon"
        await watcher.recheck("shop")
        await watcher.until(lambda _: len(visits) == 2)
        await watcher.close()


async def test_a_mysql_that_could_lock_us_out_is_left_alone_for_an_hour_whoever_asks(home):
    with slamming() as (port, visits), listening() as other:
        target = f"mysql://127.0.0.1:{port}"
        write(home, ("db", target), ("a", f"tcp://127.0.0.1:{other}"), interval="60s")
        find_or_start(home, keep=True)
        watcher = await Watcher.attach(home)
        await watcher.until(lambda w: bool(w.row("db") and w.row("db").slowed))
        assert watcher.row("db").failure is Failure.CLOSED_EARLY, "confirmed at once: it cannot be looked at again"
        assert watcher.row("db").slowed.startswith("probed every 1h, not 1m: a MySQL login that is broken off")
        number, ask = watcher.id("db"), watcher.session.request
        assert "not again for" in (await ask(lambda n: Recheck(n, (number,)))).message
        assert "not tried: not again for" in (await ask(lambda n: TryTarget(n, {"target": target}))).error
        assert await watcher.recheck("db", "a") == "rechecking 1"
        assert not (await ask(lambda n: Edit(n, number, {"expect": {"tls_warn_days": 30}}))).error
        await watcher.close()
        stop(home)
        find_or_start(home, keep=True)
        watcher = await Watcher.attach(home)
        ask = watcher.session.request
        await watcher.until(lambda w: w.status("a") is Status.UP)
        assert "not again for" in (await ask(lambda n: Recheck(n, (number,)))).message
        assert len(visits) == 1
        assert not (await ask(lambda n: Edit(n, number, {"login": {"user": "uptime"}}))).error
        await watcher.until(lambda _: len(visits) >= 2)  # another caller: the advice was taken
        await watcher.until(lambda w: not w.row("db").slowed)
        await watcher.close()
