"""The filter language: words and terms, all of which must hold; typed letter by letter, it never fails."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from uptime_tui.model.filter import parse_filter, searchable

NOW_S = 1_800_000_000.0
MX = SimpleNamespace(
    text=searchable(
        "MX1 Submission", "submission://mx1.example.net:587", "outbound mail of the shop", ("prod", "Mail")
    ),
    host="mx1.example.net",
    service="submission",
    category="email",
    status="down",
    suspected=False,
    failure="refused",
    tags=("prod", "Mail"),
    latency_ms=250.0,
    cert_not_after=int(NOW_S + 9.5 * 86400),
)
DB = SimpleNamespace(
    text=searchable("db3", "postgresql://db3:5432", "", ()),
    host="db3",
    service="postgresql",
    category="database",
    status="up",
    suspected=True,
    failure="timeout",
    tags=(),
    latency_ms=None,
    cert_not_after=None,
)


COMPOSED, TAKEN_APART = "caf\u00e9", "cafe\u0301"


def chosen(parsed):
    return [one.host.partition(".")[0] for one in parsed.select((MX, DB), NOW_S)]


@pytest.mark.parametrize(
    ("text", "mx", "db"),
    [
        ("", True, True),
        ("   ", True, True),
        ("mx1", True, False),
        ("SUBMISSION", True, False),
        ("shop", True, False),
        ("5432", False, True),
        ("prod", True, False),
        ("mx1*", True, False),
        ("*", False, False),
        ("mx1 shop", True, False),
        ("mx1 db3", False, False),
        ("!mx1", False, True),
        ("!", True, True),
        ("submission prod", True, False),
        ("state:down", True, False),
        ("State:DOWN,degraded", True, False),
        ("status:up", False, True),
        ("state:susp", False, True),
        ("!state:suspected", True, False),
        ("cat:email", True, False),
        ("category:data", False, True),
        ("tag:mail", True, False),
        ("tag:prod,other", True, False),
        ("svc:s", False, False),
        ("svc:s*", True, False),
        ("svc:su", True, False),
        ("service:postgresql", False, True),
        ("host:mx1", True, False),
        ("why:refused", True, False),
        ("failure:time", False, True),
        ("cert<14", True, False),
        ("CERT<14d", True, False),
        ("cert>14", False, False),
        ("cert>9.4", True, False),
        ("cert<9.4", False, False),
        ("lat>200", True, False),
        ("lat>200ms", True, False),
        ("lat<200", False, False),
        ("!lat>200", False, True),
        ("colour:red", False, False),
        ("https://x", False, False),
        ("submission://mx1", True, False),
        ("name<3", False, False),
    ],
)
def test_terms(text, mx, db):
    parsed = parse_filter(text)
    assert chosen(parsed) == ["mx1"] * mx + ["db3"] * db
    assert (parsed.problem, parsed.text) == ("", text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cert<", "cert< wants a number"),
        ("lat>fast", "lat>fast wants a number"),
        ("state:", "state: wants a value"),
        ("cat:,", "cat:, wants a value"),
        ("state:broken", "broken is no state: up, degraded, down, unknown, paused, pending, suspected"),
        ("!cert< state:", "cert< wants a number"),
    ],
)
def test_an_unfinished_term_is_left_out_and_named(text, problem):
    parsed = parse_filter(text)
    assert parsed.problem == problem
    assert chosen(parsed) == ["mx1", "db3"]
    assert chosen(parse_filter(f"mx1 {text}")) == ["mx1"]


def test_words_do_not_run_together():
    assert chosen(parse_filter("submissionsubmission")) == []
    assert searchable("A", "b", "C", ("d", "e")) == "a\nb\nc\nd\ne"


def test_the_terms_of_the_reference_are_read():
    page = (Path(__file__).parents[3] / "docs" / "reference" / "filter.md").read_text("utf-8")
    terms = re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)
    assert len(terms) == 10
    assert [parse_filter(term).problem for term in terms] == [""] * 10


@pytest.mark.parametrize("kept", [COMPOSED, TAKEN_APART])
@pytest.mark.parametrize("typed", [COMPOSED, TAKEN_APART, TAKEN_APART.upper()])
@pytest.mark.parametrize("key", ["", "tag:"])
def test_accents_match_however_they_are_encoded(kept, typed, key):
    there = SimpleNamespace(text=searchable(kept, "tcp://h:1", "", ()), tags=(kept,))
    assert parse_filter(key + typed).select([there], NOW_S) == [there]
