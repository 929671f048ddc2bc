"""Words, glyphs and numbers: readable without colour, changing at most once a minute."""

import pytest

from support.fleets import row
from uptime_tui.model.failure import Failure, Status
from uptime_tui.view import words
from uptime_tui.view.cells import cell_width
from uptime_tui.view.words import ASCII, UNICODE


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "<1m"), (0, "<1m"), (59.9, "<1m"), (60, "1m"), (3599, "59m"), (3600, "1h"), (47.9 * 3600, "47h"), (48 * 3600, "2d"), (99.9 * 86400, "99d"), (100 * 86400, "14w"), (1e12, "999w")],
)  # fmt: skip
def test_ages_are_coarse_and_short(seconds, text):
    assert words.age(seconds) == text
    assert len(text) <= 4


@pytest.mark.parametrize(
    ("ms", "text"),
    [(None, ""), (0.0, "0.0ms"), (0.31, "0.3ms"), (9.94, "9.9ms"), (9.96, "10ms"), (999.4, "999ms"), (999.6, "1.0s"), (1234, "1.2s"), (99_940, "99.9s"), (99_960, "100s"), (300_000, "300s")],
)  # fmt: skip
def test_latencies(ms, text):
    assert words.latency(ms) == text
    assert len(text) <= 6


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(14.9 * 86400, "14d"), (86400, "1d"), (86399, "23h"), (3599, "59m"), (0, "0m"), (-60, "-1m"), (-3600, "-1h"), (-1.9 * 86400, "-1d")],
)  # fmt: skip
def test_days_left_are_full_ones(seconds, text):
    assert words.days_left(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (1.0, "100%"), (0.99999, "99.99%"), (0.9987, "99.87%"), (0.57, "57.00%"), (0.0, "0.00%")],
)
def test_a_share_is_a_hundred_only_when_it_is(value, text):
    assert words.share(value) == text


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_every_status_has_a_glyph_a_word_and_a_role(glyphs):
    rows = [row(1, status) for status in Status] + [row(1, suspected="timeout")]
    assert len({words.status_glyph(one, glyphs) for one in rows}) == len(rows)
    assert len({words.status_word(one) for one in rows}) == len(rows)
    assert all(cell_width(words.status_word(one)) <= 8 for one in rows)
    assert all(words.row_role(one) for one in rows)
    singles = [*glyphs.status.values(), *glyphs.levels, glyphs.suspected, glyphs.open, glyphs.closed, glyphs.step]
    singles += [glyphs.yes, glyphs.no, glyphs.none, glyphs.failed, glyphs.ours, glyphs.rule, glyphs.bullet, glyphs.mark]
    assert all(cell_width(one) == 1 for one in [*singles, glyphs.cursor, glyphs.down, glyphs.up])
    assert len(glyphs.levels) == 8


def test_the_plain_set_is_ascii():
    for name in ASCII.__slots__:
        value = getattr(ASCII, name)
        assert "".join(value.values() if isinstance(value, dict) else value).isascii()


def test_a_suspicion_changes_word_and_role_but_never_those_of_down():
    for status in ("up", "pending", "unknown"):
        suspect = row(1, status, suspected="timeout")
        assert (words.status_word(suspect), words.status_glyph(suspect, UNICODE), words.row_role(suspect)) == (
            "suspect",
            "~",
            "warn",
        )
    warned = row(1, "degraded", suspected="timeout")
    assert (words.status_word(warned), words.status_glyph(warned, UNICODE), words.row_role(warned)) == (
        "DEGRADED",
        "!",
        "warn",
    )
    down = row(1, "down", suspected="timeout")
    assert (words.status_word(down), words.row_role(down)) == ("DOWN", "bad")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, ""),
        ({"flapping": True}, "flapping"),
        ({"failure": "refused"}, "connection refused"),
        ({"failure": "refused", "detail": "by mx1"}, "connection refused: by mx1"),
        ({"failure": "http_status", "detail": "HTTP status 503"}, "HTTP status 503"),
        ({"failure": "http_status", "detail": "HTTP 500 Internal Server Error"}, "HTTP 500 Internal Server Error"),
        ({"failure": "partial", "detail": "1 of 3 addresses fails: 192.0.2.7"}, "1 of 3 addresses fails: 192.0.2.7"),
        ({"failure": "no_greeting", "detail": "connected, it sent nothing"}, "connected, it sent nothing"),
        ({"failure": "partial"}, "some addresses or vantages fail"),
        ({"failure": "refused", "suspected": "timeout"}, "timeout"),
        ({"failure": "refused", "flapping": True}, "flapping; connection refused"),
    ],
)
def test_why(fields, text):
    assert words.why(row(1, "down", **fields)) == text


def test_a_failure_in_words():
    assert words.failure_title(Failure.TLS_EXPIRED) == "certificate expired"
