"""How long an engine lives, and what it survives: clients that come and go, a socket that is taken away."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from uptime_tui.cli import examination
from uptime_tui.client.session import EngineLost, Session
from uptime_tui.client.spawn import find_or_start, is_running, stop
from uptime_tui.config.paths import find_home
from uptime_tui.model.errors import UserError
from uptime_tui.wire.messages import AskStatus, Delete, FleetState, Focused, Undo

pytestmark = pytest.mark.timeout(90)
DEADLINE_S = 25.0


@pytest.fixture
def home(tmp_path):
    place = find_home(str(tmp_path / "home"), {})
    place.config.mkdir(mode=0o700)
    yield place
    if is_running(place):
        stop(place)


def run(home, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "uptime_tui", "--home", str(home.config), *arguments],
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    ).stdout  # fmt: skip


def until(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


async def status(home):
    session = await Session.connect(home.socket_file, client="test", watch=False)
    try:
        return (await session.request(AskStatus)).status
    finally:
        await session.close()


async def test_start_has_the_engine_of_a_dashboard_stay(home):
    find_or_start(home, keep=False)
    dashboard = await Session.connect(home.socket_file, client="test")
    assert not (await status(home)).vitals.kept
    said = await asyncio.get_running_loop().run_in_executor(None, run, home, "start")
    assert "stays" in said
    assert (await status(home)).vitals.kept
    await dashboard.close()


def test_a_socket_that_is_taken_away_comes_back(home):
    find_or_start(home, keep=True)
    pid = is_running(home)
    shutil.rmtree(home.runtime)
    until(home.socket_file.exists)
    assert asyncio.run(status(home)).vitals.pid == pid
    assert home.socket_file.stat().st_mode & 0o777 == 0o600
    assert home.runtime.stat().st_mode & 0o777 == 0o700


def test_two_that_start_at_once_share_one_engine(home):
    arguments = [sys.executable, "-m", "uptime_tui", "--home", str(home.config), "start"]
    for _ in range(5):
        both = [subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
        said = [child.communicate(timeout=60) for child in both]
        assert [child.returncode for child in both] == [0, 0], said
        stop(home)


async def test_looking_at_a_monitor_that_was_deleted_and_brought_back(home):
    home.monitors_file.write_text('[[monitor]]\nname = "a"\ntarget = "tcp://127.0.0.1:9"\ninterval = "5s"\n')
    find_or_start(home, keep=True)
    session = await Session.connect(home.socket_file, client="test")
    try:
        for _ in range(2):
            session.send(Focused(1))
            assert not (await session.request(lambda n: Delete(n, (1,)))).error
            session.send(Focused(None))
            assert not (await session.request(Undo)).error
            session.send(Focused(1))
        assert not (await session.request(AskStatus)).error
        assert session.lost == ""
    finally:
        await session.close()


async def test_whoever_joins_late_ends_with_the_same_picture(home):
    from uptime_tui.view.snapshot import Snapshot

    blocks = [f'[[monitor]]\nname = "m{n}"\ntarget = "tcp://127.0.0.1:{n + 1}"\ninterval = "5s"\n' for n in range(40)]
    home.monitors_file.write_text("".join(blocks[:10]))
    find_or_start(home, keep=True)
    sessions, pictures = [], []
    for count in (10, 25, 5, 40, 20):
        home.monitors_file.write_text("".join(blocks[:count]))
        sessions.append(await Session.connect(home.socket_file, client="test"))
        pictures.append(Snapshot())
        await asyncio.sleep(0.5)
    home.monitors_file.write_text("".join(f"{block}paused = true\n" for block in blocks[:30]))
    deadline = time.monotonic() + DEADLINE_S
    while True:
        for session, picture in zip(sessions, pictures, strict=True):
            for message in session.take():
                picture.apply(message)
        first = pictures[0]
        settled = len(first.monitors) == 30 and all(row.status == "paused" for row in first.rows.values())
        if settled and all(p.rows == first.rows and p.monitors == first.monitors for p in pictures):
            break
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    for session in sessions:
        await session.close()


async def test_an_engine_that_ends_says_goodbye(home):
    find_or_start(home, keep=True)
    session = await Session.connect(home.socket_file, client="test")
    assert isinstance(await anext(session), FleetState)
    await asyncio.get_running_loop().run_in_executor(None, stop, home)
    async for _ in session:
        continue
    assert session.lost == "the engine has stopped"
    with pytest.raises(EngineLost):
        await session.request(AskStatus)
    await session.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_while_it_reads_its_monitors_for_the_first_time(home, number):
    """Ten thousand blocks with mistakes take three seconds, in which the loop would see no signal."""
    slow = (
        "import sys, time, uptime_tui.engine.reload as reload\n"
        "reload.load_monitors = lambda *_: (print('reading', flush=True), time.sleep(60))\n"
        "from uptime_tui.cli.main import run\n"
        "sys.exit(run(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", slow, "--home", str(home.config), "engine"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stdout.readline() == b"reading\n"
        process.send_signal(number)
        assert process.wait(DEADLINE_S) == 0
    assert is_running(home) is None
    assert number.name in home.log_file.read_text()


def crowd(path):
    """Fill the queue of those who wait for the engine to take them, as a dashboard's retries do."""
    for _ in range(5000):
        with socket.socket(socket.AF_UNIX) as waiting:
            waiting.setblocking(False)
            try:
                waiting.connect(str(path))
            except BlockingIOError:
                return
    raise AssertionError("the queue has no end")


@pytest.mark.parametrize("crowded", [False, True])
def test_an_engine_that_hangs_is_told_from_one_that_is_gone_by_whoever_asks(home, monkeypatch, crowded):
    find_or_start(home, keep=True)
    pid = is_running(home)
    assert next(examination.engine(home)).text == f"running, pid {pid}"
    monkeypatch.setattr("uptime_tui.client.session.CONNECT_S", 0.3)
    monkeypatch.setattr("uptime_tui.client.spawn.STOP_S", 0.3)
    monkeypatch.setattr(examination, "_ENGINE_S", 0.3)
    os.kill(pid, signal.SIGSTOP)
    if crowded:
        crowd(home.socket_file)
    try:
        assert find_or_start(home, keep=True) == home.socket_file
        with pytest.raises(EngineLost, match=r"does not answer .*`uptime-tui stop`, then `uptime-tui start`"):
            asyncio.run(status(home))
        assert next(examination.engine(home)).level == "warning"
        with pytest.raises(UserError, match=rf"does not end .*`kill -9 {pid}` ends it"):
            stop(home)
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: is_running(home) is None)
