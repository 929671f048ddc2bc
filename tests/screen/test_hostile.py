"""Text that means harm, from the network and from the configuration, on every screen and in everything that is printed.

A real engine watches servers that say it wherever text arrives. A screen or a command without a row here fails.
"""

import inspect
import os
import pkgutil
import re
import subprocess
import sys
import time
from importlib import import_module

import pytest
from textual.screen import Screen

import uptime_tui.cli.commands
import uptime_tui.ui.screens
from support.hostiletext import BYTES, EXPECT, MARKUP, TEXT, come_through, hostile_servers
from support.pty_terminal import PtyTerminal
from uptime_tui.client.spawn import find_or_start, is_running, stop
from uptime_tui.config.block import format_value
from uptime_tui.config.form import fields
from uptime_tui.config.paths import find_home, make_folders

pytestmark = pytest.mark.timeout(180)
NASTY = f"{MARKUP} 日本 e\u0301\u0301 [b]"
"""As much as a name, a purpose or a tag may hold."""


def block(name, target, more=""):
    texts = {"name": name, "target": target, "purpose": f"{NASTY} purpose", "runbook": f"{NASTY} runbook"}
    lines = [f"{key} = {format_value(text)}" for key, text in texts.items()]
    return "\n".join(
        ["[[monitor]]", *lines, f"tags = [{format_value(MARKUP)}]", "confirmations = 1", 'timeout = "3s"', more, ""]
    )


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A home whose engine has seen every hostile server, and the targets."""
    home = find_home(str(tmp_path_factory.mktemp("hostile") / "home"), {})
    make_folders(home)
    with hostile_servers() as targets:
        resolver = targets.pop("dns")
        home.config_file.write_text(f'[resolver]\nnameservers = ["{resolver}"]\n')
        home.monitors_file.write_text(
            "\n".join(block(f"{case} {NASTY}", target, EXPECT.get(case, "")) for case, target in targets.items())
        )
        find_or_start(home, keep=True)
        try:
            yield home, targets
        finally:
            stop(home)
            assert is_running(home) is None


def run(home, *arguments, text=True):
    done = subprocess.run(
        [sys.executable, "-m", "uptime_tui", *arguments], capture_output=True, stdin=subprocess.DEVNULL, check=False,
        timeout=60, env={**os.environ, "UPTIME_TUI_HOME": str(home.config), "NO_COLOR": "1", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert not come_through(done.stdout + done.stderr)
    assert b"\x1b" not in done.stdout + done.stderr
    return done.stdout.decode() if text else done


# --- every screen -----------------------------------------------------------------------


SCREENS = {
    "Dashboard": [("3", "certificates"), ("2g", "PROBLEMS"), ("4", "not PROBLEMS"), ("2g", "PROBLEMS"), ("1", "problems only"),
                  ("2", "not problems only"), ("/red\r", "filter: red"), ("i", ""), ("gj ", "1 marked"),
                  ("{walk}", "")],
    "Detail": [("\r", "Esc back"), ("{walk}", ""), ("\t", r"\[incidents\]"), ("[", ""), ("]", ""), ("{walk}", ""), ("r", "")],
    "Help": [("?", "Enter do it"), ("red", "red")],
    "Lint": [("w", "Esc back"), ("{down}", "")],
    "MonitorForm": [("e", r"Edit \S+ \[/\]"), ("{tab}", ""), ("\x1b", "not Edit "), ("A", "Add a monitor"),
                    ("{target}", r"\bsmtp\b.*, port|instead of the greeting|'220")],
    "Palette": [(":", "Search for"), ("red", r"go to \S+ \[/\]"), ("\x1b[B" * 30, "go to")],
    "Ask": [("D", r"Delete “\S+ \[/\]"), ("\r", "not Delete “"), ("y", "Copy"), ("w", "sent to"), ("y", "Copy"),
            ("n", r"sent to the terminal: \S+ \[/\]"), ("C", "Clone"), ("x", ""), ("\x1b", "Throw away")],
}  # fmt: skip
"""Screen to what is pressed there, and what is on the screen then."""


SIZES = ((80, 24), *(pytest.param(size, marks=pytest.mark.long) for size in ((120, 40), (200, 60))))


def all_screens():
    modules = [
        import_module(f"uptime_tui.ui.screens.{found.name}")
        for found in pkgutil.iter_modules(uptime_tui.ui.screens.__path__)
    ]
    found = {
        item for module in modules for _, item in inspect.getmembers(module, inspect.isclass)
        if issubclass(item, Screen) and item.__module__.startswith("uptime_tui.")
    }  # fmt: skip
    return {
        item.__name__ for item in found if not any(item is not other and issubclass(other, item) for other in found)
    }


def test_every_screen_is_among_those_that_are_tried():
    assert set(SCREENS) == all_screens()


def press(terminal, keys, shown, targets):
    if keys == "{target}":
        keys = targets["smtp"]
    several = {"{walk}": ("n", 30), "{down}": ("j", 30), "{tab}": ("\t", 25)}.get(keys, (keys, 1))
    for _ in range(several[1]):
        terminal.send(several[0])
        terminal.wait_taken()
        settle(terminal)
    wanted = not shown.startswith("not ")
    terminal.wait(lambda t: bool(re.search(shown.removeprefix("not "), t.text)) is wanted, shown)


def settle(terminal):
    """Until what the keys have set off is drawn: the program has slept twice, and written nothing in between."""
    seen = -1
    while seen != len(terminal.raw):
        seen = len(terminal.raw)
        time.sleep(0.03)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", SCREENS)
def test_hostile_text_is_only_text(watched, name, size):
    home, targets = watched
    with PtyTerminal(home.config, columns=size[0], lines=size[1]) as terminal:
        terminal.wait(lambda t: re.search(r"PROBLEMS (2\d|3\d)", t.text), "the problems", 40)
        for keys, shown in SCREENS[name]:
            press(terminal, keys, shown, targets)
            assert terminal.process.poll() is None
        terminal.send("\x1b" * 3)
        terminal.wait_taken()
        settle(terminal)
        assert terminal.process.poll() is None
        terminal.signal(15)
        assert terminal.wait_exit() == 0
        assert not come_through(terminal.raw)
        assert not terminal.is_clean()


def test_hostile_text_is_only_text_where_there_is_hardly_room(watched):
    with PtyTerminal(watched[0].config, columns=40, lines=8) as terminal:
        terminal.wait_for("[/]", 40)
        terminal.signal(15)
        assert terminal.wait_exit() == 0
        assert not come_through(terminal.raw)


# --- every command ----------------------------------------------------------------------

DIAGNOSED = ("smtp", "alias", "http-json")
COMMANDS = {
    "add": [("add", "{text}"), ("add", "smtp://127.0.0.1", "--name", "{text}"), ("add", "smtp://127.0.0.1:1", "--purpose", "{text}")],
    "check": [("check", "{all}", "--timeout", "2s"), ("check", "{all}", "--timeout", "2s", "--json"), ("check", "{text}"),
              ("check", "smtp://127.0.0.1:1", "--vantage", "{text}")],
    "dashboard": "the screens above",
    "demo": "starts the lab's own servers",
    "diagnose": [("diagnose", f"{{{case}}}", *how, "--timeout", "2s")
                 for case in DIAGNOSED for how in ((), ("--json",), ("--markdown",))] + [("diagnose", "{text}")],
    "doctor": [("doctor",), ("doctor", "--json")],
    "engine": "prints nothing but its own log",
    "lint": [("lint",), ("lint", "--json")],
    "list": [("list",), ("list", "--json"), ("list", "--certificates"), ("list", "--certificates", "--json"), ("list", "{text}")],
    "pause": [("pause", "{name}"), ("pause", "{text}")],
    "resume": [("resume", "{name}"), ("resume", "{text}")],
    "rm": [("rm", "{text}")],
    "start": "prints nothing of monitors",
    "status": [("status",), ("status", "--json")],
    "stop": "prints nothing of monitors",
}  # fmt: skip


def test_every_command_is_among_those_that_are_tried():
    assert set(COMMANDS) == {found.name for found in pkgutil.iter_modules(uptime_tui.cli.commands.__path__)}


@pytest.mark.parametrize("name", [name for name, rows in COMMANDS.items() if not isinstance(rows, str)])
def test_what_a_command_prints_is_only_text(watched, name):
    home, targets = watched
    texts = {"{text}": [BYTES.replace(b"\x00", b"")], "{all}": list(targets.values()), "{name}": [f"ssh {NASTY}"]}
    texts |= {f"{{{case}}}": [targets[case]] for case in DIAGNOSED}
    for row in COMMANDS[name]:
        run(home, *(argument for word in row for argument in texts.get(word, [word])))


def test_the_log_is_only_text(watched):
    home, _ = watched
    found = list(home.state.glob("*.log*"))
    assert found
    assert not any(come_through(file.read_bytes()) for file in found)


# --- the configuration ------------------------------------------------------------------

WHOLE = "\n".join(
    f"{key} = {format_value(TEXT)}" for key in ("name", "target", "category", "purpose", "runbook", "interval")
)
BROKEN = {
    "in every value": f"[[monitor]]\n{WHOLE}\ntags = [{format_value(TEXT)}]\nexpect = {format_value(TEXT)}\n",
    "in a key": f'[[monitor]]\nname = "a"\ntarget = "tcp://127.0.0.1:1"\n{format_value(TEXT)} = 1\n',
    "in a key of the top": f"{format_value(TEXT)} = 1\n",
    "as it is": f'[[monitor]]\nname = "{TEXT}"\n',
    "in a comment": f'# {TEXT}\n[[monitor]]\nname = "a"\n',
}


@pytest.mark.parametrize("where", BROKEN)
def test_hostile_text_in_the_configuration_is_only_text(tmp_path, where):
    home = find_home(str(tmp_path / "home"), {})
    make_folders(home)
    good = 'name = "edited"\ntarget = "tcp://127.0.0.1:1"\n'
    home.monitors_file.write_text(f"[[monitor]]\n{good}")
    find_or_start(home, keep=True)
    try:
        home.monitors_file.write_text(BROKEN[where])
        for arguments in (
            ("list",),
            ("lint",),
            ("lint", "--json"),
            ("doctor",),
            ("doctor", "--json"),
            ("check", "edited"),
        ):
            run(home, *arguments)
        with PtyTerminal(home.config) as terminal:
            terminal.wait_for("monitors.toml:")
            terminal.send("e")
            terminal.wait_taken()
            settle(terminal)
            terminal.signal(15)
            assert terminal.wait_exit() == 0
            assert not come_through(terminal.raw)
        assert not come_through(home.log_file.read_bytes())
    finally:
        stop(home)


def test_hostile_values_of_a_block_that_is_edited_are_only_text(tmp_path):
    home = find_home(str(tmp_path / "home"), {})
    make_folders(home)
    good = '[[monitor]]\nname = "edited"\ntarget = "https://127.0.0.1:1"\n'
    home.monitors_file.write_text(good)
    find_or_start(home, keep=True)
    try:
        keys = [field.key for field in fields() if field.key not in {"name", "target", "expect"}]
        values = "".join(f"{key} = {format_value(TEXT)}\n" for key in keys)
        home.monitors_file.write_text(good + values)
        with PtyTerminal(home.config) as terminal:
            terminal.wait_for("monitors.toml:")
            terminal.send("e")
            terminal.wait_for("Edit edited")
            for _ in range(len(keys) + 3):
                terminal.send("\t")
                terminal.wait_taken()
                settle(terminal)
            terminal.send("\x1b")
            terminal.wait_gone("Edit edited")
            terminal.signal(15)
            assert terminal.wait_exit() == 0
            assert not come_through(terminal.raw)
    finally:
        stop(home)
