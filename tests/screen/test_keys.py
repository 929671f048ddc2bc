"""What the keys of the dashboard do, on a real terminal."""

import pytest

from support.fake_engine import FakeEngine
from support.pty_terminal import PtyTerminal
from uptime_tui.wire.messages import Reply


def type_filter(terminal, text):
    terminal.send("/")
    terminal.wait_for("filter: words")
    terminal.send(text)


def add_mx9(terminal, inferred="250 ready"):
    terminal.send("A")
    terminal.wait_for("Add a monitor")
    terminal.send("smtp://mx9.example.net")
    terminal.wait_for(inferred)
    terminal.wait_for("250 ready")
    terminal.send("\r")


def palette_to(terminal, name):
    terminal.send(":")
    terminal.wait_for("Search for")
    terminal.send(name)
    terminal.wait_for(f"go to {name}")


def test_a_key_draws_its_two_lines_and_then_the_panel_once(opened):
    terminal = opened(120, 40)
    for key, name, answer in (("j", "smtp-0001", "SMTP – ▸ content"), ("k", "ssh-0003", "SSH – ▸ content")):
        before = len(terminal.raw)
        terminal.send(key)
        terminal.wait(lambda t, name=name: name in t.lines[2][75:], f"the panel of {name}")
        terminal.wait_for(answer)  # the engine's
    sent = bytes(terminal.raw[before:])
    assert sent.index(b"> ") < sent.index(b"ssh://h3.example.net:22")
    assert b"postgresql-0008" not in sent, "a line that a new layout would draw, and a key does not"


def test_keys_without_a_meaning_do_nothing(opened):
    terminal = opened()
    terminal.send("!\"#$%&'()+;=@BFHIJKMOPQSTVWXYZ\\^_`abcstx|~")
    terminal.send("j")
    terminal.wait_line(r"> ✗ DOWN +smtp-0001")


def test_filter_narrows_as_it_is_typed_and_escape_brings_all_back(opened):
    terminal = opened()
    type_filter(terminal, "ssh")
    terminal.wait_gone("smtp-0001")
    terminal.send("\x1b")
    terminal.wait_for("smtp-0001")


def test_a_filter_that_matches_nothing_says_so(opened):
    terminal = opened()
    type_filter(terminal, "nosuchthing\r")
    terminal.wait_for("None of 60 monitors matches")
    terminal.send("\x1b")
    terminal.wait_for("ssh-0003")


def test_what_is_wrong_with_a_filter_is_said_until_it_is_right(opened):
    terminal = opened()
    type_filter(terminal, "cert<")
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


def test_what_others_change_while_the_question_stands_is_not_deleted(opened, engine):
    terminal = opened()
    terminal.send("D")
    terminal.wait_for("Delete “ssh-0003”?")
    number = next(number for number, each in engine.monitors.items() if each.name == "ssh-0003")
    engine.edit(number, purpose="the new gateway")
    terminal.wait_for("the fleet was edited")
    terminal.send("y")
    terminal.wait_for("ssh-0003 was changed meanwhile")
    assert not engine.asked


def test_a_locked_screen_changes_nothing(opened, engine):
    terminal = opened()
    terminal.send("L")
    terminal.wait_for("locked: nothing can be changed")
    terminal.send("D")
    terminal.wait_for("L unlocks")
    assert not engine.asked


def test_pasting_a_target_probes_it_while_the_form_is_open_and_enter_saves(opened, engine):
    terminal = opened()
    add_mx9(terminal, inferred="mx9.example.net smtp")
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


def test_the_palette_finds_actions_and_monitors(opened):
    terminal = opened()
    palette_to(terminal, "https-0042")
    terminal.send("\r")
    terminal.wait_line(r"> .*https-0042")


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
    terminal.wait_line(r"> ✗ DOWN +smtp-0001")
    terminal.send("z")
    terminal.wait_gone("smtp://h1.example.net:25")
    assert terminal.process.poll() is None


def test_letters_that_come_with_the_filters_key_go_into_the_filter(opened, engine):
    terminal = opened()
    terminal.wait_for("smtp-0001")
    terminal.send("/pDr\x7f\x7f\x7fssh-0003")
    terminal.wait_for("filter: ssh-0003")
    terminal.wait_gone("smtp-0001")
    terminal.send("\r")
    assert not engine.asked


def test_a_backspace_is_done_before_the_letters_behind_it(opened):
    terminal = opened()
    terminal.send("Aabcdef\x7f\x7f\x7fxyz")
    terminal.wait_line(r" target +abcxyz")


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
    add_mx9(terminal)
    terminal.wait_line(r"> .*mx9")


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
    terminal.wait_line(r"> ✗ DOWN +smtp-0001")


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


def test_a_paste_with_escapes_in_it_presses_no_key(opened, engine):
    terminal = opened()
    terminal.send("\x1b[200~x\x1bq\x1bDy\x1bpq\x1b[Aq\x1b[201~")
    terminal.send("A")
    terminal.wait_for("Add a monitor")
    terminal.send("\x1b[200~db3\x1bq\x1b[31m\x1b:54\x9b32\r\nqDy\x1b[201~")
    terminal.wait_for("db3\\x1bq\\x1b[31m\\x1b:54\\x9b32")
    assert b"\x1b:54" not in terminal.raw
    assert not engine.asked


def test_a_character_that_comes_in_two_reads_is_one(opened):
    terminal = opened()
    terminal.send("/s")
    terminal.wait_for("filter: s")
    terminal.send(b"\xc3")
    terminal.wait_taken()
    terminal.send(b"\xbc")
    terminal.wait_for("filter: sü")


def test_what_was_added_is_shown_where_its_group_was_folded(opened):
    terminal = opened()
    terminal.send("-")
    terminal.wait_for("▸ email")
    add_mx9(terminal)
    terminal.wait_line(r"> .*mx9")
    terminal.send("G")
    terminal.wait_for("▸ email")


def test_what_was_added_and_does_not_pass_the_filter_is_told_and_never_takes_the_cursor(opened):
    terminal = opened()
    terminal.send("/ssh-\r")
    terminal.wait_gone("smtp-0001")
    add_mx9(terminal)
    terminal.wait_for("is not in this view")
    terminal.send("\x1b")
    terminal.wait_for("smtp-0001")
    terminal.wait_line(r"> ✗ DOWN +ssh-0003")


def test_the_palette_goes_into_a_folded_group(opened):
    terminal = opened()
    terminal.send("-")
    terminal.wait_for("▸ web")
    palette_to(terminal, "https-0042")
    terminal.send("\x1b[B\r")
    terminal.wait_line(r"> .*https-0042")


def test_the_cursor_is_in_sight_when_a_filter_is_left(opened):
    terminal = opened()
    terminal.send("/cpanel-0059\r")
    terminal.wait_gone("smtp-0001")
    terminal.send("\x1b")
    terminal.wait_line(r"> .*cpanel-0059")
    terminal.wait_for("cpanel-0053")
