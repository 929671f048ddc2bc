import asyncio
import socket

import msgspec
import pytest

from support.certificates import NAME, authority
from support.peers import server_context
from support.web import plan, probe, vantage, web
from uptime_tui.config.secrets import Unlocker
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.outcome import Leads, Search
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.secret import HIDDEN, Credentials, Secret
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.base import Leg
from uptime_tui.vantage.conversation import refusal
from uptime_tui.vantage.course import Courses

FOLLOW = {"redirects": "follow"}


def texts(result):
    return [seen.text for seen in result.evidence]


async def test_a_chain_is_followed_and_shown():
    async with web() as one, web() as two, vantage() as here:
        one.leads("/", "/b")
        one.leads("/b", f"http://127.0.0.1:{two.port}/c", 308)
        two.pages["/c"] = "200 OK\r\n\r\nhello"
        result = await probe(here, f"http://127.0.0.1:{one.port}/", request=FOLLOW, expect={"keyword": "hello"})
        assert result.failure is None
        assert result.detail == (
            f"HTTP 200, 5 B; the way: http://127.0.0.1:{one.port}/ → http://127.0.0.1:{one.port}/b"
            f" → http://127.0.0.1:{two.port}/c"
        )
        assert result.port == two.port
        assert f"HTTP 302 → http://127.0.0.1:{one.port}/b" in texts(result)
        assert f"HTTP 308 → http://127.0.0.1:{two.port}/c" in texts(result)
        assert [text for text in texts(result) if "accepted in" in text][2:]
        times = result.timings
        assert times.tls is None
        assert times.total == pytest.approx(times.dns + times.connect + times.protocol)


async def test_without_being_told_nothing_is_followed():
    async with web() as one, vantage() as here:
        one.leads("/", "/b")
        result = await probe(here, f"http://127.0.0.1:{one.port}/")
        assert result.failure is None
        assert result.detail == "HTTP 302 → /b, 0 B"
        assert len(one.requests) == 1


async def test_neither_login_nor_headers_nor_body_cross_origins(monkeypatch):
    monkeypatch.setenv("UPTIME_TEST_TOKEN", "sesame-open")
    async with web() as one, web() as two, vantage(unlock=Unlocker(asyncio.get_running_loop()).unlock) as here:
        one.leads("/", "/same", 307)
        one.leads("/same", f"http://127.0.0.1:{two.port}/", 303)
        two.pages["/"] = "200 OK\r\n\r\nhello"
        request = {**FOLLOW, "method": "POST", "headers": ["X-Probe: mine"], "body": "payload"}
        login = {"token": "env:UPTIME_TEST_TOKEN"}
        result = await probe(here, f"http://127.0.0.1:{one.port}/", request=request, login=login)
        assert result.failure is None, result.detail
        for sent in one.requests:
            assert sent.startswith("POST")
            for part in ("Authorization: Bearer sesame-open\r\n", "X-Probe: mine\r\n", "\r\n\r\npayload"):
                assert part in sent
        assert [sent.split(" ")[0] for sent in two.requests] == ["GET"]
        for part in ("sesame", "X-Probe", "payload"):
            assert part not in two.requests[0]


@pytest.mark.parametrize(
    ("location", "why"),
    [("/", "in a circle"), ("ftp://127.0.0.1/", "neither http nor https"), ("http://127.0.0.1:25/", "port 25")],
)
async def test_what_is_not_followed_is_told(location, why):
    async with web() as one, vantage() as here:
        one.leads("/", location)
        result = await probe(here, f"http://127.0.0.1:{one.port}/", request=FOLLOW)
        assert (result.failure, result.phase) == (Failure.REDIRECT, Phase.CONTENT)
        assert why in result.detail
        assert any(seen.ok is False and why in seen.text for seen in result.evidence)


async def test_no_more_than_five():
    async with web() as one, vantage() as here:
        for number in range(9):
            one.leads(f"/{number}", f"/{number + 1}")
        result = await probe(here, f"http://127.0.0.1:{one.port}/0", request=FOLLOW)
        assert result.failure is Failure.REDIRECT
        assert "more than 5 redirects" in result.detail
        assert len(one.requests) == 6


async def test_the_whole_chain_has_one_deadline():
    async with web() as one, vantage() as here:
        silent = socket.create_server(("127.0.0.1", 0))
        one.leads("/", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        result = await probe(here, f"http://127.0.0.1:{one.port}/", request=FOLLOW, timeout="300ms", interval="60s")
        silent.close()
        assert result.failure is Failure.TIMEOUT
        assert "the way: " in result.detail


async def test_a_downgrade_is_noted_and_the_certificate_is_the_targets():
    context = server_context(authority.leaf("good"))
    async with web(context) as secure, web() as plain, vantage(ca_file=authority.ca_file) as here:
        secure.leads("/", f"http://127.0.0.1:{plain.port}/")
        plain.pages["/"] = "200 OK\r\n\r\n"
        expect = {"tls_name": NAME}
        target = f"https://127.0.0.1:{secure.port}/"
        result = await probe(here, target, request=FOLLOW, expect=expect)
        assert result.failure is None, result.detail
        assert any(seen.ok is False and "from here on without TLS" in seen.text for seen in result.evidence)
        assert result.certificate is not None
        assert result.timings.tls is not None


# --- the search ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regex", "status", "failure", "why"),
    [
        (r"in stock: [1-9]\d*", Status.UP, None, "HTTP 200"),
        (r"in stock: 0", Status.DOWN, Failure.KEYWORD_MISSING, "nothing in the page matches 'in stock: 0'"),
        (r"(a+)+$", Status.UNKNOWN, Failure.VANTAGE_POLICY, "make the regex simpler"),
    ],
)
async def test_regex(regex, status, failure, why):
    async with web() as one, vantage() as here:
        one.pages["/"] = "200 OK\r\n\r\nin stock: 12 " + "a" * 5000 + "!"
        result = await probe(here, f"http://127.0.0.1:{one.port}/", expect={"regex": regex})
        assert (result.status, result.failure) == (status, failure)
        assert why in result.detail


# --- the login ----------------------------------------------------------------------------


async def test_what_a_server_sends_back_of_a_login_is_on_no_screen(monkeypatch):
    monkeypatch.setenv("UPTIME_TEST_PW", "correct-horse-battery")

    def echo(head):
        said = head.partition("Authorization: ")[2].partition("\r\n")[0]
        return f"500 {said} correct-horse-battery\r\nServer: {said}\r\nLocation: http://h/{said}\r\n\r\n{said}"

    async with web() as one, vantage(unlock=Unlocker(asyncio.get_running_loop()).unlock) as here:
        one.pages["/"] = echo
        login = {"user": "uptime", "password": "env:UPTIME_TEST_PW"}
        for expect in ({}, {"status": "500", "json": True}, {"status": "500", "headers": ["Server == x"]}):
            result = await probe(here, f"http://127.0.0.1:{one.port}/", login=login, expect=expect)
            assert "Basic dXB0aW1lOmNvcnJlY3Qt" in one.requests[-1]
            shown = msgspec.json.encode(result).decode()
            assert result.failure is not None
            assert HIDDEN in shown
            for piece in ("correct-h", "horse", "dXB0aW1l", "Y29ycmVj"):
                assert piece not in shown, shown


async def test_a_login_that_comes_back_as_retry_after_is_on_no_screen(monkeypatch):
    monkeypatch.setenv("UPTIME_TEST_PW", "4711471147")
    async with web() as one, vantage(unlock=Unlocker(asyncio.get_running_loop()).unlock) as here:
        one.pages["/"] = "429 No\r\nRetry-After: 4711471147\r\n\r\n"
        login = {"user": "uptime", "password": "env:UPTIME_TEST_PW"}
        result = await probe(here, f"http://127.0.0.1:{one.port}/", login=login)
        assert result.rest.asked
        assert "4711471147" not in msgspec.json.encode(result).decode()


async def test_a_missing_secret_is_our_side_and_nothing_is_sent(monkeypatch):
    monkeypatch.delenv("UPTIME_TEST_PW", raising=False)
    async with web() as one, vantage(unlock=Unlocker(asyncio.get_running_loop()).unlock) as here:
        login = {"user": "uptime", "password": "env:UPTIME_TEST_PW"}
        result = await probe(here, f"http://127.0.0.1:{one.port}/", login=login)
        assert (result.status, result.failure) == (Status.UNKNOWN, Failure.VANTAGE_POLICY)
        assert "env:UPTIME_TEST_PW: the environment variable is not set" in result.detail
        assert one.requests == []


LOGIN = {"user": "uptime", "password": "env:UPTIME_TEST_PW"}
HELD = Credentials(Secret("x"), "uptime")


@pytest.mark.parametrize(
    ("target", "table", "addresses", "sent"),
    [
        ("https://a.test/", {}, ["1.1.1.1"], True),
        ("http://a.test/", {}, ["1.1.1.1"], False),
        ("http://a.test/", {}, ["127.0.0.1", "::1"], True),
        ("http://a.test/", {}, ["127.0.0.1", "10.0.0.1"], False),
        ("http://a.test/", {"allow_plaintext_auth": True}, ["1.1.1.1"], True),
        ("redis://a.test", {}, ["10.0.0.1"], False),
    ],
)
def test_a_login_is_sent_within_tls_or_to_this_machine_only(target, table, addresses, sent):
    it = plan(target, login={**LOGIN, **table})
    refused = refusal(Leg(1.0, HELD), it, addresses)
    assert (refused is None) is sent
    assert refused is None or refused.failure is Failure.VANTAGE_POLICY


def test_a_login_is_not_sent_to_a_certificate_that_nobody_judges():
    it = plan("https://a.test/", login=LOGIN, expect={"tls_verify": False})
    assert refusal(Leg(1.0, HELD), it, ["1.1.1.1"]).failure is Failure.VANTAGE_POLICY


async def test_a_login_never_reaches_a_server_whose_certificate_has_failed(monkeypatch):
    monkeypatch.setenv("UPTIME_TEST_PW", "correct-horse-battery")
    context = server_context(authority.leaf("good"))
    unlock = Unlocker(asyncio.get_running_loop()).unlock
    async with web(context) as one, vantage(unlock=unlock) as here:
        one.pages["/"] = "200 OK\r\n\r\n"
        result = await probe(here, f"https://127.0.0.1:{one.port}/", login=LOGIN)
        assert result.phase is Phase.TLS
        assert one.requests == []


# --- private networks, without a network -----------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "address", "goes"),
    [
        ("1.1.1.1", "1.0.0.1", True), ("1.1.1.1", "10.0.0.1", False), ("1.1.1.1", "169.254.169.254", False),
        ("1.1.1.1", "::1", False), ("10.0.0.1", "192.168.0.1", True), ("10.0.0.1", "127.0.0.1", False), ("", "127.0.0.1", True),
    ],
)  # fmt: skip
def test_a_server_has_no_say_further_inside(sender, address, goes):
    refused = refusal(Leg(1.0, None, sender), plan("http://a.test/", request=FOLLOW), [address])
    assert (refused is None) is goes
    assert refused is None or refused.failure is Failure.REDIRECT
    allowed = plan("http://a.test/", request={**FOLLOW, "allow_private_redirect": True})
    assert refusal(Leg(1.0, None, sender), allowed, [address]) is None


def test_one_private_address_among_public_ones_is_enough():
    assert refusal(Leg(1.0, None, "1.1.1.1"), plan("http://a.test/", request=FOLLOW), ["1.0.0.1", "10.0.0.1"])


async def test_each_hop_is_judged_by_the_server_that_sent_us():
    asked = []

    def converse(plan, leg, done):
        asked.append((plan.monitor.target.host, leg.sender, plan.service.tls))
        left = Leads(302, "http://b.test/") if len(asked) == 1 else None
        done(Result(MonitorId(1), 0, None, None, "HTTP", Timings(), f"1.1.1.{len(asked)}", 80), left)

    loop = asyncio.get_running_loop()
    courses, results = Courses(converse, loop, lambda: 0.0, None), []
    courses.start(plan("https://a.test/", request=FOLLOW), Leg(5.0), lambda result, _: results.append(result))
    assert asked == [("a.test", "", "implicit"), ("b.test", "1.1.1.1", "none")]
    assert len(results) == 1
    courses.close()


async def test_a_warning_on_the_way_is_one_about_the_whole():
    def converse(plan, leg, done):
        first = not leg.sender
        failure = Failure.TLS_EXPIRING if first else None
        phase = Phase.TLS if first else None
        result = Result(
            MonitorId(1), 0, failure, phase, "ends in 3 days" if first else "HTTP 200", Timings(), "1.1.1.1", 443
        )
        done(result, Leads(302, "https://b.test/") if first else None)

    courses, results = Courses(converse, asyncio.get_running_loop(), lambda: 0.0, None), []
    courses.start(plan("https://a.test/", request=FOLLOW), Leg(5.0), lambda result, _: results.append(result))
    assert results[0].failure is Failure.TLS_EXPIRING
    assert results[0].detail.startswith("ends in 3 days; the way: ")
    courses.close()


async def test_nobody_is_called_after_the_end():
    kept = []
    courses = Courses(lambda _p, _l, done: kept.append(done), asyncio.get_running_loop(), lambda: 0.0, None)
    courses.start(plan("http://a.test/", request=FOLLOW), Leg(5.0), lambda *_: pytest.fail("called"))
    courses.close()
    kept[0](Result(MonitorId(1), 0, None, None, "", Timings()), Search("x", b""))


async def test_a_rest_asked_for_at_the_end_of_the_way_is_for_who_began_it():
    async with web() as one, web() as two, vantage() as here:
        one.leads("/a", f"http://127.0.0.1:{two.port}/b")
        two.pages["/b"] = "503 Closed\r\nRetry-After: 120\r\n\r\n"
        result = await probe(here, f"http://127.0.0.1:{one.port}/a", request=FOLLOW)
        assert (result.failure, result.rest.seconds) == (Failure.BUSY, 120.0)
        assert result.rest.of == f"@127.0.0.1:{one.port} /a"
        assert "not again within 2m: the server asks for it (Retry-After 120)" in texts(result)
