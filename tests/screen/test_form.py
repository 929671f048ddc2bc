"""The form on a real terminal: the fields of a service, what they mean, and what must not be sent."""

import re

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.form import applies, fields
from uptime_tui.wire.messages import Reply

HTTPS = load_catalogue().get("https")


def test_the_form_has_the_fields_of_the_service_and_says_what_they_mean(opened, engine):
    terminal = opened(80, 30)
    terminal.send("A")
    terminal.wait_for("Add a monitor")
    terminal.wait_for("what must hold")  # slow
    assert "HTTP status" not in terminal.text
    terminal.send("https://shop.example.net")
    terminal.wait_for("HTTP status")
    terminal.send("\x1b[Z")  # back over the end: the last field of all
    terminal.wait_for("login in clear")
    terminal.wait_for("only over judged TLS or to this machine")
    terminal.send("\x1b[Z" * 3)
    terminal.wait_for("Never the password itself")
    terminal.send("hunter2\r")
    terminal.wait_for("write env:NAME, file:/path, cred:name or")
    assert "hunter2" not in str(engine.asked)
    terminal.send("\x15")
    terminal.wait_gone("hunter2")
    terminal.send("env:PW")
    terminal.wait_for("env:PW")
    terminal.send("\x1b[Z")
    terminal.wait_for("User name of the login")
    terminal.send("uptime\r")
    terminal.wait_for("added https://shop.example.net")
    login = {"user": "uptime", "password": "env:PW"}
    assert engine.asked[-1].tables == ({"target": "https://shop.example.net", "login": login},)


def test_every_field_is_reached_by_tab_at_80x24_and_keeps_what_was_typed(opened, engine):
    terminal = opened()
    terminal.send("A")
    terminal.wait_for("Enter save")
    terminal.send("https://shop.example.net")
    terminal.wait_for("HTTP status")
    names = [field for field in fields() if applies(field, HTTPS)]
    for number, field in enumerate(names[1:], 1):
        if field.key == "expect":  # closed, or nothing; the rest goes away with it
            terminal.send("\t")
            continue
        terminal.send(f"\tv{number}")
        terminal.wait(
            lambda t, field=field, number=number: any(
                line.startswith(f" {field.label:<15}v{number}") for line in t.lines
            ),
            f"{field.label} with what was typed",
        )
    terminal.send("\t")
    for number, field in enumerate(names[1:], 1):
        terminal.send("\t")
        if field.key != "expect":
            terminal.wait(
                lambda t, field=field, number=number: any(
                    line.startswith(f" {field.label:<15}v{number}") for line in t.lines
                ),
                f"{field.label} once more",
            )
    assert not engine.asked or {type(message).__name__ for message in engine.asked} == {"TryTarget"}


@pytest.mark.parametrize("lines", [12, 15])
def test_a_low_window_shows_the_keys_of_the_form(opened, lines):
    terminal = opened(60, lines)
    terminal.send("A")
    terminal.wait_for("Add a monitor")
    terminal.send("https://shop.example.net")
    terminal.wait_for("DNS ✓1.0ms")
    terminal.wait(lambda t: t.lines[-1].startswith(" Enter save") and t.lines[1].startswith(" target "), "all of it")
    terminal.send("\x1b[Z" * 5)  # a long explanation
    terminal.wait_for("login user")
    terminal.wait(lambda t: t.lines[-1].startswith(" Enter save"), "the keys")


def test_what_is_wrong_is_shown_at_its_field(opened, engine):
    terminal = opened()
    terminal.send("e")
    terminal.wait_for("Edit ssh-0003")
    for _ in range(5):
        terminal.send("\t")
    terminal.wait_for("Whole time of one probe")
    terminal.send("9h")
    terminal.wait(lambda t: any(re.match(r" timeout +9h", line) for line in t.lines), "what was typed")
    terminal.send("\t\t")
    engine.reply = lambda message: Reply(message.number, error="timeout must be 50ms to 5m", key="timeout")
    terminal.send("\r")
    terminal.wait_for("timeout must be 50ms to 5m")
    terminal.wait_for("Whole time of one probe")
    with terminal._lock:
        row = next(n for n, line in enumerate(terminal.screen.display) if line.startswith(" timeout"))
        colours = {terminal.screen.buffer[line][2].fg for line in (row, row + 1)}
    assert len(colours) == 2, "the label stands out"
    terminal.send("\x7f")
    terminal.wait(lambda t: t.screen.buffer[row][2].fg == t.screen.buffer[row + 1][2].fg, "the mark gone")


def test_the_wheel_and_a_click_go_to_a_field_and_typing_brings_its_line_back(opened):
    terminal = opened()
    terminal.send("A")
    terminal.wait_for("Enter save")
    terminal.send("https://shop.example.net")
    terminal.wait_for("250 ready")
    terminal.send("\x1b[<65;20;5M" * 20)
    terminal.wait_for("login in clear")
    terminal.wait_gone(" target ")
    terminal.send("/x")
    terminal.wait_for("https://shop.example.net/x")
    terminal.wait_for(" HTTP status ")  # the last line: all of it is drawn
    line = next(n for n, text in enumerate(terminal.lines, 1) if text.startswith(" runbook"))
    terminal.send(f"\x1b[<0;30;{line}M\x1b[<0;30;{line}m")
    terminal.wait_for("A link or a line of your own.")
    terminal.send("see wiki")
    terminal.wait(lambda t: any(re.match(r" runbook +see wiki", text) for text in t.lines), "the text in its field")


def test_a_key_that_the_service_does_not_have_is_left_alone(opened, engine):
    table = {"name": "ssh-0003", "target": "ssh://h3.example.net", "mail_domain": "shop.example"}
    engine.reply = lambda message: Reply(message.number, table=table, message="done")
    terminal = opened()
    terminal.send("e")
    terminal.wait_for("Edit ssh-0003")
    terminal.send("\x1b")
    terminal.wait_gone("Edit ssh-0003")
    terminal.send("e")
    terminal.wait_for("Edit ssh-0003")
    terminal.send("\x15smtp://h3.example.net")
    terminal.wait_for("mail domain")
    terminal.send("\x15https://h3.example.net\r")
    terminal.wait_gone("Edit ssh-0003")
    assert engine.asked[-1].changes == {"target": "https://h3.example.net"}
    assert engine.asked[-1].seen == table
