"""Clicks that come when the screen they are meant for has gone."""

import re

import pytest

DOUBLE_CLICK = "\x1b[<0;20;{line}M\x1b[<0;20;{line}m" * 2


@pytest.mark.parametrize(("keys", "shown"), [("?", "Enter do it"), (":", "Search for")])
def test_a_double_click_chooses_once(opened, engine, keys, shown):
    terminal = opened()
    terminal.send(keys)
    terminal.wait_for(shown)
    terminal.send("pause or")
    terminal.wait(lambda t: any(re.match(" *pause or *$", line) for line in t.lines), "the words")
    terminal.wait_gone("Probe now")
    line = terminal.wait(
        lambda t: next((n for n, text in enumerate(t.lines, 1) if re.search("Pause or resume", text)), 0), "the line"
    )
    terminal.send(DOUBLE_CLICK.format(line=line))
    terminal.wait_gone(shown)
    terminal.wait(lambda _: engine.asked, "the request")
    terminal.send("L")
    terminal.wait_for("locked")
    assert len(engine.asked) == 1


def test_keys_work_again_after_a_paste_whose_end_never_comes(opened, engine):
    terminal = opened()
    terminal.send("A")
    terminal.wait_for("Add a monitor")
    terminal.send("\x1b[200~mx1\x1bqDy")
    terminal.wait_for("mx1\\x1bqDy")
    terminal.send("7")
    terminal.wait_for("mx1\\x1bqDy7")
    assert not engine.asked
