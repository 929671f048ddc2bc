"""A scripted engine, and dashboards of it on real terminals."""

import pytest

from support.fake_engine import FakeEngine, make_fleet
from support.pty_terminal import PtyTerminal


@pytest.fixture
def engine(tmp_path):
    monitors, rows = make_fleet(60)
    with FakeEngine(tmp_path, monitors, rows, banner="220 mx1 ready") as running:
        yield running


@pytest.fixture
def drawn():
    """What is on the screen once the rows of the fleet are; a fleet of one's own has another."""
    return "ssh-0003"


@pytest.fixture
def opened(engine, drawn):
    """Opens dashboards of a size that have drawn their rows."""
    terminals = []

    def open_it(columns=80, lines=24, wait=drawn, **options):
        terminal = PtyTerminal(engine.home.config, columns=columns, lines=lines, **options)
        terminals.append(terminal)
        if wait:
            terminal.wait_for(wait)
        return terminal

    yield open_it
    for terminal in terminals:
        terminal.__exit__()
