"""What comes in one burst, as over a slow link: it is done in order, and for the screen that it was meant for."""

import re
import sys

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


@pytest.mark.parametrize("after", ["\x1b[<0;99;99M\x1b[<0;99;99m", "\x1b[<0;20;8M\x1b[<0;20;8m", "\x1b[O"])
def test_enter_is_the_prompts_whatever_takes_the_focus_behind_it(opened, after):
    """A click beside everything, one on a line, another window; a busy machine has the key on its way all the while."""
    slow = (
        "import asyncio\nfrom textual.widgets import Input\nfrom uptime_tui.__main__ import main\n"
        "real = Input._on_key\n"
        "async def on_key(entry, event):\n"
        "    await asyncio.sleep(0.1 if event.key == 'enter' else 0)\n"
        "    await real(entry, event)\n"
        "Input._on_key = on_key\nmain()"
    )
    terminal = opened(program=[sys.executable, "-c", slow])
    terminal.send("/ssh-0003")
    terminal.wait_for("filter: ssh-0003")
    terminal.send(f"\r{after}")
    terminal.wait(lambda t: not any(re.match(" ssh-0003", line) for line in t.lines), "the end of the prompt")
    terminal.send("L")
    terminal.wait_for("locked: nothing can be changed")
    assert "filter: ssh-0003" in terminal.lines[0]
    assert "Esc back" not in terminal.text


@pytest.mark.parametrize(("keys", "shown"), [("/ssh-\rA", "Add a monitor"), ("/ssh-\rD", "Delete “ssh-")])
def test_a_key_behind_enter_in_the_prompt_is_for_the_table(opened, keys, shown):
    terminal = opened()
    terminal.send(keys)
    terminal.wait_for(shown)
    terminal.send("\x1b")
    terminal.wait_gone(shown)
    assert re.search("filter: ssh- ", terminal.text)


def test_what_a_key_sets_off_is_done_before_the_next_key(opened):
    """Enter closes the prompt by a message of its own, which must not be overtaken where the app is behind."""
    behind = (
        "import asyncio\nfrom textual.app import App\nfrom uptime_tui.__main__ import main\n"
        "real = App._on_key\n"
        "async def on_key(app, event):\n"
        "    await asyncio.sleep(0.1)\n"
        "    await real(app, event)\n"
        "App._on_key = on_key\nmain()"
    )
    terminal = opened(program=[sys.executable, "-c", behind])
    terminal.send("/")
    terminal.wait_for("filter: words")
    terminal.send("ssh-0003\rL")
    terminal.wait_for("locked: nothing can be changed")
    assert "filter: ssh-0003 " in terminal.lines[0]
