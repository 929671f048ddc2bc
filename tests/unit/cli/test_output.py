"""The JSON of the contract, and the lines for people."""

import json

from uptime_tui.cli import output
from uptime_tui.knowledge.entry import Cause, CheckItem, Hints
from uptime_tui.model.certificate import Certificate
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence, Result, Timings
from uptime_tui.model.units import MonitorId

NOW_S = 1_800_000_000.0
CERTIFICATE = Certificate(
    subject="CN=mx1.example.net",
    issuer="CN=Example CA",
    names=("mx1.example.net",),
    not_before=1_700_000_000,
    not_after=1_799_913_600,
    sha256="ab" * 32,
    problems=(Failure.TLS_EXPIRED, Failure.TLS_NAME_MISMATCH),
)
FAILED = Result(
    monitor=MonitorId(0),
    at_ms=1_800_000_000_000,
    failure=Failure.REFUSED,
    phase=Phase.CONNECT,
    detail="refused",
    timings=Timings(dns=1.23456, total=3.4),
    address="192.0.2.7",
    port=25,
    certificate=CERTIFICATE,
    evidence=(Evidence("tcp_failure", Phase.CONNECT, ok=False, text="RST"),),
)
HINTS = Hints(
    Failure.REFUSED, "Refused", "Nothing listens.", (Cause("a", "It stopped.", ("Is it running?",), ("ss -ltn",), 0.8),)
)


def test_json_has_exactly_the_contracts_keys(capsys):
    output.json_line(output.result_json("smtp://mx1.example.net", "smtp", FAILED, HINTS, now_s=NOW_S))
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    found = json.loads(line)
    assert list(found) == [
        "target", "service", "status", "failure", "phase", "detail", "address", "port", "vantage", "timings_ms",
        "certificate", "evidence", "causes",
    ]  # fmt: skip
    assert found["timings_ms"] == {"dns": 1.235, "connect": None, "tls": None, "protocol": None, "total": 3.4}
    assert found["certificate"] == {
        "subject": "CN=mx1.example.net",
        "issuer": "CN=Example CA",
        "names": ["mx1.example.net"],
        "not_before": "2023-11-14T22:13:20Z",
        "not_after": "2027-01-14T08:00:00Z",
        "days_left": -1.0,
        "sha256": "ab" * 32,
        "problems": ["tls_expired", "tls_name_mismatch"],
    }
    assert found["evidence"] == [{"id": "tcp_failure", "phase": "connect", "ok": False, "text": "RST"}]
    assert found["causes"] == [
        {"id": "a", "confidence": 0.8, "text": "It stopped.", "check": ["Is it running?"], "commands": ["ss -ltn"]}
    ]
    assert (found["status"], found["failure"], found["phase"], found["vantage"]) == (
        "down",
        "refused",
        "connect",
        "local",
    )


def test_lines_say_the_finding_first():
    lines = output.result_lines("mx1:25", FAILED, HINTS)
    assert lines[0].split() == ["DOWN", "mx1:25", "192.0.2.7:25", "3", "ms"]
    assert "refused in connect: refused" in lines[1]
    assert any("tls_expired, tls_name_mismatch" in line for line in lines)
    assert any("ss -ltn" in line for line in lines)


def test_table_aligns_columns():
    assert output.table([("a", "bbb", "c"), ("aaaa", "b", "cc")]) == ["a     bbb  c", "aaaa  b    cc"]
    assert output.table([("日本", "x"), ("abc", "y")]) == ["日本  x", "abc   y"]
    assert output.table([]) == []


def test_what_shows_a_check_stands_below_it():
    checks = (CheckItem("Is it running?", command="ss -ltn"), CheckItem("Who else?", where="a colleague"), "A third.")
    hints = Hints(Failure.REFUSED, "Refused", "m", (Cause("a", "It stopped.", checks),))
    assert [" ".join(line.split()) for line in output.result_lines("smtp://mx1.example.net", FAILED, hints)[-5:]] == [
        "likely: It stopped.", "check: Is it running?", "run: ss -ltn", "check: Who else?", "see: a colleague",
    ]  # fmt: skip
