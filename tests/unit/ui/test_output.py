"""The last word gets to a terminal that is full, behind nothing that would change it, and nothing comes after it."""

import os
import pty
import tty
from pathlib import Path

import pytest

from uptime_tui.ui.output import Output

LAST = b"\x1b[?1049l\x1b[?25h"


@pytest.fixture
def terminal():
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, slave
    for file in (master, slave):
        os.close(file)


def read_all(master):
    os.set_blocking(master, False)
    found = b""
    try:
        while data := os.read(master, 65536):
            found += data
    except BlockingIOError:
        return found


def test_what_was_written_comes_in_order_before_the_last_word(terminal):
    master, slave = terminal
    output = Output(slave)
    output.write(b"one")
    output.write(b"two")
    found = b""
    while len(found) < 6:
        found += os.read(master, 100)
    output.end(LAST)
    output.write(b"late")
    output.end(b"another")
    assert found + read_all(master) == b"onetwo" + LAST
    assert output.backlog == 0


def test_a_full_terminal_gets_the_last_word_and_no_part_of_a_sequence_spoils_it(terminal):
    master, slave = terminal
    output = Output(slave)
    output.write(b"\x1b[38;2;1;2;3m" * 100_000)
    begun = os.read(master, 20)
    output.write(b"never")
    output.end(LAST)
    assert begun.startswith(b"\x1b[38")
    found = read_all(master)
    assert found.endswith(b"\x18" + LAST)
    assert b"never" not in found


def test_it_does_not_change_the_open_file_that_it_was_given(terminal):
    _, slave = terminal
    output = Output(slave)
    output.end(LAST)
    assert os.get_blocking(slave)


def test_a_terminal_that_is_gone_holds_nobody_up():
    master, slave = pty.openpty()
    output = Output(slave)
    output.write(b"x" * 1_000_000)
    os.close(master)
    output.write(b"more")
    output.end(LAST)
    os.close(slave)
    assert output._ended.is_set()


def test_the_files_of_a_terminal_are_closed_at_the_end(terminal):
    _, slave = terminal
    before = sorted(Path("/proc/self/fd").iterdir())
    output = Output(slave)
    output.end(LAST)
    assert sorted(Path("/proc/self/fd").iterdir()) == before
