"""HTTP/1.1 (RFC 9110, 9112): one request, its status, and what its headers and body must hold.

GET and not HEAD unless told: many servers answer HEAD differently or not at all. No encoding is asked for, the
connection is closed by the server, and the body is read to its end within a bound, so that its log shows an ordinary
visitor.
"""

import functools
import re
from typing import Final

import httptools

from uptime_tui.handshakes._readers import FIRST_BYTES, TLS_WANTED, Talk, Unreadable, strange
from uptime_tui.model.content import accepts, judge_body, judge_headers, wants_body
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.monitor import HttpRequest
from uptime_tui.model.outcome import Leads, Outcome
from uptime_tui.model.page import HEAD_BYTES, describe
from uptime_tui.model.redirect import FOLLOWED
from uptime_tui.model.retry import asked_rest
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.secret import Credentials
from uptime_tui.model.steps import Ask, Conclude, Handshake, Mark, Receive, Send

SERVER_SPEAKS_FIRST = False

HEADER_BYTES: Final = 65536
DRAIN_BYTES: Final = 65536
"""Read after the decision, so that the server can finish its sentence."""
_DEFAULT_PORT: Final = {"none": 80, "implicit": 443}
_UNSENDABLE: Final = re.compile(r"[^\x21-\x7e]")
_KEPT: Final = frozenset(
    {
        b"server",
        b"location",
        b"retry-after",
        b"date",
        b"content-type",
        b"content-encoding",
        b"content-length",
        b"transfer-encoding",
        b"via",
        b"cf-ray",
        b"x-cache",
        b"www-authenticate",
    }
)
_SHORT: Final = 100
_RECEIVE: Final = Receive()


def handshake(ask: Ask) -> Handshake:
    """Ask, judge the status and the headers, read and judge the body."""
    answer = _Answer(ask)
    try:
        return (yield from _talk(ask, answer))
    except Unreadable as found:
        return found.outcome
    finally:
        answer.end()


def request(ask: Ask) -> bytes:
    """The request; the path is percent-encoded where the user did not. A monitor's own header replaces ours."""
    make = _known if ask.login is None and not ask.request.body else _made
    return make(ask.host, ask.port, ask.tls, ask.path, ask.user_agent, ask.request, ask.login)


def _made(
    host: str, port: int, tls: str, path: str, user_agent: str, told: HttpRequest, login: Credentials | None
) -> bytes:
    path = _UNSENDABLE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), path or "/")
    place = f"[{host.partition('%')[0]}]" if ":" in host else host  # an interface is ours alone (RFC 6874 §4)
    if _DEFAULT_PORT.get(tls) != port:
        place = f"{place}:{port}"
    body = told.body.encode()
    headers = {"Host": place, "User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "identity"}
    ours = {name.lower(): name for name in headers}
    for name, value in told.headers:
        headers.pop(ours.get(name.lower(), ""), None)
        headers[name] = value
    if login is not None:
        headers.update(_authorization(login))
    if body or told.method in {"POST", "PUT", "PATCH"}:
        headers["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"{told.method} {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n"
    return head.encode() + body  # all ASCII but, perhaps, a token


_known: Final = functools.lru_cache(1024)(_made)
"""Of monitors without a login and a body: no secret is kept, and nothing large."""


def _authorization(login: Credentials) -> dict[str, str]:
    if login.user:
        return {"Authorization": login.basic()}
    token = login.secret.reveal()
    return {login.header: token} if login.header else {"Authorization": f"Bearer {token}"}


class _Answer:
    """Callbacks of the parser: what an answer says of itself, and its body while it may be kept."""

    __slots__ = (
        "bodiless", "broken", "code", "done", "head", "headers", "headers_done", "keep", "kept", "length", "parser",
        "parts", "reason", "wanted",
    )  # fmt: skip

    def __init__(self, ask: Ask) -> None:
        self.wanted = self.keep = wants_body(ask.expect)
        checks = ask.expect.headers
        self.kept = _KEPT.union([check.name.encode() for check in checks]) if checks else _KEPT
        self.bodiless = ask.request.method == "HEAD"
        self.reason = b""
        self.headers: dict[bytes, bytes] = {}
        self.parts: list[bytes] = []
        self.head = b""  # the first bytes of the body, which tell an error page from another
        self.length = 0
        self.code = 0
        self.headers_done = self.done = self.broken = False
        self.parser = httptools.HttpResponseParser(self)
        # as browsers are; a monitor that is stricter than they are raises false alarms
        self.parser.set_dangerous_leniencies(
            lenient_optional_cr_before_lf=True, lenient_data_after_close=True, lenient_spaces_after_chunk_size=True
        )

    # a second answer in the same segment, after the one we asked for, must not overwrite it: hence `done` everywhere

    def on_status(self, reason: bytes) -> None:
        if not self.done:
            self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in self.kept and not self.done:
            before = self.headers.get(name)
            self.headers[name] = value if before is None else before + b", " + value

    def on_headers_complete(self) -> None:
        if self.done:
            return
        self.code = self.parser.get_status_code()
        # 1xx announce another answer (RFC 9110 §15.2); 101 would be the last one, but we asked for no upgrade
        self.headers_done = self.code >= 200 or self.code == 101
        self.keep = self.keep or self.code == 400  # its body tells a TLS port
        self.done = self.headers_done and self.bodiless
        if not self.headers_done:
            self.reason = b""
            self.headers.clear()

    def on_body(self, part: bytes) -> None:
        if self.done:
            return
        self.length += len(part)
        if len(self.head) < HEAD_BYTES:
            self.head += part[:HEAD_BYTES]
        if self.keep:
            self.parts.append(part)

    def on_message_complete(self) -> None:
        self.done = self.done or self.headers_done

    def end(self) -> None:
        """Let go of the parser, which holds our callbacks: the two would wait for the garbage collector."""
        del self.parser

    def feed(self, chunk: bytes) -> bool:
        """Parse; False when it is no HTTP. What follows a complete answer is not looked at."""
        try:
            self.parser.feed_data(chunk)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.broken = not self.done and self.code != 101
        return not self.broken


def _talk(ask: Ask, answer: _Answer) -> Talk:
    yield Send(request(ask))
    yield from _read_head(answer)
    allowed = 2 * ask.expect.max_body_bytes + HEADER_BYTES  # chunked framing costs room of its own
    yield Mark(Phase.CONTENT, allow_bytes=allowed + HEADER_BYTES)
    decided = _leads(answer, ask) or _judge_head(answer, ask)
    if decided is not None:
        return (yield from _drain(answer, _with_page(answer, decided), ask))
    announced = answer.headers.get(b"content-length", b"")
    if not answer.done and announced.isdigit() and int(announced[:20]) > ask.expect.max_body_bytes:
        return _too_large(answer, ask)
    ended = False
    while not (answer.done or ended or answer.broken):
        if answer.length > ask.expect.max_body_bytes or allowed < 0:
            return _too_large(answer, ask)
        chunk = yield _RECEIVE
        allowed -= len(chunk)
        ended = not chunk
        if chunk:
            answer.feed(chunk)
    if answer.length > ask.expect.max_body_bytes:
        return _too_large(answer, ask)
    return _with_page(answer, _judge_content(answer, ask))


def _read_head(answer: _Answer) -> Talk:
    """Feed the parser until the headers are complete. Returns nothing of interest.

    Raises:
        Unreadable: the peer has closed, is no HTTP server, or its headers have no end.
    """
    first = b""
    received = 0
    while not answer.headers_done:
        chunk = yield _RECEIVE
        received += len(chunk)
        if len(first) < FIRST_BYTES:
            first += chunk[: FIRST_BYTES - len(first)]
        if not chunk:
            raise Unreadable(_closed(first))
        if not first.startswith(b"HTTP/1.") and not b"HTTP/1.".startswith(first):
            if b"\n" in first or len(first) >= FIRST_BYTES or not 0x20 <= first[0] < 0x7F:
                raise Unreadable(strange("HTTP", first, "what answers is not HTTP/1.1"))
            continue  # a few letters more, to name it
        if not answer.feed(chunk) and not answer.headers_done:
            raise Unreadable(strange("HTTP", first, "the answer is broken HTTP"))
        if received > HEADER_BYTES and not answer.headers_done:
            raise Unreadable(Outcome(Failure.BAD_PROTOCOL, f"more than {HEADER_BYTES} bytes of HTTP headers"))
    return Outcome(None, "")


def _closed(first: bytes) -> Outcome:
    if not first:
        return Outcome(Failure.CLOSED_EARLY, "closed by the peer before any answer")
    if b"HTTP/1.".startswith(first[:7]):
        return Outcome(Failure.CLOSED_EARLY, "closed by the peer inside the HTTP headers")
    return strange("HTTP", first, "what answers is not HTTP/1.1")


def _leads(answer: _Answer, ask: Ask) -> Outcome | None:
    """The answer as a step on the way, where redirects are followed."""
    location = answer.headers.get(b"location", b"")
    if not (ask.request.follow and location and answer.code in FOLLOWED):
        return None
    return Outcome(None, _status_line(answer), _banner(answer), left=Leads(answer.code, location.decode("latin-1")))


def _judge_head(answer: _Answer, ask: Ask) -> Outcome | None:
    if _is_busy(answer) and not (ask.expect.status and accepts(ask.expect.status, answer.code)):
        rest = asked_rest(answer.headers.get(b"retry-after", b""), answer.headers.get(b"date", b""))
        return Outcome(Failure.BUSY, _status_line(answer), _banner(answer), rest)
    wanted = ask.expect.redirect
    if wanted:
        location = answer.headers.get(b"location", b"")
        if not 300 <= answer.code < 400:
            return _failed(answer, Failure.REDIRECT, f", no redirect to {wanted}")
        if not safe_text(location, 2000).startswith(wanted):
            return _failed(answer, Failure.REDIRECT, f", expected {wanted}")
    elif not accepts(ask.expect.status or ask.status, answer.code):
        return _failed(answer, Failure.HTTP_STATUS)
    found = judge_headers(ask.expect, answer.headers)
    return None if found is None else _failed(answer, found.failure, f": {found.detail}")


def _is_busy(answer: _Answer) -> bool:
    """Too many requests (RFC 6585 §4), or closed for a while by its own word (RFC 9110 §10.2.3, §15.6.4).

    A 503 that names no time may as well be a proxy in front of nothing, which is down.
    """
    return answer.code == 429 or (answer.code == 503 and b"retry-after" in answer.headers)


def _failed(answer: _Answer, failure: Failure | None, why: str = "") -> Outcome:
    return Outcome(failure, f"{_status_line(answer)}{why}", _banner(answer))


def _judge_content(answer: _Answer, ask: Ask) -> Outcome:
    line, banner = _status_line(answer), _banner(answer)
    if answer.broken:
        return Outcome(Failure.BAD_PROTOCOL, f"{line}, the body makes no sense", banner)
    announced = answer.headers.get(b"content-length")
    if not answer.done and (announced is not None or b"transfer-encoding" in answer.headers):
        of = f" of {safe_text(announced, 20)}" if announced else ""
        return Outcome(Failure.CLOSED_EARLY, f"{line}, closed after {answer.length}{of} bytes of body", banner)
    found = None
    if answer.wanted:
        found = judge_body(ask.expect, answer.headers, b"".join(answer.parts))
    if isinstance(found, Outcome):
        return Outcome(found.failure, f"{line}: {found.detail}", banner)
    return Outcome(None, f"{line}, {_size(answer.length)}", banner, left=found)


def _with_page(answer: _Answer, outcome: Outcome) -> Outcome:
    """A failure with what came of its page: no more is waited for."""
    if outcome.failure is None:
        return outcome
    page = describe(answer.headers, answer.head, answer.length)
    return Outcome(outcome.failure, outcome.detail, outcome.banner, outcome.rest, page=page)


def _drain(answer: _Answer, outcome: Outcome, ask: Ask) -> Talk:
    """Let the server finish; a 400 may turn out to come from a TLS port, which only its body says."""
    if answer.code == 400 and ask.tls == "none":
        yield from _read_rest(answer)
        if TLS_WANTED.search(b"".join(answer.parts)):
            return Outcome(outcome.failure, f"{outcome.detail}: this port wants HTTPS", outcome.banner)
        return outcome
    answer.keep = False
    yield Conclude(outcome)
    yield from _read_rest(answer)
    return outcome


def _read_rest(answer: _Answer) -> Talk:
    left = DRAIN_BYTES
    while not (answer.done or answer.broken) and left > 0:
        chunk = yield _RECEIVE
        left -= len(chunk)
        if not chunk or not answer.feed(chunk):
            break
    return Outcome(None, "")


def _too_large(answer: _Answer, ask: Ask) -> Outcome:
    limit = _size(ask.expect.max_body_bytes)
    return Outcome(Failure.BODY_TOO_LARGE, f"{_status_line(answer)}, more than {limit} of body", _banner(answer))


def _status_line(answer: _Answer) -> str:
    """`HTTP 503 Service Unavailable (Retry-After 30)`, `HTTP 301 → https://…`, `HTTP 200`."""
    if answer.code == 200:
        return "HTTP 200"
    line = f"HTTP {answer.code} {safe_text(answer.reason, 60)}".rstrip()
    location = answer.headers.get(b"location")
    if location and 300 <= answer.code < 400:
        line = f"HTTP {answer.code} → {safe_text(location, 120)}"
    retry = answer.headers.get(b"retry-after")
    return f"{line} (Retry-After {safe_text(retry, 40)})" if retry and answer.code in {429, 503} else line


def _banner(answer: _Answer) -> str:
    server = answer.headers.get(b"server", b"")
    return _seen(server) if len(server) < _SHORT else safe_text(server)


_seen: Final = functools.lru_cache(256)(safe_text)
"""Of short names of servers: most sites are served by few of them."""


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 999_950 else f"{count / 1_000_000:.1f} MB"
