"""However the dashboard ends, the terminal is as it was, whatever it reads and whatever the program is busy with."""

import signal
import sys
from pathlib import Path

import pytest

WAYS = {
    "SIGTERM": lambda terminal: terminal.signal(signal.SIGTERM),
    "SIGHUP": lambda terminal: terminal.signal(signal.SIGHUP),
    "SIGINT": lambda terminal: terminal.signal(signal.SIGINT),
    "q": lambda terminal: terminal.send("q"),
    "ctrl+c": lambda terminal: terminal.send("\x03"),
}
NEVER_CLOSED = (
    "import time\nfrom textual.app import App\nfrom uptime_tui.__main__ import main\n"
    "async def close_all(app):\n    time.sleep(300)\n"
    "App._close_all = close_all\nmain()"
)


def has_ended_well(terminal):
    assert terminal.wait_exit() == 0
    terminal.go_on()
    terminal.wait(lambda t: not t.is_clean(), "a clean terminal")


@pytest.mark.parametrize("way", WAYS)
def test_a_terminal_that_reads_is_left_clean(opened, way):
    terminal = opened(200, 60)
    WAYS[way](terminal)
    has_ended_well(terminal)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("program", [None, NEVER_CLOSED], ids=["closes", "never closes"])
def test_a_terminal_that_was_full_at_the_end_is_clean_when_it_reads_again(opened, way, program):
    terminal = opened(200, 60, program=program and [sys.executable, "-c", program])
    terminal.fill()
    WAYS[way](terminal)
    has_ended_well(terminal)


@pytest.mark.parametrize("way", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_the_terminal_is_given_back_by_a_program_that_is_stuck(opened, tmp_path, way):
    stuck = tmp_path / "stuck"
    program = (
        "import pathlib, time\nfrom uptime_tui.ui.screens.dashboard import Dashboard\n"
        "from uptime_tui.__main__ import main\n"
        f"def lock(self):\n    pathlib.Path({str(stuck)!r}).touch()\n    time.sleep(300)\n"
        "Dashboard.action_lock = lock\nmain()"
    )
    terminal = opened(200, 60, program=[sys.executable, "-c", program])
    terminal.send("L")
    terminal.wait(lambda _: stuck.exists(), "the program stuck")
    terminal.fill()
    WAYS[way](terminal)
    has_ended_well(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_suspended_dashboard_ends_and_draws_nothing(opened, number):
    """A shell's `kill %1` sends the signal and then SIGCONT, and the dashboard is in the background then."""
    terminal = opened()
    terminal.send("\x1a")

    def state(_):
        return Path(f"/proc/{terminal.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    terminal.wait(state, "the stop")
    terminal.wait(lambda t: not t.is_clean(), "the clean terminal")
    before = len(terminal.raw)
    terminal.signal(number)
    terminal.signal(signal.SIGCONT)
    has_ended_well(terminal)
    assert bytes(terminal.raw[before:]) == b""
