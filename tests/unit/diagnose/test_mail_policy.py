"""The MTA-STS policy is fetched as the RFC demands: by name, over judged TLS, one answer, no redirect."""

import asyncio
import ssl
import tempfile

import pytest

from support.certificates import authority, issue
from support.web import web
from uptime_tui.diagnose.mail import policy, transport
from uptime_tui.dial.direct import Dialler

TEXT = "version: STSv1\nmode: enforce\nmx: *.example.test\nmax_age: 604800\n"


def served(name):
    """A server's context with a certificate for the name, by the test authority."""
    middle = authority.intermediate
    leaf = issue(name, middle, chain=(middle,))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(leaf.key_pem() + leaf.pem())
        file.flush()
        context.load_cert_chain(file.name)
    return context


async def fetch(monkeypatch, page=None, name="mta-sts.example.test", *, trusted=True):
    async with web(served(name)) as server:
        if page is not None:
            server.pages[policy.PATH] = page
        monkeypatch.setattr(policy, "PORT", server.port)
        dialler = Dialler()
        try:
            ca_file = authority.ca_file if trusted else None
            until_s = asyncio.get_running_loop().time() + 10
            got = await policy.fetch("example.test", "127.0.0.1", dialler, until_s, ca_file=ca_file)
        finally:
            dialler.close()
        return got, server.requests


async def test_a_policy_is_fetched_politely(monkeypatch):
    got, requests = await fetch(monkeypatch, f"200 OK\r\nContent-Type: text/plain\r\n\r\n{TEXT}")
    assert got == (TEXT, "", True)
    assert policy.parse(got.text).problems == ()
    assert len(requests) == 1
    assert requests[0].startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.example.test")
    assert "User-Agent: uptime-tui/" in requests[0]


@pytest.mark.parametrize(
    ("page", "more", "why"),
    [
        (None, {}, "HTTP status 404"),
        ("301 Moved\r\nLocation: https://elsewhere.test/\r\n\r\nx", {}, "HTTP status 301"),
        (f"200 OK\r\n\r\n{TEXT}", {"name": "www.example.test"}, "www.example.test"),
        (f"200 OK\r\n\r\n{TEXT}", {"trusted": False}, "not trusted"),
    ],
)
async def test_a_policy_that_does_not_count(page, more, why, monkeypatch):
    got, requests = await fetch(monkeypatch, page, **more)
    assert got.text == ""
    assert why in got.why, got.why
    assert more == {} or requests == [], "nothing is asked of a server that is not the right one"


async def test_an_address_without_a_server_is_passed_over(monkeypatch):
    async with web(served("mta-sts.example.test")) as server:
        monkeypatch.setattr(policy, "PORT", server.port)
        dialler = Dialler()
        until_s = asyncio.get_running_loop().time() + 10
        got = await transport._fetched("example.test", ("127.0.0.2", "127.0.0.1"), dialler, until_s)
        dialler.close()
    assert "not trusted" in got.why, "the second address was asked, and judged by the system's own anchors"


async def test_nobody_there(monkeypatch):
    monkeypatch.setattr(policy, "PORT", 1)
    dialler = Dialler()
    got = await policy.fetch("example.test", "127.0.0.1", dialler, asyncio.get_running_loop().time() + 5)
    dialler.close()
    assert got.why == "no connection to mta-sts.example.test (127.0.0.1), port 1"


async def test_an_endless_file_is_cut(monkeypatch):
    got, _ = await fetch(monkeypatch, "200 OK\r\n\r\n" + "x" * 4_000_000)
    assert len(got.text) <= policy.MAX_BYTES
