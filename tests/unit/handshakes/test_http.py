import gc

import pytest

from uptime_tui.dial.drive import Driver
from uptime_tui.handshakes import http
from uptime_tui.handshakes.http import request
from uptime_tui.model.monitor import HttpRequest
from uptime_tui.model.secret import Credentials, Secret
from uptime_tui.model.steps import Ask


@pytest.mark.parametrize(
    ("ask", "head"),
    [
        (Ask("a.test", 80, "http"), b"GET / HTTP/1.1\r\nHost: a.test\r\n"),
        (Ask("a.test", 443, "https", tls="implicit"), b"GET / HTTP/1.1\r\nHost: a.test\r\n"),
        (Ask("a.test", 8080, "http", path="/x?y=1"), b"GET /x?y=1 HTTP/1.1\r\nHost: a.test:8080\r\n"),
        (Ask("a.test", 443, "http"), b"GET / HTTP/1.1\r\nHost: a.test:443\r\n"),
        (Ask("2001:db8::1", 80, "http"), b"GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n"),
        (Ask("fe80::1%eth0", 81, "http"), b"GET / HTTP/1.1\r\nHost: [fe80::1]:81\r\n"),
        (Ask("a.test", 80, "http", path="/ü b\r\nX: y"), b"GET /%C3%BC%20b%0D%0AX:%20y HTTP/1.1\r\nHost: a.test\r\n"),
    ],
)
def test_request(ask, head):
    sent = request(ask)
    assert sent.startswith(head)
    assert sent.endswith(b"Connection: close\r\n\r\n")
    assert sent.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize(
    ("login", "line"),
    [
        # RFC 7617 §2 and §2.1
        (Credentials(Secret("open sesame"), "Aladdin"), b"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        (Credentials(Secret("123\u00a3"), "test"), b"Authorization: Basic dGVzdDoxMjPCow=="),
        (Credentials(Secret("abc.def")), b"Authorization: Bearer abc.def"),
        (Credentials(Secret("abc"), header="X-Api-Key"), b"X-Api-Key: abc"),
    ],
)
def test_login(login, line):
    sent = request(Ask("a.test", 443, "https", tls="implicit", login=login))
    assert line in sent.split(b"\r\n")
    assert b"Authorization" not in request(Ask("a.test", 443, "https", tls="implicit"))


def test_own_host_and_an_empty_post():
    asked = HttpRequest("POST", (("HOST", "b.test"),))
    lines = request(Ask("a.test", 80, "http", request=asked)).split(b"\r\n")
    assert lines[0] == b"POST / HTTP/1.1"
    assert b"HOST: b.test" in lines
    assert b"Content-Length: 0" in lines
    assert not any(line.startswith(b"Host: ") for line in lines)


def test_no_secret_is_remembered():
    http._known.cache_clear()
    request(Ask("a.test", 443, "https", tls="implicit", login=Credentials(Secret("hunter2"))))
    request(Ask("a.test", 443, "https", tls="implicit", request=HttpRequest("POST", (), "token=hunter2")))
    assert http._known.cache_info().currsize == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
)
def test_nothing_is_left_for_the_garbage_collector(answer):
    """The parser and its callbacks hold each other: left alone, every probe would feed the collector."""

    def converse():
        driver = Driver(http.handshake(Ask("a.test", 80, "http")))
        driver.start(0.0)
        driver.feed(answer, 0.1)
        driver.close(0.2)
        assert driver.over

    converse()
    gc.collect()
    gc.disable()
    try:
        converse()
        assert gc.collect() == 0
    finally:
        gc.enable()
