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
    "http_503": answer(503, "Service Unavailable", b"no backend\n"),
    "maintenance": answer(503, "Service Unavailable", b"<h1>Back at noon</h1>\n", "Retry-After: 1800\r\n"),
    "limited": answer(429, "Too Many Requests", b"", "Retry-After: 30\r\n"),
    "login_required": answer(401, "Unauthorized", b"", 'WWW-Authenticate: Basic realm="hosting"\r\n'),
    "error_page": answer(200, "OK", b"<h1>Error establishing a database connection</h1>\n"),
    "empty_page": answer(200, "OK", b""),
    "invalid_json": answer(200, "OK", b'<html>maintenance</html>{"status":', kind=_JSON),
    "redirect": answer(302, "Found", b"", "Location: https://parking.example/sold\r\n"),
    "half_body": answer(200, "OK", b"<p>half a page</p>" * 40)[:-300],
    "garbage": b"HTTP/1.1 banana\r\n\x00\x01\x02\r\n\r\n",
}
STATES: Final = frozenset({*_FIXED, "redirect_loop", "large_body", "drip", "stalled"})


async def serve(visit: Visit) -> None:
    """Read the request, answer as the state says, close."""
    if visit.state == "not_tls":
        await visit.reader.read(1)
        await visit.say(answer(400, "Bad Request", b"<h1>Bad Request</h1>\n"))
        return
    request = await visit.line()
    if not request:
        return
    told = ""
    for _ in range(MAX_HEADERS):
        line = await visit.line()
        if line.lower().startswith(b"authorization:"):
            told = line.partition(b":")[2].decode("latin-1").strip()
        if not line:
            break
    path = (request.split(b" ")[1:2] or [b"/"])[0].decode("latin-1")
    if visit.state == "drip":
        await _drip(visit, _healthy(visit, path))
    elif visit.state == "large_body":
        await visit.say(answer(200, "OK", b"x" * LARGE_BODY))
    elif visit.state == "redirect_loop":
        scheme = "https" if visit.secured else "http"
        here = f"{scheme}://{visit.role.host}:{visit.role.port}{path}"
        await visit.say(answer(302, "Found", b"", f"Location: {here}\r\n"))
    else:
        stranger = visit.role.login and told != visit.role.login
        await visit.say(_FIXED.get("login_required" if stranger else visit.state) or _healthy(visit, path))


def _healthy(visit: Visit, path: str) -> bytes:
    role = visit.role
    if role.moved_to and path != role.moved_to:
        return answer(301, "Moved Permanently", b"", f"Location: {_next(path, role.moved_to)}\r\n")
    page = role.body or f"<!doctype html><title>{role.name}</title>\n"
    if visit.state == "stalled":
        page = page.replace('"ok"', '"stalled"')
    return answer(200, "OK", page.encode(), kind=_JSON if page.startswith("{") else _HTML)


def _next(path: str, moved_to: str) -> str:
    """One part further on the way to a path of our own; another place at once."""
    rest = moved_to.removeprefix(path.rstrip("/") + "/")
    if not moved_to.startswith("/") or rest == moved_to:
        return moved_to
    return moved_to[: len(moved_to) - len(rest)] + rest.partition("/")[0]


async def _drip(visit: Visit, whole: bytes) -> None:
    """A byte now and then: never silent, never done."""
    for place in range(len(whole)):
        await visit.say(whole[place : place + 1])
        await asyncio.sleep(DRIP_S)
