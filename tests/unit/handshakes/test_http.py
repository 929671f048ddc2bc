import pytest

from uptime_tui.handshakes.http import request
from uptime_tui.model.steps import Ask


@pytest.mark.parametrize(
    ("ask", "head"),
    [
        (Ask("a.test", 80, "http"), b"GET / HTTP/1.1\r\nHost: a.test\r\n"),
        (Ask("a.test", 443, "https", tls="implicit"), b"GET / HTTP/1.1\r\nHost: a.test\r\n"),
        (Ask("a.test", 8080, "http", path="/x?y=1"), b"GET /x?y=1 HTTP/1.1\r\nHost: a.test:8080\r\n"),
        (Ask("a.test", 443, "http"), b"GET / HTTP/1.1\r\nHost: a.test:443\r\n"),
        (Ask("2001:db8::1", 80, "http"), b"GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n"),
        (Ask("a.test", 80, "http", path="/ü b\r\nX: y"), b"GET /%C3%BC%20b%0D%0AX:%20y HTTP/1.1\r\nHost: a.test\r\n"),
    ],
)
def test_request(ask, head):
    sent = request(ask)
    assert sent.startswith(head)
    assert sent.endswith(b"Connection: close\r\n\r\n")
    assert sent.count(b"\r\n\r\n") == 1
