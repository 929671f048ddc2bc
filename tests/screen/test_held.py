"""Lines stay where they are while somebody is at work on them."""

import re

from support.fleets import row


def test_the_cursor_stays_on_its_monitor_when_the_order_changes(opened, engine):
    terminal = opened()
    terminal.send("j")
    terminal.wait_line("> ✗ DOWN     smtp-0001")
    old = engine.rows[30]
    engine.change(row(30, "down", since_ms=old.since_ms - 10**9))
    terminal.wait_for("PROBLEMS 9")
    assert any(line.startswith("> ✗ DOWN     smtp-0001") for line in terminal.lines)


def test_nothing_is_held_before_the_first_key(opened, engine):
    terminal = opened()
    engine.change(row(30, "down"))
    terminal.wait_for("PROBLEMS 9", 2.5)


def test_a_delete_moves_no_other_line_under_the_hands(opened, engine):
    terminal = opened()
    terminal.send("jD")
    terminal.wait_for("Delete “smtp-0001”?")
    engine.change(row(30, "down", since_ms=1))  # would be the first of all
    terminal.send("y")
    terminal.wait_gone("Delete “")
    terminal.wait_for("held: +1 new, press .")
    terminal.wait(lambda t: not any(re.match(r". ✗ DOWN +smtp-0001", line) for line in t.lines), "the end of its line")
    assert re.match(r"  ✗ DOWN +ssh-0003", terminal.lines[3])
    assert re.match(r"> ✗ DOWN +postgresql-0002", terminal.lines[4])
    terminal.send(".")
    terminal.wait(lambda t: re.match(r"  ✗ DOWN +\S+-0030", t.lines[3]), "the order of now")


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
    terminal.wait_line(r"> ✗ DOWN +\S+-0030")
