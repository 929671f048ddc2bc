"""Elasticsearch and OpenSearch: the root document over HTTP, and with a login the cluster's own word on its health.

Without a login a 401 comes from a healthy server. With one, both questions go over one connection.
"""

import json
from collections.abc import Generator
from typing import Any, Final

from uptime_tui.handshakes._readers import FIRST_BYTES, TLS_WANTED, Talk, Unreadable, concluding, strange
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.retry import asked_rest
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Handshake, Receive, Send, Step

SERVER_SPEAKS_FIRST = False

ANSWER_BYTES: Final = 65_536
"""The root document has half a kilobyte, the health one."""
HEALTH: Final = "/_cluster/health?local=true"
"""The node that is asked answers for itself, without troubling the master."""
_START: Final = b"HTTP/1."
_LOGIN_WANTED: Final = frozenset({401, 403})
_BUSY: Final = {429: "a circuit breaker or a full queue turns requests away", 503: "starting, or without a master"}
_KINDS: Final = {"opensearch": "OpenSearch"}


def handshake(ask: Ask) -> Handshake:
    """`GET /`, and the health where there is a login."""
    return concluding(_talk(ask))


def _talk(ask: Ask) -> Talk:
    root = yield from _get(ask, "/", last=ask.login is None)
    outcome = _judge_root(root, ask)
    if outcome.failure is not None or ask.login is None:
        return outcome
    health = yield from _get(ask, HEALTH, last=True)
    return _judge_health(health, outcome)


class _Answer:
    """Callbacks of the parser: status and body of one answer."""

    __slots__ = ("body", "code", "done", "parser", "times")

    def __init__(self) -> None:
        import httptools

        self.body = b""
        self.code = 0
        self.times = {b"retry-after": b"", b"date": b""}
        self.done = False
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.done and name.lower() in self.times:
            self.times[name.lower()] = value

    def on_headers_complete(self) -> None:
        if not self.done:
            code = self.parser.get_status_code()
            self.code = code if code >= 200 else 0  # 1xx announce another answer (RFC 9110 §15.2)

    def on_body(self, part: bytes) -> None:
        self.body += b"" if self.done else part

    def on_message_complete(self) -> None:
        self.done = self.done or self.code > 0

    def document(self) -> dict[str, Any]:
        """The body, empty where it is no JSON object."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def _get(ask: Ask, path: str, *, last: bool) -> Generator[Step, bytes, _Answer]:
    """One request and its whole answer.

    Raises:
        Unreadable: it is no HTTP, has no end, or is cut off.
    """
    import httptools

    yield Send(_request(ask, path, last=last))
    answer = _Answer()
    held, received = b"", 0
    while not answer.done:
        chunk = yield Receive()
        received += len(chunk)
        held += chunk
        if not chunk:
            if answer.code:
                return answer  # a body that ends with the connection; if it was cut off, it is no JSON
            raise Unreadable(_closed(held))
        if received > ANSWER_BYTES:
            raise Unreadable(Outcome(Failure.BAD_PROTOCOL, f"more than {ANSWER_BYTES} bytes of answer"))
        if received == len(held) and not held.startswith(_START):
            if _START.startswith(held):
                continue  # a few letters more
            if b"\n" in held or len(held) >= FIRST_BYTES or not 0x20 <= held[0] < 0x7F:
                raise Unreadable(strange("Elasticsearch", held[:FIRST_BYTES], "what answers is not HTTP/1.1"))
            continue  # to name it
        try:
            answer.parser.feed_data(held)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not answer.done:
                raise Unreadable(Outcome(Failure.BAD_PROTOCOL, "the answer is broken HTTP")) from None
        held = b""
    return answer


def _closed(held: bytes) -> Outcome:
    if held and not _START.startswith(held):
        return strange("Elasticsearch", held[:FIRST_BYTES], "what answers is not HTTP/1.1")
    return Outcome(Failure.CLOSED_EARLY, "closed by the peer before the whole answer, as a port with TLS does")


def _request(ask: Ask, path: str, *, last: bool) -> bytes:
    host = f"[{ask.host}]" if ":" in ask.host else ask.host
    login = f"Authorization: {ask.login.basic()}\r\n" if ask.login else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{ask.port}\r\nUser-Agent: {ask.user_agent}\r\n{login}"
        f"Accept: application/json\r\nConnection: {'close' if last else 'keep-alive'}\r\n\r\n"
    ).encode("ascii")


def _judge_root(answer: _Answer, ask: Ask) -> Outcome:
    code = answer.code
    if code in _BUSY:
        return Outcome(Failure.BUSY, f"HTTP {code}: {_BUSY[code]}", rest=asked_rest(*answer.times.values()))
    if code in _LOGIN_WANTED:
        if ask.login:
            return Outcome(Failure.REFUSED_SERVICE, f"HTTP {code}: the login is refused")
        return Outcome(None, f"HTTP {code}: answers, login required")
    if code != 200:
        wants_tls = code == 400 and ask.tls == "none" and TLS_WANTED.search(answer.body)
        return Outcome(Failure.HTTP_STATUS, f"HTTP {code}: this port wants HTTPS" if wants_tls else f"HTTP {code}")
    document = answer.document()
    version = document.get("version")
    number = version.get("number") if isinstance(version, dict) else None
    if not isinstance(version, dict) or not isinstance(number, str):
        return Outcome(Failure.WRONG_SERVICE, "HTTP answers here, but not as Elasticsearch does")
    name = f"{_KINDS.get(str(version.get('distribution')), 'Elasticsearch')} {_text(number)}"
    return Outcome(None, f"{name}, cluster {_text(document.get('cluster_name')) or 'without a name'}", name)


def _judge_health(answer: _Answer, root: Outcome) -> Outcome:
    """Green is up, yellow degraded, red down; a login that may not ask for it takes nothing from the answer."""
    document = answer.document()
    status = document.get("status")
    missing = document.get("unassigned_shards")
    shards = f", {missing} shards unassigned" if isinstance(missing, int) and missing else ""
    match status:
        case "green":
            return Outcome(None, f"{root.detail}, health green", root.banner)
        case "yellow":
            return Outcome(Failure.BUSY, f"{root.detail}, health yellow: replicas are missing{shards}", root.banner)
        case "red":
            return Outcome(Failure.JSON_MISMATCH, f"{root.detail}, health red: data is missing{shards}", root.banner)
        case _:
            return Outcome(None, f"{root.detail}, health not told (HTTP {answer.code})", root.banner)


def _text(value: object) -> str:
    return safe_text(value, 80) if isinstance(value, str) else ""
