"""The dashboard on a real terminal: what is on the screen, what is sent, and how it ends."""

import os
import re
import subprocess
import sys

import pytest

from support.fake_engine import FakeEngine, make_fleet
from support.fleets import row
from support.pty_terminal import PtyTerminal
from uptime_tui.wire.messages import Notice

HOSTILE = "\\x1b[31m [/] [@click=app.quit]x[/] [red]" + "A" * 120


# --- layouts ----------------------------------------------------------------------------


def test_80x24_shows_counts_titles_groups_and_keys_and_no_panel(opened):
    terminal = opened()
    terminal.wait_for("? keys")
    lines = terminal.lines
    assert "✗3 !5 ✓52" in lines[0]
    assert re.search("e edit  [?] keys$", lines[-1]), "as many keys as fit"
    assert "STATE" in lines[1]
    assert "NAME" in lines[1]
    assert "PROBLEMS 8" in lines[2]
    assert lines[3].startswith("> ✗ DOWN")
    assert "host and" not in terminal.text


def test_the_drawer_opens_and_closes_below_the_table(opened):
    terminal = opened()
    terminal.send("i")
    terminal.wait_for("ssh://h3.example.net:22")
    terminal.send("i")
    terminal.wait_gone("ssh://h3.example.net:22")


def test_enter_shows_the_detail_on_the_whole_screen_and_escape_comes_back(opened):
    terminal = opened()
    terminal.send("\r")
    terminal.wait_for("Esc back")
    terminal.wait_for("systemctl status ssh")
    terminal.send("\x1b")
    terminal.wait_for("PROBLEMS 8")


def test_120x40_has_the_panel_beside_with_ladder_and_hints(opened):
    terminal = opened(120, 40)
    terminal.wait_for("systemctl status ssh")
    terminal.wait_for("TCP ✗")


@pytest.mark.parametrize(("columns", "lines"), [(200, 60), (59, 20), (40, 8), (29, 2), (10, 1)])
def test_every_size_says_how_many_are_down(opened, columns, lines):
    terminal = opened(columns, lines, wait="✗3")
    assert terminal.process.poll() is None


def test_a_tiny_window_takes_every_key_and_shows_whom_it_means(opened, engine):
    terminal = opened(40, 8)
    terminal.wait_for("✗>ssh-0003")
    terminal.send("j")
    terminal.wait_for("✗>smtp-0001")
    terminal.send("D")
    terminal.wait_for("Delete “smtp-0001”?")
    terminal.resize(20, 8)
    terminal.wait_line(" y yes, u undoes")
    terminal.send("y")
    terminal.wait(lambda _: engine.asked, "the request")
    terminal.send("y")
    terminal.wait_for(" c next command")


def test_the_palette_can_be_read_in_a_window_of_five_lines(opened):
    terminal = opened(40, 5)
    terminal.send(":")
    terminal.wait_for("recheck")
    terminal.send("lock")
    terminal.wait_line(" *lock")


def test_resizing_goes_through_every_layout(opened):
    terminal = opened(120, 40)
    for columns, lines, text in (
        (80, 24, "? keys"),
        (40, 8, "✗>ssh-0003"),
        (20, 2, "✗3"),
        (120, 40, "systemctl status ssh"),
    ):
        terminal.resize(columns, lines)
        terminal.wait_for(text)


@pytest.mark.parametrize("smaller", ["drawer", "window"])
def test_the_cursor_stays_in_sight_where_the_table_gets_smaller(opened, smaller):
    terminal = opened()
    terminal.send("j" * 17)
    terminal.wait(lambda t: re.match(r"> ✓ up +https-0060", t.lines[20]), "the cursor in the last lines")
    if smaller == "drawer":
        terminal.send("i")
        terminal.wait_for("https://h60.example.net")
    else:
        terminal.resize(80, 14)
    terminal.wait(
        lambda t: "STATE" in t.lines[1] and any(re.match(r"> ✓ up +https-0060", line) for line in t.lines[2:14]),
        "the cursor above the drawer",
    )


@pytest.mark.parametrize(("keys", "shown"), [("j", "> ✗ DOWN +smtp-0001"), ("/D", " D$")])
def test_a_window_that_was_too_small_takes_keys_again(opened, engine, keys, shown):
    terminal = opened()
    terminal.send(keys[:-1])
    terminal.resize(40, 8)
    terminal.wait_for("✗>")
    terminal.wait_gone("? keys")
    terminal.resize(80, 24)
    terminal.wait_for("PROBLEMS 8")
    terminal.send(keys[-1])
    terminal.wait(lambda t: any(re.match(shown, line) for line in t.lines), "what the key does")


def test_a_click_beside_everything_leaves_the_keys_where_they_were(opened):
    terminal = opened()
    terminal.send("/")
    terminal.wait_for("filter: words")
    terminal.send("\x1b[<0;99;99M\x1b[<0;99;99mssh-0003")
    terminal.wait_for("filter: ssh-0003")
    terminal.send("\x1b")
    terminal.wait_for("smtp-0001")
    terminal.send("\x1b[<0;99;99M\x1b[<0;99;99mG")
    terminal.wait(lambda t: not any("ssh-0003" in line for line in t.lines), "the end of the list")


# --- states -----------------------------------------------------------------------------


def test_an_empty_fleet_says_how_to_begin(tmp_path):
    with FakeEngine(tmp_path) as engine, PtyTerminal(engine.home.config) as terminal:
        terminal.wait_for("Press A and paste a target")
        terminal.wait_for("smtp://mx1.example.net")


def test_a_broken_file_is_not_an_empty_fleet(tmp_path):
    text = "monitors.toml:4: interval is below the minimum for smtp, 30s: more often is not polite (write interval = 30s); the last good set goes on"
    with FakeEngine(tmp_path) as engine, PtyTerminal(engine.home.config) as terminal:
        terminal.wait_for("Press A and paste a target")
        engine.tell(notices=(Notice("config:0", text, "error"),))
        terminal.wait_for("Nothing is watched.")
        terminal.wait_for("the last good set goes on")
        terminal.wait_for("E opens the file")


@pytest.mark.parametrize("keys", ["f", ""])
@pytest.mark.parametrize("size", [(80, 24), (50, 10)])
def test_a_lost_engine_is_said_at_any_size_and_when_frozen(opened, engine, size, keys):
    terminal = opened(*size)
    terminal.send(keys or "k")
    engine.hang_up()
    terminal.wait_for("engine is gone")
    assert terminal.text.count("engine is gone") == 1


def test_a_lost_engine_is_said_rows_stay_and_it_comes_back(opened, engine):
    terminal = opened()
    engine.hang_up()
    terminal.wait_for("engine is gone")
    assert "ssh-0003" in terminal.text
    engine.listen()
    terminal.wait_gone("engine is gone")


def test_quitting_does_not_wait_for_an_engine_that_does_not_come(opened, engine):
    terminal = opened()
    engine.hang_up()
    terminal.wait_for("engine is gone")
    terminal.send("q")
    assert terminal.wait_exit(3) == 0
    assert not terminal.is_clean()


# --- harmless data, colours -------------------------------------------------------------


def test_hostile_text_is_only_text_on_every_screen(tmp_path):
    monitors, rows = make_fleet(3, down=3, degraded=0)
    rows = [
        row(number, "down", failure=rows[0].failure, detail=HOSTILE, since_ms=rows[0].since_ms) for number in (1, 2, 3)
    ]
    monitors = [type(m)(m.id, f"[b]{m.name}[/] [@click=app.quit]x[/]", m.target, m.category) for m in monitors]
    with (
        FakeEngine(tmp_path, monitors, rows, banner=HOSTILE) as engine,
        PtyTerminal(engine.home.config, columns=160, lines=40) as terminal,
    ):
        terminal.wait_for("[@click=app.quit]")
        for keys, text, gone in (
            ("\r", "Esc back", ""),
            ("\x1b", "? keys", "Esc back"),
            ("D", "Delete “[b]smtp", ""),
            ("\x1b", "? keys", "Delete “"),
            (":", "Search for", ""),
            ("[b]", "go to [b]", ""),
            ("\x1b", "? keys", "go to [b]"),
            ("y", "Copy", ""),
            ("w", "sent to the terminal", ""),
            ("A", "Enter save", ""),
            ("smtp://a.example", "250 ready", ""),
        ):
            terminal.send(keys)
            terminal.wait_for(text)
            if gone:
                terminal.wait_gone(gone)
        terminal.wait_for("\\x1b[31m [/] [@click=app.quit]x[/]")
        assert terminal.process.poll() is None


def test_no_color_sends_no_colour(opened):
    terminal = opened(120, 40, env={"NO_COLOR": "1"})
    for keys, text in (("?", "Enter do it"), ("A", "Enter save"), (":", "Search for")):
        terminal.send(keys)
        terminal.wait_for(text)
        terminal.send("\x1b")
        terminal.wait_gone(text)
        terminal.wait_for("? keys")
    codes = {code for found in re.findall(rb"\x1b\[([0-9;:]*)m", bytes(terminal.raw)) for code in found.split(b";")}
    assert codes <= {b"", b"0", b"1", b"2", b"3", b"4", b"7", b"9", b"39", b"49"}


def test_the_c_locale_gets_nothing_but_ascii(opened):
    terminal = opened(120, 40, env={"LANG": "C", "LC_ALL": ""})
    for keys, text in (("?", "Enter do it"), ("A", "Enter save"), (":", "Search for"), ("D", "Delete")):
        terminal.send(keys)
        terminal.wait_for(text)
        terminal.send("\x1b")
        terminal.wait_gone(text)
        terminal.wait_for("? keys")
    assert "X DOWN" in terminal.text
    assert bytes(terminal.raw).isascii()


def test_a_dumb_terminal_is_refused_in_one_line(engine):
    with PtyTerminal(engine.home.config, env={"TERM": "dumb"}) as terminal:
        code = terminal.wait_exit()
        assert code
        assert "TERM=dumb" in terminal.text
        assert b"\x1b[" not in terminal.raw


def test_the_screen_is_drawn_when_errors_go_to_a_file(opened, tmp_path):
    errors = os.open(tmp_path / "errors", os.O_WRONLY | os.O_CREAT)
    terminal = opened(preexec=lambda: os.dup2(errors, 2))
    os.close(errors)
    terminal.send("q")
    assert terminal.wait_exit(5) == 0
    assert not terminal.is_clean()
    assert (tmp_path / "errors").read_bytes() == b""


def test_after_a_stall_the_whole_screen_is_there_again(opened):
    terminal = opened()
    terminal.stall()
    for _ in range(150):
        terminal.send("\x1b[F\x1b[H")
    terminal.signal(0)
    terminal.go_on()
    terminal.send("\x1b[H")
    terminal.wait(
        lambda t: "PROBLEMS 8" in t.lines[2] and "? keys" in t.text and t.lines[3].startswith("  ✗ DOWN"), "the screen"
    )


def test_the_dashboard_loads_no_probing_library():
    code = (
        "import sys, uptime_tui.ui.application, uptime_tui.ui.screens.monitor_form, uptime_tui.ui.screens.help\n"
        "print([name for name in ('dns', 'cryptography', 'httptools', 'asyncssh', 'tomlkit', 'psutil', 'sqlite3') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_of_two_quick_resizes_the_last_one_counts(opened, tmp_path):
    """A handler that has read the size may be interrupted by the next signal, which is told first then."""
    reading = tmp_path / "reading"
    program = (
        "import pathlib, sys, time\nfrom textual.drivers.linux_driver import LinuxDriver\n"
        "real = LinuxDriver._get_terminal_size\n"
        "def slow(driver):\n"
        "    size = real(driver)\n"
        "    if size[0] == 60:\n"
        f"        pathlib.Path({str(reading)!r}).touch()\n"
        "        time.sleep(0.3)\n"
        "    return size\n"
        "LinuxDriver._get_terminal_size = slow\n"
        "from uptime_tui.__main__ import main\nmain()"
    )
    terminal = opened(program=[sys.executable, "-c", program])
    terminal.resize(60, 20)
    terminal.wait(lambda _: reading.exists(), "the first size read")
    terminal.resize(120, 40)
    terminal.wait(lambda t: "quit" in t.lines[-1] or "keys" in t.lines[-1], "the last size drawn")
