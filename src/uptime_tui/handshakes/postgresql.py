"""PostgreSQL (frontend/backend protocol 3.0): SSLRequest, TLS, Startup, and gone once a login is asked for.

Leaving at the request for a password is silent: the server writes no line. A Terminate there would be answered by
`FATAL: expected SASL response` in its log; leaving after SSLRequest without TLS by `could not accept SSL connection`.
"""

from collections.abc import Generator
from typing import Final, NamedTuple

from uptime_tui.handshakes._readers import Inbox, Talk, Unreadable, concluding
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.peer import name_peer
from uptime_tui.model.reasons import reasons
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Conclude, Handshake, Receive, Send, StartTls, Step

SERVER_SPEAKS_FIRST = False

DEFAULT_USER: Final = "uptime_tui"
SSL_REQUEST: Final = bytes.fromhex("0000000804d2162f")
TERMINATE: Final = b"X\x00\x00\x00\x04"
MESSAGE_BYTES: Final = 16_384
MESSAGES: Final = 60
"""Messages between a login that needs nothing and the server's readiness (parameters, for the most part)."""

_BUSY: Final = ("53", "57P03", "57P01", "57P02")
"""Out of something; starting, stopping or recovering."""
_DOWN: Final = ("58", "F0", "XX")
"""Files of the server, its configuration, or its memory are damaged (Appendix A of the manual)."""
_POOLER: Final = "08P01"
"""PgBouncer's only code up to 1.18, be it full, shutting down, without its server or without such a database: its
words tell."""
_LOGINS: Final = {
    3: "password in clear", 5: "MD5", 7: "GSSAPI", 9: "SSPI", 10: "SCRAM",
}  # fmt: skip


def handshake(ask: Ask) -> Handshake:
    """SSLRequest, TLS where it is offered, Startup, and away."""
    return concluding(_talk(ask))


def _talk(ask: Ask) -> Talk:
    inbox = Inbox("PostgreSQL")
    secured = False
    if ask.tls == "starttls":
        yield Send(SSL_REQUEST)
        answer = yield from inbox.read_exactly(1, "the answer to SSLRequest")
        if answer == b"E":
            return (yield from _read_error(inbox))
        if answer not in {b"S", b"N"} or (inbox.pending and name_peer(inbox.first)):
            return (yield from inbox.read_foreign("is no answer to SSLRequest"))
        if inbox.pending:
            injected = safe_text(inbox.pending, 80)
            return Outcome(Failure.STARTTLS_INJECTION, f"plaintext after the answer to SSLRequest: '{injected}'")
        if answer == b"S":
            yield StartTls()
            secured = True
    yield Send(startup(ask.user or DEFAULT_USER))
    return (yield from _read_verdict(inbox, " (no TLS is offered)" if ask.tls == "starttls" and not secured else ""))


def startup(user: str) -> bytes:
    """The StartupMessage; we are named in `pg_stat_activity` and in the log as uptime-tui."""
    pairs = f"user\0{user}\0database\0postgres\0application_name\0uptime-tui\0\0"
    return (len(pairs) + 8).to_bytes(4, "big") + b"\x00\x03\x00\x00" + pairs.encode()


def _read_verdict(inbox: Inbox, how: str) -> Talk:
    admitted = False
    is_first = not inbox.first
    for _ in range(MESSAGES):
        kind = yield from inbox.read_exactly(1, "the answer to Startup")
        if kind == b"E":
            return (yield from _read_error(inbox))
        if kind not in {b"R", b"N", b"v"} and not (admitted and kind in {b"S", b"K", b"Z"}):
            if is_first:
                return (yield from inbox.read_foreign("is no answer to Startup"))
            return inbox.strange(f"'{safe_text(kind)}' is no answer to Startup")
        is_first = False
        body = yield from _read_body(inbox)
        if kind == b"Z":
            outcome = Outcome(None, f"lets us in without a password{how}")
            yield Conclude(outcome)
            yield Send(TERMINATE)
            yield Receive()  # its end: the server closes first
            return outcome
        if kind == b"R":
            login = int.from_bytes(body[:4], "big")
            if login:
                return Outcome(None, f"ready, asks for a login ({_LOGINS.get(login, f'kind {login}')}){how}")
            admitted = True
    return inbox.strange(f"more than {MESSAGES} messages in answer to Startup")


def _read_body(inbox: Inbox) -> Generator[Step, bytes, bytes]:
    """What follows a message's kind.

    Raises:
        Unreadable: the peer has closed, or the length makes no sense.
    """
    size = int.from_bytes((yield from inbox.read_exactly(4, "a message")), "big")
    if not 4 <= size <= MESSAGE_BYTES:
        raise Unreadable(inbox.strange(f"a message of {size} bytes instead of an answer"))
    return (yield from inbox.read_exactly(size - 4, "a message"))


class _Error(NamedTuple):
    code: str
    text: str


def _read_error(inbox: Inbox) -> Talk:
    """ErrorResponse, or the text of the protocol before 3.0, which a server without memory for more still sends."""
    head = yield from inbox.read_exactly(4, "the server's error")
    if head.isascii() and head.decode("ascii").isprintable():
        line = yield from inbox.read_line("the server's error")
        text = safe_text(head + line)
        failure = Failure.BUSY if b"fork" in head + line or b"memory" in head + line else Failure.REFUSED_SERVICE
        return Outcome(failure, f"cannot serve: {text}", text)
    size = int.from_bytes(head, "big")
    if not 4 <= size <= MESSAGE_BYTES:
        return inbox.strange(f"an error of {size} bytes instead of an answer")
    error = _fields((yield from inbox.read_exactly(size - 4, "the server's error")))
    said = f"{error.code} {error.text}".strip()
    if error.code.startswith(_BUSY) or (error.code == _POOLER and reasons(error.text)):
        return Outcome(Failure.BUSY, f"busy: {said}", said)
    if not error.code or error.code.startswith(_DOWN):
        return Outcome(Failure.REFUSED_SERVICE, f"refuses: {said or 'an error without a word'}", said)
    return Outcome(None, f"answers, and does not let us in: {said}", said)


def _fields(body: bytes) -> _Error:
    """SQLSTATE and message of an ErrorResponse (fields C and M)."""
    found = {part[:1]: part[1:] for part in reversed(body.split(b"\0")) if part}
    return _Error(safe_text(found.get(b"C", b""), 5), safe_text(found.get(b"M", b"")))
