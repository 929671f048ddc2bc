"""What kind of answer it is: from real bytes, through the handshake, to the cause that comes first."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.explained import case, causes, ids
from uptime_tui.diagnose.evidence import content as collector
from uptime_tui.dial.drive import Driver
from uptime_tui.handshakes.http import handshake
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.monitor import Expectations, HeaderCheck, Login
from uptime_tui.model.page import HEAD_BYTES, describe, kinds
from uptime_tui.model.safetext import is_safe
from uptime_tui.model.steps import Ask


def answered(data, *, failure=None, last_good=None, **expect):
    """The case of an HTTP monitor that was answered with these bytes."""
    driver = Driver(handshake(Ask("mx1.example.net", 80, "http", expect=Expectations(**expect))))
    driver.start(0.0)
    driver.feed(data, 0.1)
    driver.close(0.2)
    end = driver.ending
    assert failure is None or end.outcome.failure is failure
    asked = case(
        end.outcome.failure, service="http", detail=end.outcome.detail, banner=end.outcome.banner, last_good=last_good
    )
    failed = msgspec.structs.replace(asked.result, phase=end.phase, evidence=end.evidence)
    return replace(asked, result=failed)


def http(code, body=b"", **headers):
    fields = b"".join(f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in headers.items())
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%b\r\n%b" % (code, len(body), fields, body)


def found(asked):
    facts = list(collector.facts(asked))
    assert set(ids(facts)) <= set(collector.FACTS)
    assert all(is_safe(fact.text) for fact in facts)
    return facts


def first(asked):
    return causes(asked, found(asked))[0]


STATUS = [
    (http(502, b"<title>502 Bad Gateway</title>", Server="nginx"), "http_gateway", "backend_down"),
    (http(503), "http_gateway", "backend_down"),
    (http(504), "http_gateway", "backend_down"),
    (http(522, Server="cloudflare"), "http_gateway", "backend_down"),
    (http(500, b"Traceback (most recent call last): x"), "page_code", "application_error"),
    (http(500), "http_own_error", "application_error"),
    (http(401, WWW_Authenticate="Basic realm=x"), "http_login", "denied"),
    (http(403), "http_forbidden", "denied"),
    (http(404), "http_absent", "not_found"),
    (http(410), "http_absent", "not_found"),
    (http(400, b"The plain HTTP request was sent to HTTPS port"), "http_wants_tls", "wants_https"),
]


@pytest.mark.parametrize(("data", "fact", "cause"), STATUS)
def test_the_class_of_the_status(data, fact, cause):
    asked = answered(data, failure=Failure.HTTP_STATUS)
    assert collector.wants(asked)
    assert fact in ids(found(asked))
    assert first(asked) == cause


BUSY = [
    (http(503, Retry_After="3600"), "http_overload", "web_maintenance"),
    (http(503, b"<h1>Wartung</h1>", Retry_After="3600"), "page_maintenance", "web_maintenance"),
    (http(429, Retry_After="5"), "http_limited", "web_limit"),
    (http(429), "http_limited", "web_limit"),
]


@pytest.mark.parametrize(("data", "fact", "cause"), BUSY)
def test_a_server_that_is_busy_by_its_own_word(data, fact, cause):
    asked = answered(data, failure=Failure.BUSY)
    assert collector.wants(asked)
    assert fact in ids(found(asked))
    assert first(asked) == cause


def test_a_login_that_is_refused_is_no_login_that_is_missing():
    asked = answered(http(401, WWW_Authenticate="Bearer"))
    monitor = msgspec.structs.replace(asked.plan.monitor, login=Login(secret="env:TOKEN"))
    asked = replace(asked, plan=msgspec.structs.replace(asked.plan, monitor=monitor))
    assert "http_login" not in ids(found(asked))
    assert first(asked) == "login_refused"


def test_a_body_that_was_not_waited_for_is_not_called_empty():
    asked = answered(b"HTTP/1.1 404 X\r\nContent-Length: 9\r\n\r\n", failure=Failure.HTTP_STATUS)
    assert ids(found(asked)) == ["http_absent"]


def test_a_redirect_that_is_not_accepted():
    asked = answered(http(301, Location="https://mx1.example.net/"), failure=Failure.HTTP_STATUS, status="200")
    assert first(asked) == "moved"


PAGES = [
    (b"<html><title>Site under maintenance</title><p>We'll be back soon", "page_maintenance", "error_page"),
    (b"<h1>Error establishing a database connection</h1>", "page_database", "error_page"),
    (b"<b>Fatal error</b>: Uncaught Error in /srv/x.php", "page_code", "error_page"),
    (b"<title>Welcome to nginx!</title>", "page_default", "wrong_host_page"),
    (b"<p>This domain is for sale", "page_parked", "wrong_host_page"),
    (b"<title>Just a moment...</title>", "page_challenge", "bot_filter"),
    (b"<title>Our shop</title><p>Hello", "page_ordinary", "content_changed"),
    (b"", "page_empty", "error_page"),
]


@pytest.mark.parametrize(("body", "fact", "cause"), PAGES)
def test_the_kind_of_page_where_the_keyword_is_missing(body, fact, cause):
    asked = answered(http(200, body, Content_Type="text/html"), failure=Failure.KEYWORD_MISSING, keyword="Basket")
    assert ids(found(asked)) == [fact]
    assert first(asked) == cause


@pytest.mark.parametrize(
    ("expect", "fact", "cause"),
    [
        ({"headers": (HeaderCheck("x-frame-options"),)}, "header_missing", "header_gone"),
        ({"headers": (HeaderCheck("server", "equals", "x"),)}, "header_missing", "header_gone"),
        ({"min_body_bytes": 1000}, "body_short", "page_short"),
    ],
)
def test_a_missing_header_or_a_short_body_is_called_so(expect, fact, cause):
    asked = answered(http(200, b"<p>Hello there", Server="nginx"), failure=Failure.KEYWORD_MISSING, **expect)
    assert fact in ids(found(asked))
    assert first(asked) == cause


@pytest.mark.parametrize(
    ("body", "kind", "fact", "cause"),
    [
        (b"<!doctype html><title>Log in</title>", "text/html", "page_html", "html_instead"),
        (b'{"a": [1, 2', "application/json", "page_cut", "truncated"),
        (b'Warning: x in /y.php\n{"a": 1}', "application/json", "page_text_first", "warning_before"),
        (
            b'Warning: Undefined variable $x in /srv/www/api.php on line 7\n{"a": 1}',
            "text/html",
            "page_text_first",
            "warning_before",
        ),
        (b'<br />\n<b>Warning</b>:  Undefined variable\n{"a": 1}', "text/html", "page_text_first", "warning_before"),
        (b"  ", "application/json", "page_empty", "empty"),
    ],
)
def test_what_is_wrong_with_the_json(body, kind, fact, cause):
    asked = answered(http(200, body, Content_Type=kind), failure=Failure.JSON_INVALID, json=True)
    assert fact in ids(found(asked))
    assert first(asked) == cause


def test_json_of_another_form():
    detail = "HTTP 200: there is no status: the answer is an object of 1 (state)"
    asked = case(Failure.JSON_MISMATCH, service="http", detail=detail)
    assert ids(found(asked)) == ["json_path_missing"]
    assert first(asked) == "format_changed"


def test_a_parked_domain_was_taken_over():
    asked = redirected("HTTP 302 → https://parking.example/sold, expected https://x")
    assert ids(found(asked)) == ["redirect_parked", "redirect_elsewhere"]
    assert first(asked) == "hijack"


def redirected(detail, service="https"):
    return case(Failure.REDIRECT, service=service, detail=detail)


@pytest.mark.parametrize(
    ("detail", "fact", "cause"),
    [
        ("HTTP 301: the redirects go in a circle, back to https://mx1.example.net/", "redirect_loop", "loop"),
        ("HTTP 302: more than 5 redirects, the next to https://mx1.example.net/7", "redirect_loop", "loop"),
        ("HTTP 200, no redirect to https://mx1.example.net/", "redirect_none", "canonical_host"),
        ("HTTP 302 → http://mx1.example.net/, expected https://", "redirect_downgrade", "canonical_host"),
        ("HTTP 302 → https://mx1.example.net/login?next=/, expected https://x", "redirect_login", "login_redirect"),
        ("HTTP 302 → https://casino.example/, expected https://x", "redirect_elsewhere", "canonical_host"),
    ],
)
def test_where_it_leads(detail, fact, cause):
    asked = redirected(detail)
    assert ids(found(asked)) == [fact]
    assert first(asked) == cause


def test_who_stands_before_it_is_told():
    asked = answered(http(502, b"x", Via="1.1 varnish", Server="nginx"))
    assert "http_edge" in ids(found(asked))


def test_what_came_of_the_page_is_evidence_of_a_failure_only():
    bad = answered(http(500, b"<title>a\x1b[2J</title>"))
    page = [seen for seen in bad.result.evidence if seen.id == "page"]
    assert [seen.phase for seen in page] == [Phase.CONTENT]
    assert "title 'a\\x1b[2J'" in page[0].text
    driver = Driver(handshake(Ask("mx1.example.net", 80, "http")))
    driver.start(0.0)
    driver.feed(http(200, b"<title>a</title>"), 0.1)
    assert not [seen for seen in driver.ending.evidence if seen.id == "page"]


@given(st.binary(max_size=HEAD_BYTES), st.binary(max_size=80))
def test_any_bytes_are_described_in_bounds(head, value):
    text = describe({b"content-type": value, b"via": value, b"www-authenticate": value}, head, len(head))
    assert is_safe(text)
    assert len(text) < 700
    kinds(text)


async def test_it_asks_nobody():
    asked = answered(http(502))
    assert not collector.wants(case(Failure.REFUSED))
    assert ids([fact async for fact in collector.collect(asked, None)]) == ids(found(asked))
