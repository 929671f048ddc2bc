"""The screen of findings on a real terminal: read, mended, taken back, and left for the monitor."""

import msgspec
import pytest

from support.fake_engine import FakeEngine
from support.fleets import monitor, row
from uptime_tui.model.monitor import Expectations
from uptime_tui.model.target import Target
from uptime_tui.wire.messages import Add, Edit, Undo

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def engine(tmp_path):
    monitors = [
        monitor(
            1, "shop", target=("https", "shop.example.net", 443), purpose="x", expect=Expectations(tls_verify=False)
        ),
        monitor(2, "bare db", target=("tcp", "db.example.net", 3306), purpose="x"),
        monitor(3, "nameless", target=("ssh", "gate.example.net", 22)),
        monitor(4, "mailbox", target=("imaps", "mx.example.net", 993), purpose="x"),
        monitor(5, "cache", target=("redis", "cache.example.net", 6379), purpose="x", interval_s=30.0),
    ]
    rows = [row(m.id, "up", address="8.8.8.8" if m.name == "cache" else "192.0.2.7") for m in monitors]
    with FakeEngine(tmp_path, monitors, rows) as running:
        yield running


@pytest.fixture
def drawn():
    return "nameless"


def told(terminal):
    """The first line below the list: the rule of the finding under the cursor."""
    lines = terminal.lines
    return lines[next((n for n, line in enumerate(lines) if line.startswith("▔")), -2) + 1]


def at(terminal, rule):
    """The cursor on the finding of a rule."""
    terminal.wait_for("Esc back")
    terminal.wait(lambda t: told(t).strip().startswith("bare-mysql"), "the first finding")
    for _ in range(6):
        before = told(terminal)
        if before.strip().startswith(rule):
            return
        terminal.send("j")
        terminal.wait(lambda t, before=before: told(t) != before, "another finding")
    raise AssertionError(terminal.text)


def asked(engine, terminal, kind):
    terminal.wait(lambda _: any(isinstance(each, kind) for each in engine.asked), kind.__name__)
    return [each for each in engine.asked if isinstance(each, kind)][-1]


@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_w_lists_findings_the_worst_first_with_what_to_do(opened, columns, lines):
    terminal = opened(columns, lines)
    terminal.send("w")
    terminal.wait_for("2 error, 3 warning, 1 info")
    wanted = ["error"] * 2 + ["warning"] * 3 + ["info"]
    terminal.wait(
        lambda t: [word for line in t.lines for word in line.split()[1:2] if word in wanted] == wanted, "levels"
    )
    terminal.wait_for("f writes target = mysql://db.example.net:3306")
    terminal.wait_for("locks this machine out")
    rule = next(n for n, line in enumerate(terminal.lines) if line.startswith("▔"))
    assert rule == lines - 11  # the list has every line that nothing else needs
    terminal.send("\x1b")
    terminal.wait_for("STATE↓")


@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_f_has_the_engine_mend_it_and_the_finding_goes(opened, engine, columns, lines):
    terminal = opened(columns, lines)
    terminal.send("w")
    terminal.wait_for("f writes target")
    terminal.send("f")
    edit = asked(engine, terminal, Edit)
    assert (edit.monitor, edit.changes) == (2, {"target": "mysql://db.example.net:3306"})
    terminal.wait_for("edited bare db")
    engine.monitors[2] = msgspec.structs.replace(engine.monitors[2], target=Target("mysql", "db.example.net", 3306))
    engine.call(tell(engine))
    terminal.wait_gone("bare-mysql")
    terminal.wait_for("1 error, 4 warning")  # now it lacks an account
    terminal.send("u")
    asked(engine, terminal, Undo)


async def tell(engine):
    engine._broadcast(engine.state())


def test_what_turns_out_to_be_open_is_listed_at_once(opened, engine):
    terminal = opened(120, 40)
    terminal.send("w")
    terminal.wait_for("2 error, 3 warning, 1 info")
    engine.change(row(5, "up", address="192.0.2.7"))
    terminal.wait_for("1 error, 3 warning, 1 info")
    engine.change(row(5, "up", address="8.8.8.8"))
    terminal.wait_for("2 error, 3 warning, 1 info")


def test_f_adds_what_a_mail_host_lacks(opened, engine):
    terminal = opened()
    terminal.send("w")
    terminal.wait_for("2 error")
    at(terminal, "mail-ports-missing")
    terminal.send("f")
    targets = [table["target"] for table in asked(engine, terminal, Add).tables]
    assert targets == [
        "smtp://mx.example.net",
        "submission://mx.example.net",
        "smtps://mx.example.net",
        "pop3s://mx.example.net",
    ]


def test_enter_opens_the_form_at_the_field(opened, engine):
    terminal = opened()
    terminal.send("w")
    terminal.wait_for("2 error")
    at(terminal, "purpose-missing")
    terminal.send("f")
    terminal.wait_for("this wants a person")
    terminal.send("\r")
    terminal.wait_for("Edit nameless")
    terminal.wait_for("What it is for, for whoever is woken by it.")
    terminal.send("the gate\r")
    assert asked(engine, terminal, Edit).changes == {"purpose": "the gate"}
    terminal.wait_for("purpose-missing")


def test_g_goes_to_the_monitor(opened):
    terminal = opened(120, 40)
    terminal.send("w")
    terminal.wait_for("2 error")
    at(terminal, "exposed")
    terminal.send("g")
    terminal.wait_for("it may be open to the world")  # the panel's word on the cache


def test_a_locked_screen_changes_nothing(opened, engine):
    terminal = opened()
    terminal.send("L")
    terminal.wait_for("locked: nothing can be changed")
    terminal.send("w")
    terminal.wait_for("f writes target")
    terminal.send("f")
    terminal.wait_for("locked: L unlocks")
    assert not any(isinstance(each, Edit) for each in engine.asked)


def test_the_row_of_an_exposed_cache_is_marked(opened):
    terminal = opened(120, 40)
    terminal.wait(lambda t: any("cache" in line and "answers at a public" in line for line in t.lines), "the mark")
