"""However the dashboard ends, the terminal is as it was, whatever it reads and whatever the program is busy with."""

import signal
import sys
from pathlib import Path

import pytest

from support.pty_terminal import PtyTerminal
from uptime_tui.cli.diagnostics import BUG

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


def is_stopped(terminal):
    return Path(f"/proc/{terminal.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


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
    terminal.wait(is_stopped, "the stop")
    terminal.wait(lambda t: not t.is_clean(), "the clean terminal")
    before = len(terminal.raw)
    terminal.signal(number)
    terminal.signal(signal.SIGCONT)
    has_ended_well(terminal)
    assert bytes(terminal.raw[before:]) == b""


@pytest.mark.parametrize("behind", [False, True])
def test_a_shell_can_end_a_suspended_dashboard(opened, behind):
    """Also one that it was told to go on with in the background, where it stops at once."""
    terminal = opened(wait="", program=["bash", "--norc", "--noprofile", "-i"])
    terminal.send(f"{sys.executable} -m uptime_tui\n")
    terminal.wait_for("ssh-0003")
    terminal.send("\x1a")
    terminal.wait_for("Stopped")
    if behind:
        terminal.send('bg; while [ -z "$(jobs -sp)" ]; do sleep 0.1; done; echo "be"hind\n')
        terminal.wait_for("behind")
    terminal.send('kill %1; while [ -n "$(jobs -sp)$(jobs -rp)" ]; do sleep 0.1; done; echo "en"ded\n')
    terminal.wait_for("ended")


def test_what_is_cleared_away_after_the_screen_may_take_longer_than_the_screen_may(engine, tmp_path):
    """The demo stops its engine and its lab, and removes their folder."""
    code = (
        "import sys, time, pathlib\n"
        "from uptime_tui.config.paths import find_home\n"
        "from uptime_tui.ui import driver, run\n"
        "run.run_dashboard(find_home(sys.argv[1], {}))\n"
        "time.sleep(driver.LEAVE_S * 2)\n"
        "pathlib.Path(sys.argv[2]).touch()\n"
    )
    cleared = tmp_path / "cleared"
    program = [sys.executable, "-c", code, str(engine.home.config), str(cleared)]
    with PtyTerminal(engine.home.config, program=program) as terminal:
        terminal.wait_for("ssh-0003")
        terminal.signal(signal.SIGTERM)
        terminal.wait_exit(20)
    assert cleared.exists()


def test_a_hangup_ends_it(opened):
    terminal = opened()
    terminal.hang_up()
    terminal.wait_exit(5)


def test_a_hangup_ends_it_when_sighup_was_ignored_by_its_parent(opened):
    terminal = opened(preexec=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    terminal.hang_up()
    terminal.wait_exit(5)


def test_a_stalled_terminal_can_still_be_terminated(opened, engine):
    engine.storm(2000)
    terminal = opened()
    terminal.stall()
    for _ in range(60):
        terminal.send("GG\x1b[H")
    terminal.signal(signal.SIGTERM)
    terminal.wait_exit(5)


def test_ctrl_z_suspends_and_fg_draws_again(opened):
    terminal = opened()
    terminal.send("\x1a")
    terminal.wait(is_stopped, "the stop")
    terminal.wait(lambda t: not t.is_clean(), "the clean terminal")
    with terminal._lock:
        terminal.screen.reset()
    terminal.signal(signal.SIGCONT)
    terminal.wait_for("PROBLEMS 8")


@pytest.mark.parametrize("way", WAYS)
def test_a_stop_that_asked_nobody_leaves_no_trace(opened, way):
    """SIGSTOP by somebody else: the screen is entered again, and the mode that the line was in is not forgotten."""
    terminal = opened()
    terminal.signal(signal.SIGSTOP)
    terminal.wait(is_stopped, "the stop")
    before = len(terminal.raw)
    terminal.signal(signal.SIGCONT)
    terminal.wait(lambda t: b"PROBLEMS" in t.raw[before:], "the screen drawn anew")
    WAYS[way](terminal)
    has_ended_well(terminal)


def test_a_released_mouse_stays_released_after_a_shell(opened):
    terminal = opened()
    terminal.send("m")
    terminal.wait_for("the terminal has the mouse")
    terminal.send("\x1a")
    terminal.wait(is_stopped, "the stop")
    before = len(terminal.raw)
    terminal.signal(signal.SIGCONT)
    terminal.wait(lambda t: b"PROBLEMS" in t.raw[before:], "the screen drawn anew")
    assert b"\x1b[?1000h" not in terminal.raw[before:]
    terminal.send("m")
    terminal.wait(lambda t: b"\x1b[?1000h" in t.raw[before:], "the mouse")


def test_ctrl_c_in_an_editor_is_none_in_the_dashboard(opened, tmp_path):
    """Those that leave the key to the terminal, as ed and nvi: it interrupts all that is in the foreground."""
    code = (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\nprint('editing', flush=True)\n"
        "signal.sigwait({signal.SIGINT})\nprint('inter' + 'rupted', flush=True)\ninput()\n"
    )
    editor = tmp_path / "editor.py"
    editor.write_text(code)
    terminal = opened(env={"VISUAL": f"{sys.executable} {editor}"})
    terminal.send("E")
    terminal.wait_for("editing")
    terminal.send("\x03")
    terminal.wait_for("interrupted")
    before = len(terminal.raw)
    terminal.send("\n")
    terminal.wait(lambda t: b"PROBLEMS" in t.raw[before:], "the screen drawn anew")
    terminal.send("\x03")
    has_ended_well(terminal)


def test_a_mouse_that_was_not_wanted_can_be_taken(opened, engine):
    (engine.home.config / "config.toml").write_text("[ui]\nmouse = false\n")
    terminal = opened()
    assert b"\x1b[?1000h" not in terminal.raw
    terminal.send("m")
    terminal.wait(lambda t: b"\x1b[?1000h" in t.raw, "the mouse")


def test_a_bug_of_ours_leaves_the_terminal_clean_and_is_told(opened, tmp_path):
    code = (
        "from uptime_tui.ui.screens.dashboard import Dashboard\nfrom uptime_tui.__main__ import main\n"
        "Dashboard.action_lock = lambda self: 1 / 0\nmain()"
    )
    terminal = opened(program=[sys.executable, "-c", code], env={"TMPDIR": str(tmp_path)})
    terminal.send("L")
    assert terminal.wait_exit() == BUG
    assert terminal.is_clean() == ""
    assert b"this is a bug of uptime-tui: ZeroDivisionError" in terminal.raw
    assert b"Traceback" not in terminal.raw
    (kept,) = tmp_path.glob("uptime-tui-bug-*.txt")
    assert "line 3, in <lambda>" in kept.read_text()


@pytest.mark.parametrize(("ends", "code"), [("self.app.exit()", 0), ("None", BUG)])
def test_a_screen_that_has_no_parts_is_a_bug_but_while_the_program_ends(opened, tmp_path, ends, code):
    program = (
        "from uptime_tui.ui.screens.ask import Ask\nfrom uptime_tui.__main__ import main\n"
        f"Ask.compose = lambda self: [{ends}][1:]\nmain()"
    )
    terminal = opened(program=[sys.executable, "-c", program], env={"TMPDIR": str(tmp_path)})
    terminal.send("D")
    assert terminal.wait_exit() == code
    assert terminal.is_clean() == ""
    assert len(list(tmp_path.glob("uptime-tui-bug-*.txt"))) == (code == BUG)
