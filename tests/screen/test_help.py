"""The key help of every screen on a real terminal: its own keys, found by words, and done."""

import pytest

KEYS = {
    # how it is opened, by which key it is asked, what it says then, what it says of no other screen
    "table": ("", "?", "To the next group.", "One page up. zzz"),
    "panel": ("i\t", "?", "One page down.", "To the next group."),
    "detail": ("\r", "?", "The incident before, as it was then.", "Add a monitor"),
    "certificates": ("3", "?", "To the next group.", "One page up. zzz"),
    "lint": ("w", "?", "Make the change that the finding proposes", "Add a monitor"),
    "form": ("A", "\x1bOP", "Leave the form; asks when something was changed.", "Freeze"),
    "commands": (":", "\x1bOP", "To the next command; Enter runs it.", "Leave the form"),
}
READY = {"detail": "Esc back", "lint": "warning", "form": "Add a monitor", "commands": "Search for"}


@pytest.mark.parametrize("place", KEYS)
def test_each_screen_has_a_help_of_its_own(opened, place):
    keys, ask, own, foreign = KEYS[place]
    terminal = opened(80, 60)
    terminal.send(keys)
    if place in READY:
        terminal.wait_for(READY[place])
    terminal.send(ask)
    terminal.wait_for("search keys")
    terminal.wait_for(own)
    assert foreign not in terminal.text
    terminal.send("zzz")
    terminal.wait_gone(own)
    terminal.send("\x1b")
    terminal.wait_gone("zzz")
    assert terminal.process.poll() is None


def test_help_is_searched_and_runs_what_it_finds(opened):
    terminal = opened()
    terminal.send("?")
    terminal.wait_for("search keys")
    terminal.send("freeze")
    terminal.wait(lambda t: "Freeze the display" in t.text and "Probe the marked" not in t.text, "one entry")
    terminal.send("\r")
    terminal.wait_for("frozen")


def test_the_help_of_the_detail_does_what_is_chosen(opened):
    terminal = opened()
    terminal.send("\r")
    terminal.wait_for("Esc back")
    terminal.send("?")
    terminal.wait_for("search keys")
    terminal.send("next page")
    terminal.wait(lambda t: "The next page: now" in t.text and "Probe now." not in t.text, "one entry")
    terminal.send("\r")
    terminal.wait_for("[incidents]")


def test_the_help_of_the_form_keeps_what_was_typed(opened):
    terminal = opened()
    terminal.send("A")
    terminal.wait_for("Add a monitor")
    terminal.send("mx9?")
    terminal.wait_for("mx9?")
    terminal.send("\x1bOP")
    terminal.wait_for("search keys")
    terminal.send("field before\r")
    terminal.wait_for("Add a monitor")
    terminal.wait_for("mx9?")


def test_no_line_of_the_help_is_cut_at_80_columns(opened):
    terminal = opened(80, 60)
    terminal.send("?")
    terminal.wait_for("TRIAGE")
    terminal.wait_for("Quit; from the panel")
    terminal.wait_gone("…")  # what is left of the dashboard below goes last


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize(("opens", "ready"), [("\r", "now"), ("w", "lint"), ("A", "Add a monitor")])
def test_the_line_of_keys_ends_with_the_help(opened, columns, opens, ready):
    terminal = opened(columns, 24, wait=None)
    terminal.wait_for("ssh-0003" if columns >= 60 else "✗")
    terminal.send(opens)
    terminal.wait_for(ready)
    terminal.wait(lambda t: t.lines[-1].rstrip().endswith(("? keys", "F1 keys")), "the help's key at the end")
