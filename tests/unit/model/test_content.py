import gzip
import zlib

import pytest

from uptime_tui.model.content import accepts, judge_body, wants_body
from uptime_tui.model.failure import Failure
from uptime_tui.model.monitor import Expectations


@pytest.mark.parametrize(
    ("ranges", "code", "accepted"),
    [
        ("200-399", 200, True),
        ("200-399", 399, True),
        ("200-399", 400, False),
        ("200-299,301", 301, True),
        ("200-299, 301", 302, False),
        ("401", 401, True),
        ("", 200, False),
        ("x-y,-,200-", 200, False),
        ("²00", 200, False),
    ],
)
def test_accepts(ranges, code, accepted):
    assert accepts(ranges, code) is accepted


def judged(body, headers=(), **expect):
    outcome = judge_body(Expectations(**expect), dict(headers), body)
    return outcome and outcome.failure


def test_wants_body():
    assert not wants_body(Expectations(status="200", redirect="https://"))
    assert wants_body(Expectations(keyword="x"))
    assert wants_body(Expectations(keyword_absent="x"))
    assert wants_body(Expectations(json=True))


def test_keyword_in_the_charset_of_the_page():
    latin = ((b"content-type", b"text/html; charset=ISO-8859-1"),)
    wide = ((b"content-type", b"text/plain; charset=utf-16"),)
    assert judged("Grüße".encode(), keyword="Grüße") is None
    assert judged("Grüße".encode("latin-1"), latin, keyword="Grüße") is None
    assert judged("Grüße".encode("latin-1"), keyword="Grüße") is Failure.KEYWORD_MISSING
    assert judged(b'<meta charset="latin-1">' + "Grüße".encode("latin-1"), keyword="Grüße") is None
    assert judged("welcome".encode("utf-16"), wide, keyword="welcome") is None
    assert judged("Grüße".encode("utf-16-be"), wide, keyword="Grüße") is None
    assert judged(b"Gr", ((b"content-type", b"text/html; charset=no-such"),), keyword="ü") is Failure.KEYWORD_MISSING
    assert judged("Grüße".encode("latin-1"), latin, keyword_absent="Grüße") is Failure.KEYWORD_PRESENT
    assert judged(b"x", ((b"content-type", b"text/html; charset=zip"),), keyword="ü") is Failure.KEYWORD_MISSING


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        (b'{"a": [1, 2, null]}', True),
        (b"\xef\xbb\xbf{}", True),
        (b"", False),
        (b"<html>", False),
        (b"[" * 100_000, False),
        (b'"\xff"', False),
        (b"{} {}", False),
    ],
)
def test_json(body, valid):
    assert judged(body, json=True) is (None if valid else Failure.JSON_INVALID)


def test_an_empty_body_is_called_empty():
    assert judge_body(Expectations(json=True), {}, b"\r\n").detail == "the body is not JSON: it is empty"


def test_encoded_body_is_read_within_the_bound():
    said = ((b"content-encoding", b"GZIP"),)
    assert judged(gzip.compress(b"hello"), said, keyword="hello") is None
    assert judged(zlib.compress(b"hello"), ((b"content-encoding", b"deflate"),), keyword="hello") is None
    bomb = gzip.compress(b"\0" * 5_000_000)
    assert judged(bomb, said, keyword="x", max_body_bytes=1000) is Failure.BODY_TOO_LARGE
    assert judged(b"no gzip", said, keyword="x") is Failure.BAD_PROTOCOL
    assert judged(b"x", ((b"content-encoding", b"br"),), keyword="x") is Failure.BAD_PROTOCOL
