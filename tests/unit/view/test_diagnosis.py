"""A diagnosis on a screen and in a ticket: the conclusion first, every fact marked, nothing too wide, no markup of others."""

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from support.fleets import monitor, result, row
from uptime_tui.knowledge.entry import Cause, CheckItem, Hints
from uptime_tui.model.diagnosis import Check, Diagnosis, Relation, Suspect
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.units import MonitorId
from uptime_tui.view.cells import cell_width
from uptime_tui.view.copies import copies
from uptime_tui.view.diagnosis import belongs_to, diagnosis_lines, explains, next_command
from uptime_tui.view.report import code, markdown
from uptime_tui.view.words import UNICODE

FAILED = result("refused", detail="192.0.2.7:25 refused the connection")
STOPPED = Suspect(
    "stopped", "It is stopped.", 0.82, ("rst", "sibling_open"), (),
    (
        Check("Does the host answer?", "fine", ("sibling_open",), "ping mx1"),
        Check("Does it listen?", "wrong", ("not_listening",), "ss -ltn"),
        Check("Why did it end?", "open", (), "journalctl -u postfix"),
        Check("Is it let in?", "open", (), "", "the provider's console"),
        Check("Is it known?", "fine", (), "", "a colleague"),
        Check("", command="systemctl status postfix"),
    ),
)  # fmt: skip
BOUND = Suspect("bound", "It listens elsewhere.", 0.1)
RULED_OUT = Suspect("off", "The host is off.", 0.004, (), ("sibling_open",))
FOUND = Diagnosis(
    MonitorId(1), FAILED.at_ms, FAILED, Failure.REFUSED, None,
    (
        Evidence("dns_answer", Phase.DNS, ok=True, text="192.0.2.7"),
        Evidence("sibling_open", Phase.CONNECT, ok=True, text="port 22 answers"),
        Evidence("rst", Phase.CONNECT, ok=False, text="connect: refused"),
        Evidence("quiet", Phase.TLS, ok=None, text="not reached"),
    ),
    (STOPPED, BOUND, RULED_OUT), (Relation("host mx1", ("a", "b"), ("ssh",)), Relation("network", (), ("c",))),
    "all mail ports refused, SSH fine", complete=True, took_ms=1234.0, packets=14,
)  # fmt: skip


def texts(diagnosis=FOUND, width=60, **options):
    return ["".join(text for text, _ in line) for line in diagnosis_lines(diagnosis, width, UNICODE, str, **options)]


def test_the_conclusion_comes_first_then_the_failing_layer():
    lines = texts()
    assert lines[:3] == ["all mail ports refused, SSH fine", "82% It is stopped.", "4 facts, 1.2 s, 14 packets"]
    facts = [line for line in lines if line.endswith(("refused", "answers", "192.0.2.7", "reached"))]
    assert facts == ["✗ connect: refused", "✓ port 22 answers", "✓ 192.0.2.7", "– not reached"]


def test_what_shows_the_cause_comes_before_what_to_check_and_the_rest_last():
    lines = texts()
    order = ["✗ connect: refused", "✓ port 22 answers", "✗ Does it listen?", "otherwise", "how far it reaches"]
    places = [lines.index(line) for line in (*order, "seen as well", "✓ 192.0.2.7", "– not reached")]
    assert places == sorted(places)


def test_what_the_probe_said_is_not_said_again():
    said = Evidence("rst", Phase.CONNECT, ok=False, text=FAILED.detail)
    found = msgspec.structs.replace(FOUND, evidence=(*FOUND.evidence, said))
    assert texts(found)[3:] == texts()[3:]


def test_every_check_is_marked_and_what_is_not_fine_has_its_command_or_place():
    lines = texts()
    start = lines.index("✓ Does the host answer?")
    assert lines[start : start + 9] == [
        "✓ Does the host answer?", "✗ Does it listen?", "  $ ss -ltn", "– Why did it end?", "  $ journalctl -u postfix",
        "– Is it let in?", "  see the provider's console", "✓ Is it known?", "  $ systemctl status postfix",
    ]  # fmt: skip


def test_other_causes_are_listed_unless_ruled_out():
    assert " 10% It listens elsewhere." in texts()
    assert not any("The host is off" in line for line in texts())


def test_how_far_it_reaches():
    assert "• host mx1: 2 of 3 others fail (a, b)" in texts()
    assert "• network: the other 1 is fine (c)" in texts()


def test_a_small_screen_has_the_conclusion_and_the_next_step():
    lines = texts(brief=True)
    assert lines == [
        "all mail ports refused, SSH fine", "82% It is stopped.", "✗ Does it listen?", "$ ss -ltn",
        "4 facts, 1.2 s, 14 packets",
    ]  # fmt: skip


def test_while_facts_still_arrive_it_says_so():
    assert "4 facts, looking…" in texts(msgspec.structs.replace(FOUND, complete=False))


def test_the_next_command_is_that_of_the_first_check_not_found_fine():
    assert next_command(FOUND) == "ss -ltn"
    assert next_command(None) == ""


def test_a_diagnosis_is_of_one_failure_and_one_time():
    assert explains(FOUND, Failure.REFUSED, FAILED.at_ms - 500)
    assert not explains(FOUND, Failure.TIMEOUT, FAILED.at_ms)
    assert not explains(FOUND, Failure.REFUSED, FAILED.at_ms + 60_000)
    assert belongs_to(FOUND, FOUND.at_ms, None)
    assert not belongs_to(FOUND, FOUND.at_ms - 9000, FOUND.at_ms - 5000)


@given(st.integers(20, 130), st.text(max_size=80).map(lambda text: safe_text(text, 300)), st.booleans())
def test_no_line_is_wider_than_its_place(width, text, brief):
    suspect = Suspect("x", text, 0.5, checks=(Check(text, "wrong", (), text),))
    evidence = (Evidence("a", Phase.CONNECT, ok=False, text=text),)
    found = msgspec.structs.replace(
        FOUND, summary=text, suspects=(suspect, suspect), evidence=evidence, audit=evidence,
        relations=(Relation(text, (text,), (text,)),),
    )  # fmt: skip
    assert all(cell_width(line) <= width for line in texts(found, width, brief=brief))


def test_a_report_for_a_ticket():
    shop = monitor(1, "mx1 smtp", target=("smtp", "mx1.example.net", 25, ""), purpose="mail in")
    good = msgspec.structs.replace(result(), at_ms=7)
    text = markdown(shop, msgspec.structs.replace(FOUND, last_good=good), lambda ms: f"@{ms}")
    assert text.startswith("# `mx1 smtp`: connection refused\n")
    for line in (
        "- target: `smtp://mx1.example.net:25`",
        "- purpose: `mail in`",
        "1. **82%** It is stopped.",
        "   - for: `rst`, `sibling_open`",
        "   - ✓ Does the host answer?",
        "   - ✗ Does it listen?: run `ss -ltn`",
        "   - – Is it let in?: see `the provider's console`",
        "   - ✓ Is it known?",
        "   - run `systemctl status postfix`",
        "- ✗ `connect: refused` (connect)",
        "- `host mx1: 2 of 3 others fail (a, b)`",
    ):
        assert line in text.splitlines()
    assert "last good: @7" in text


@given(st.text().map(lambda text: safe_text(text, 200)))
def test_a_code_span_holds_any_text(text):
    """CommonMark 0.31 §6.1: the span ends at the first run of backticks as long as its fence."""
    span = code(text)
    fence = re.match(r"`+", span)[0]
    inner = span[len(fence) : len(span) - len(fence)]
    assert fence not in re.findall(r"`+", inner)
    assert text in inner


def test_copies_are_the_next_command_and_the_report():
    shop = monitor(1, "mx1", target=("smtp", "mx1.example.net", 25, ""))
    made = copies(shop, row(1, "down", failure=Failure.REFUSED, detail="refused"), FOUND, None, str)
    assert made["c"] == ("next command", "ss -ltn")
    assert made["i"][1].startswith("# `mx1`")
    hints = Hints(Failure.REFUSED, "t", "m", (Cause("c", "t", (CheckItem("x", command="nc mx1"),)),))
    assert copies(shop, row(1, "down", failure=Failure.REFUSED), None, hints, str)["c"][1] == "nc mx1"
    assert set(copies(shop, row(1), None, None, str)) == {"n", "t"}
