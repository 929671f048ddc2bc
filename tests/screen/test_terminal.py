"""The dashboard on a real terminal: what is on the screen, what is sent, and how it ends."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.fake_engine import FakeEngine, make_fleet
from support.fleets import row
from support.pty_terminal import PtyTerminal
from uptime_tui.wire.messages import Notice, Reply

HOSTILE = "\\x1b[31m [/] [@click=app.quit]x[/] [red]" + "A" * 120


@pytest.fixture
def engine(tmp_path):
    monitors, rows = make_fleet(60)
    with FakeEngine(tmp_path, monitors, rows, banner="220 mx1 ready") as running:
        yield running


@pytest.fixture
def opened(engine):
    """Opens dashboards of a size that have drawn their rows."""
    terminals = []

    def open_it(columns=80, lines=24, wait="ssh-0003", **options):
        terminal = PtyTerminal(engine.home.config, columns=columns, lines=lines, **options)
        terminals.append(terminal)
        if wait:
            terminal.wait_for(wait)
        return terminal

    yield open_it
    for terminal in terminals:
        terminal.__exit__()


# --- layouts ----------------------------------------------------------------------------


def test_80x24_shows_counts_titles_groups_and_keys_and_no_panel(opened):
    terminal = opened()
    terminal.wait_for("? keys")
    lines = terminal.lines
    assert "✗3 !5 ✓52" in lines[0]
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


def test_resizing_goes_through_every_layout(opened):
    terminal = opened(120, 40)
    for columns, lines, text in (
        (80, 24, "? keys"),
        (40, 8, "✗ ssh-0003"),
        (20, 2, "✗3"),
        (120, 40, "systemctl status ssh"),
    ):
        terminal.resize(columns, lines)
        terminal.wait_for(text)


# --- keys -------------------------------------------------------------------------------


def test_the_cursor_stays_on_its_monitor_when_the_order_changes(opened, engine):
    terminal = opened()
    terminal.send("j")
    terminal.wait(
        lambda t: any(line.startswith("> ✗ DOWN     smtp-0001") for line in t.lines), "the cursor on smtp-0001"
    )
    old = engine.rows[30]
    engine.change(row(30, "down", since_ms=old.since_ms - 10**9))
    terminal.wait_for("PROBLEMS 9")
    assert any(line.startswith("> ✗ DOWN     smtp-0001") for line in terminal.lines)


def test_nothing_is_held_before_the_first_key(opened, engine):
    terminal = opened()
    engine.change(row(30, "down"))
    terminal.wait_for("PROBLEMS 9", 2.5)


def test_filter_narrows_as_it_is_typed_and_escape_brings_all_back(opened):
    terminal = opened()
    terminal.send("/")
    terminal.wait_for("filter: words")
    terminal.send("ssh")
    terminal.wait_gone("smtp-0001")
    terminal.send("\x1b")
    terminal.wait_for("smtp-0001")


def test_a_filter_that_matches_nothing_says_so(opened):
    terminal = opened()
    terminal.send("/")
    terminal.wait_for("filter: words")
    terminal.send("nosuchthing\r")
    terminal.wait_for("None of 60 monitors matches")
    terminal.send("\x1b")
    terminal.wait_for("ssh-0003")


def test_what_is_wrong_with_a_filter_is_said_until_it_is_right(opened):
    terminal = opened()
    terminal.send("/")
    terminal.wait_for("filter: words")
    terminal.send("cert<")
    terminal.wait_for("cert< wants a number")
    terminal.send("14")
    terminal.wait_gone("cert< wants a number")


def test_delete_names_the_monitor_and_enter_means_no(opened, engine):
    terminal = opened()
    terminal.send("D")
    terminal.wait_for("Delete “ssh-0003”?")
    terminal.send("\r")
    terminal.wait_gone("Delete “ssh-0003”?")
    assert not engine.asked
    terminal.send("D")
    terminal.wait_for("Delete “ssh-0003”?")
    terminal.send("y")
    terminal.wait_for("deleted ssh-0003")
    terminal.wait_for("u undo: delete ssh-0003")
    assert [type(message).__name__ for message in engine.asked] == ["Delete"]


def test_a_locked_screen_changes_nothing(opened, engine):
    terminal = opened()
    terminal.send("L")
    terminal.wait_for("locked: nothing can be changed")
    terminal.send("D")
    terminal.wait_for("L unlocks")
    assert not engine.asked


def test_pasting_a_target_probes_it_while_the_form_is_open_and_enter_saves(opened, engine):
    terminal = opened()
    terminal.send("A")
    terminal.wait_for("Add a monitor")
    terminal.send("smtp://mx9.example.net")
    terminal.wait_for("mx9.example.net smtp")
    terminal.wait_for("250 ready")
    terminal.send("\r")
    terminal.wait_for("added smtp://mx9.example.net")
    assert [type(message).__name__ for message in engine.asked] == ["TryTarget", "Add"]
    assert engine.asked[1].tables == ({"target": "smtp://mx9.example.net"},)


def test_a_broken_target_is_one_clear_line(opened):
    terminal = opened()
    terminal.send("A")
    terminal.wait_for("Add a monitor")
    terminal.send("smpt://mx9")
    terminal.wait_for("smtp")
    assert terminal.process.poll() is None


def test_help_is_searched_and_runs_what_it_finds(opened):
    terminal = opened()
    terminal.send("?")
    terminal.wait_for("search keys")
    terminal.send("freeze")
    terminal.wait(lambda t: "Freeze the display" in t.text and "Probe the marked" not in t.text, "one entry")
    terminal.send("\r")
    terminal.wait_for("frozen")


def test_the_palette_finds_actions_and_monitors(opened):
    terminal = opened()
    terminal.send(":")
    terminal.wait_for("Search for")
    terminal.send("https-0042")
    terminal.wait_for("go to https-0042")
    terminal.send("\r")
    terminal.wait(lambda t: any(re.match(r"> .*https-0042", line) for line in t.lines), "the cursor there")


def test_copying_shows_the_text_and_sends_it(opened):
    terminal = opened()
    terminal.send("y")
    terminal.wait_for("next command")
    terminal.send("t")
    terminal.wait_for("ssh://h3.example.net:22")
    assert b"\x1b]52;c;c3NoOi8vaDMuZXhhbXBsZS5uZXQ6MjI=" in terminal.raw


def test_ctrl_l_draws_everything_anew(opened):
    terminal = opened()
    with terminal._lock:
        terminal.screen.reset()
    terminal.send("\x0c")
    terminal.wait(lambda t: "PROBLEMS 8" in t.text and "? keys" in t.text and "STATE" in t.text, "the whole screen")


def test_new_problems_are_counted_while_the_order_is_held(opened, engine):
    terminal = opened()
    terminal.send(" ")
    terminal.wait_for("1 marked")
    engine.change(row(30, "down"), row(31, "degraded"))
    terminal.wait_for("held: +2 new, press .")
    assert "PROBLEMS 8" in terminal.text
    terminal.send(".")
    terminal.wait_for("PROBLEMS 10")
    terminal.wait_gone("press .")


def test_the_cursor_waits_on_the_worst_problem_until_a_key_is_pressed(opened, engine):
    terminal = opened()
    engine.change(row(30, "down", since_ms=1))
    terminal.wait_for("PROBLEMS 9")
    terminal.wait(
        lambda t: any(re.match(r"> ✗ DOWN +ssh-0030|> ✗ DOWN +\S+-0030", line) for line in t.lines), "the cursor"
    )


def test_v_marks_from_the_last_mark_to_the_cursor(opened):
    terminal = opened()
    terminal.send("vjjjv")
    terminal.wait_for("4 marked")
    terminal.send("\x1b")
    terminal.wait_gone("marked")


def test_the_sort_column_moves_with_angle_brackets(opened):
    terminal = opened()
    terminal.send(">")
    terminal.wait_for("NAME↓")
    terminal.send(">")
    terminal.wait_for("LAT↓")
    terminal.send("<<<")
    terminal.wait_for("FOR↓")
    terminal.send("R")
    terminal.wait_for("FOR↑")


def test_the_latency_view_is_one_list_and_escape_leaves_it(opened):
    terminal = opened()
    terminal.send("4")
    terminal.wait_gone("PROBLEMS")
    terminal.send("\x1b")
    terminal.wait_for("PROBLEMS 8")
    assert "STATE↓" in terminal.text


def test_minus_folds_every_category_and_unfolds_them(opened):
    terminal = opened()
    terminal.send("-")
    terminal.wait_for("▸ email")
    terminal.send("-")
    terminal.wait_for("▾ web")


def test_the_panel_takes_the_focus_scrolls_and_q_gives_it_back(opened):
    terminal = opened(120, 40)
    terminal.wait_for("systemctl status ssh")
    terminal.send("\t")
    terminal.send("G")
    terminal.wait_gone("ssh://h3.example.net:22")
    terminal.send("z")
    terminal.wait_gone("PROBLEMS")
    terminal.send("z")
    terminal.wait_for("PROBLEMS")
    terminal.send("q")
    terminal.send("j")
    terminal.wait(lambda t: any(re.match(r"> ✗ DOWN +smtp-0001", line) for line in t.lines), "the cursor in the table")
    terminal.send("z")
    terminal.wait_gone("smtp://h1.example.net:25")
    assert terminal.process.poll() is None


def test_a_key_without_a_monitor_says_so(tmp_path):
    with FakeEngine(tmp_path) as engine, PtyTerminal(engine.home.config) as terminal:
        terminal.wait_for("Press A and paste a target")
        for key in "rpDeCy":
            terminal.send(key)
            terminal.wait_for("is under the cursor" if key in "eCy" else "no monitor is marked")
            terminal.send("m")
            terminal.wait_for("mouse")


def test_after_adding_the_cursor_is_on_the_new_monitor(opened):
    terminal = opened()
    terminal.send("A")
    terminal.wait_for("Add a monitor")
    terminal.send("smtp://mx9.example.net")
    terminal.wait_for("250 ready")
    terminal.send("\r")
    terminal.wait(lambda t: any(re.match(r"> .*mx9", line) for line in t.lines), "the cursor on it")


def test_the_detail_does_what_the_table_does(opened, engine):
    terminal = opened()
    terminal.send("\r")
    terminal.wait_for("Esc back")
    terminal.send("r")
    terminal.wait_for("rechecking 1")
    terminal.send("n")
    terminal.wait_for("smtp://h1.example.net:25")
    terminal.send("y")
    terminal.wait_for("next command")
    terminal.send("t")
    terminal.wait_for("sent to the terminal: smtp://h1.example.net:25")
    terminal.send("\x1b")
    terminal.wait_for("PROBLEMS 8")
    terminal.wait(lambda t: any(re.match(r"> ✗ DOWN +smtp-0001", line) for line in t.lines), "the cursor on it")


def test_a_locked_screen_is_locked_in_the_detail_too(opened, engine):
    terminal = opened()
    terminal.send("L")
    terminal.wait_for("locked: nothing can be changed")
    terminal.send("\r")
    terminal.wait_for("Esc back")
    terminal.send("p")
    terminal.wait_for("L unlocks")
    assert not engine.asked


@pytest.mark.parametrize(
    ("keys", "shown"), [("\r", "Esc back"), ("A", "Enter save"), ("?", "Enter do it"), ("D", "Delete")]
)
def test_the_palette_opens_on_the_dashboard_only(opened, keys, shown):
    terminal = opened()
    terminal.send(keys)
    terminal.wait_for(shown)
    terminal.send("\x10")
    terminal.send("\x1b")
    terminal.wait_gone(shown)
    terminal.wait_for("? keys")
    assert "Search for" not in terminal.text


def test_enter_on_a_group_folds_and_unfolds_it(opened):
    terminal = opened()
    terminal.send("g\r")
    terminal.wait_for("▸ PROBLEMS 8")
    terminal.send("\r")
    terminal.wait_for("▾ PROBLEMS 8")


def test_no_line_of_the_help_is_cut_at_80_columns(opened):
    terminal = opened(80, 60)
    terminal.send("?")
    terminal.wait_for("TRIAGE")
    terminal.wait_for("Quit; from the panel")
    assert "…" not in terminal.text


def test_a_long_message_is_shown_whole(opened, engine):
    terminal = opened()
    engine.reply = lambda message: Reply(
        message.number,
        error="monitors.toml:6: not valid TOML: not a TOML value (put text between double quotes: name = to the end",
    )
    terminal.send("p")
    terminal.wait_for("to the end")
    terminal.send("\r")
    terminal.wait_for("Esc back")
    terminal.send("r")
    terminal.wait(lambda t: "to the end" in t.lines[-2], "the whole message in the detail")


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
        assert terminal.process.poll() is None
        assert "\\x1b[31m [/] [@click=app.quit]x[/]" in terminal.text


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


# --- how it ends ------------------------------------------------------------------------


def test_q_leaves_the_terminal_as_it_was(opened):
    terminal = opened()
    terminal.send("q")
    assert terminal.wait_exit(5) == 0
    assert not terminal.is_clean()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_and_leave_the_terminal_clean(opened, number):
    terminal = opened()
    terminal.signal(number)
    terminal.wait_exit(5)
    assert not terminal.is_clean()


def test_what_is_cleared_away_after_the_screen_may_take_longer_than_the_screen_may(engine, tmp_path):
    """The demo stops its engine and its lab, and removes their folder."""
    code = (
        "import sys, time, pathlib\n"
        "from uptime_tui.config.paths import find_home\n"
        "from uptime_tui.ui import app, driver\n"
        "app.run_dashboard(find_home(sys.argv[1], {}))\n"
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


def test_ctrl_z_suspends_and_fg_draws_again(opened):
    terminal = opened()
    terminal.send("\x1a")

    def state(_):
        return Path(f"/proc/{terminal.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    terminal.wait(state, "the stop")
    terminal.wait(lambda t: not t.is_clean(), "the clean terminal")
    with terminal._lock:
        terminal.screen.reset()
    terminal.signal(signal.SIGCONT)
    terminal.wait_for("PROBLEMS 8")


def test_the_dashboard_loads_no_probing_library():
    code = (
        "import sys, uptime_tui.ui.application, uptime_tui.ui.screens.monitor_form, uptime_tui.ui.screens.help\n"
        "print([name for name in ('dns', 'cryptography', 'httptools', 'asyncssh', 'tomlkit', 'psutil', 'sqlite3') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
