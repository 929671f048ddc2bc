"""A web server, an API, a panel: one answer for each state, then it closes as it was asked to."""

import asyncio
from typing import Final

from uptime_tui.lab.visit import Visit

MAX_HEADERS: Final = 100
LARGE_BODY: Final = 2 * 1024 * 1024
"""Twice what a monitor allows when it says nothing."""
DRIP_S: Final = 0.25
_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json"


def answer(code: int, reason: str, body: bytes, more: str = "", *, kind: str = _HTML) -> bytes:
    """A whole answer; `more` holds further header lines with their ends."""
    head = (
        f"HTTP/1.1 {code} {reason}\r\nServer: nginx\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
    )
    return head.encode() + body


_FIXED: Final = {
    "http_404": answer(404, "Not Found", b"<h1>Not Found</h1>\n"),
    "http_500": answer(500, "Internal Server Error", b"<h1>PHP Fatal error: uncaught exception</h1>\n"),
    "http_503": answer(503, "Service Unavailable", b"no backend\n", "Retry-After: 30\r\n"),
    "login_required": answer(401, "Unauthorized", b"", 'WWW-Authenticate: Basic realm="hosting"\r\n'),
    "error_page": answer(200, "OK", b"<h1>Error establishing a database connection</h1>\n"),
    "empty_page": answer(200, "OK", b""),
    "invalid_json": answer(200, "OK", b'<html>maintenance</html>{"status":', kind=_JSON),
    "redirect": answer(302, "Found", b"", "Location: https://parking.example/sold\r\n"),
    "half_body": answer(200, "OK", b"<p>half a page</p>" * 40)[:-300],
    "garbage": b"HTTP/1.1 banana\r\n\x00\x01\x02\r\n\r\n",
}
STATES: Final = frozenset({*_FIXED, "redirect_loop", "large_body", "drip"})


async def serve(visit: Visit) -> None:
    """Read the request, answer as the state says, close."""
    if visit.state == "not_tls":
        await visit.reader.read(1)
        await visit.say(answer(400, "Bad Request", b"<h1>Bad Request</h1>\n"))
        return
    request = await visit.line()
    if not request:
        return
    for _ in range(MAX_HEADERS):
        if not await visit.line():
            break
    path = (request.split(b" ")[1:2] or [b"/"])[0].decode("latin-1")
    if visit.state == "drip":
        await _drip(visit, _healthy(visit))
    elif visit.state == "large_body":
        await visit.say(answer(200, "OK", b"x" * LARGE_BODY))
    elif visit.state == "redirect_loop":
        scheme = "https" if visit.secured else "http"
        here = f"{scheme}://{visit.role.host}:{visit.role.port}{path}"
        await visit.say(answer(302, "Found", b"", f"Location: {here}\r\n"))
    else:
        await visit.say(_FIXED.get(visit.state) or _healthy(visit))


def _healthy(visit: Visit) -> bytes:
    role = visit.role
    if role.moved_to:
        return answer(301, "Moved Permanently", b"", f"Location: {role.moved_to}\r\n")
    page = role.body or f"<!doctype html><title>{role.name}</title>\n"
    return answer(200, "OK", page.encode(), kind=_JSON if page.startswith("{") else _HTML)


async def _drip(visit: Visit, whole: bytes) -> None:
    """A byte now and then: never silent, never done."""
    for place in range(len(whole)):
        await visit.say(whole[place : place + 1])
        await asyncio.sleep(DRIP_S)
