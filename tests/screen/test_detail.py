"""The detail on a real terminal: incidents read as they were, the domain of a mail server, and never another monitor."""

import re
import time

import msgspec
import pytest

from support.fake_engine import FakeEngine
from support.fleets import monitor, result, row
from uptime_tui.model.diagnosis import Check, Diagnosis, Suspect
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.incident import Incident
from uptime_tui.model.result import Evidence
from uptime_tui.model.units import MonitorId
from uptime_tui.ui.screens.board import HOLD_S
from uptime_tui.wire.messages import AskDiagnosis, Changes, Reply

ONE = MonitorId(1)
NOW_MS = int(time.time() * 1000)


def found(at_ms, cause, **changes):
    failed = result("refused", at_ms=at_ms, address="192.0.2.8", detail="192.0.2.8:25 refused the connection")
    good = result(at_ms=at_ms - 60_000, address="192.0.2.7", banner="220 mx1 ready")
    suspect = Suspect("c", cause, 0.8, checks=(Check("Is it running?", command="systemctl status postfix"),))
    facts = (Evidence("rst", Phase.CONNECT, ok=False, text="connect: refused"),)
    made = Diagnosis(ONE, at_ms, failed, Failure.REFUSED, good, facts, (suspect,), complete=True)
    return msgspec.structs.replace(made, **changes)


OLD_MS, NEW_MS = NOW_MS - 6 * 3_600_000, NOW_MS - 3_600_000
KEPT = {
    11: (found(OLD_MS, "The disk was full."),),
    12: (found(NEW_MS, "It was stopped."), found(NEW_MS + 60_000, "It listens elsewhere.")),
}


class Engine(FakeEngine):
    """Knows two incidents of its first monitor, and an audit of its domain."""

    def focus(self, number):
        if number != ONE:
            return super().focus(number)
        incidents = tuple(
            Incident(n, ONE, at_ms, Status.DOWN, Failure.REFUSED, "refused", at_ms + 120_000)
            for n, at_ms in ((12, NEW_MS), (11, OLD_MS))
        )
        audit = (Evidence("spf", Phase.DNS, ok=False, text="SPF: 11 lookups, 10 are allowed"),)
        newest = found(NOW_MS, "", suspects=(), failure=None, failed=result(at_ms=NOW_MS), audit=audit)
        return msgspec.structs.replace(super().focus(number), incidents=incidents, diagnosis=newest)

    def _do(self, message, writer):
        if isinstance(message, AskDiagnosis):
            return Reply(message.number, diagnoses=KEPT[message.incident])
        return super()._do(message, writer)

    def later(self, *rows):
        async def tell():
            self.rows.update({r.id: r for r in rows})
            self._broadcast(Changes(rows=rows))

        self.call(tell())


@pytest.fixture
def engine(tmp_path):
    monitors = [
        monitor(1, "mx1 smtp", category="email", target=("smtp", "mx1.example.net", 25)),
        monitor(2, "gate", target=("ssh", "gate.example.net", 22)),
    ]
    rows = [row(1, "up", since_ms=NOW_MS - 60_000), row(2, "down", failure="refused", detail="refused")]
    with Engine(tmp_path, monitors, rows) as running:
        yield running


@pytest.fixture
def drawn():
    return "mx1 smtp"


def of_mail(terminal):
    terminal.send("/mx1\r")
    terminal.wait(lambda t: any(re.match(r"> .*mx1 smtp", line) for line in t.lines), "the cursor on mx1")
    terminal.send("\r")
    terminal.wait_for("Esc back")


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)])
def test_an_incident_is_read_as_it_was_long_after(opened, columns, lines):
    terminal = opened(columns, lines)
    of_mail(terminal)
    terminal.send("\t")
    terminal.wait_for("incident 1 of 2")
    terminal.wait_for("80% It was stopped.")
    terminal.wait_for("last good")
    terminal.wait_for("then at 192.0.2.7, now at 192.0.2.8")
    terminal.wait_for("220 mx1 ready")
    terminal.send("G")
    terminal.wait_for("looked into again at")
    terminal.send("[")
    terminal.wait_for("80% The disk was full.")
    terminal.wait_for("incident 2 of 2")
    terminal.send("[")
    terminal.wait_for("no older incident is known")
    terminal.send("y")
    terminal.wait_for("incident report")
    terminal.send("c")
    terminal.wait_for("sent to the terminal: systemctl status postfix")
    terminal.send("]")
    terminal.wait_for("80% It was stopped.")


def test_d_opens_the_drawer_for_what_it_finds(opened):
    terminal = opened()
    assert "ssh://gate.example.net:22" not in terminal.text
    terminal.send("d")
    terminal.wait_for("ssh://gate.example.net:22")
    terminal.send("d")
    terminal.wait_for("ssh://gate.example.net:22")


def test_the_domain_of_a_mail_server_has_its_page_and_others_have_none(opened):
    terminal = opened()
    of_mail(terminal)
    terminal.wait_for("looked at by hand")
    terminal.send("\t\t")
    terminal.wait_for("1 of 1 facts speak against it")
    terminal.wait_for("SPF: 11 lookups, 10 are allowed")
    terminal.send("\t")
    terminal.wait_for("smtp://mx1.example.net:25")


def test_a_recovery_does_not_put_another_monitor_in_the_place_of_the_one_that_is_read(opened, engine):
    terminal = opened()
    terminal.send("1")
    terminal.wait_gone("mx1 smtp")
    terminal.send("\r")
    terminal.wait_for("ssh://gate.example.net:22")
    time.sleep(HOLD_S + 0.3)  # the hold of a key has ended: only the open detail holds the lines now
    engine.later(row(2, "up"), row(1, "down", failure="refused", detail="refused"))
    terminal.wait_for("✓ up")
    terminal.wait_for("ssh://gate.example.net:22")
    terminal.send("n")
    terminal.wait_for("smtp://mx1.example.net:25")
