"""FTP, with AUTH TLS, and in TLS from the first byte (RFC 959, 2389, 4217). No login, no data connection.

Never a byte before the complete greeting. FEAT is asked for again in TLS, and QUIT ends every visit but those that
the server itself ends with a 421.
"""

import re
from collections.abc import Generator
from typing import Final

from uptime_tui.handshakes._readers import (
    Inbox,
    Reply,
    Talk,
    Unreadable,
    begin_tls,
    concluding,
    farewell_after,
    read_reply,
    take_leave,
    without_tls,
)
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.reasons import is_turned_away
from uptime_tui.model.retry import BREATHER
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Handshake, Send, Step

SERVER_SPEAKS_FIRST = True

QUIT: Final = b"QUIT\r\n"
_READY: Final = "ready for login"
_MAIL: Final = re.compile(rb"\bE?SMTP\b", re.IGNORECASE)
_FTP: Final = re.compile(rb"FTP", re.IGNORECASE)
_AUTH_TLS: Final = re.compile(rb"\s*AUTH\b.*\b(?:TLS|SSL)\b", re.IGNORECASE)
"""RFC 4217 §6: `AUTH TLS`; IIS writes `AUTH TLS;TLS-C;SSL;TLS-P;`."""


def handshake(ask: Ask) -> Handshake:
    """Greeting, FEAT, AUTH TLS and FEAT again, QUIT."""
    return concluding(_talk(ask))


def farewell(ask: Ask) -> Handshake:
    """QUIT in TLS and nothing else: for a server whose certificate was not accepted."""
    return farewell_after(read_reply(Inbox("FTP"), "the FTP greeting", ftp=True), ask, QUIT)


def _talk(ask: Ask) -> Talk:
    inbox = Inbox("FTP")
    greeting = yield from _read(inbox, "the FTP greeting")
    refused = _judge_greeting(greeting, inbox)
    if refused is not None:
        if greeting.code < 200:
            return refused  # it is not our turn yet
        return (yield from take_leave(refused, QUIT))
    features = yield from _features(inbox)
    outcome = Outcome(None, _READY, inbox.said)
    if ask.tls == "starttls":
        if features is None or any(_AUTH_TLS.match(line) for line in features):
            outcome = yield from _start_tls(inbox, ask, listed=features is not None)
        else:
            outcome = without_tls(ask, _READY, "does not offer AUTH TLS", inbox.said)
    return (yield from take_leave(outcome, QUIT))


def _start_tls(inbox: Inbox, ask: Ask, *, listed: bool) -> Talk:
    reply = yield from _command(inbox, b"AUTH TLS")
    if reply.code != 234:
        how = f"offers AUTH TLS but refuses it: {reply.text}" if listed else f"refuses AUTH TLS: {reply.text}"
        return without_tls(ask, _READY, how, inbox.said)
    yield from begin_tls(inbox)
    yield from _features(inbox)
    return Outcome(None, f"{_READY}, AUTH TLS works", inbox.said)


def _features(inbox: Inbox) -> Generator[Step, bytes, tuple[bytes, ...] | None]:
    """The lines of FEAT; None where the server does not know it, or not before a login."""
    reply = yield from _command(inbox, b"FEAT")
    return reply.lines[1:-1] if reply.code == 211 else None


def _command(inbox: Inbox, command: bytes) -> Generator[Step, bytes, Reply]:
    yield Send(command + b"\r\n")
    return (yield from _read(inbox, f"the answer to {command.decode()}"))


def _read(inbox: Inbox, what: str) -> Generator[Step, bytes, Reply]:
    """A reply that leaves us something to say.

    Raises:
        Unreadable: it does not: a mail server, 421 (RFC 959 §5.4: the server closes, at any time), or vsftpd's last
            words.
    """
    reply = yield from read_reply(inbox, what, ftp=True)
    said = b" ".join(reply.lines)
    if _MAIL.search(said) and not _FTP.search(said):
        raise Unreadable(Outcome(Failure.WRONG_SERVICE, "SMTP answers here, not FTP", inbox.said))
    if reply.code == 421 and is_turned_away(safe_text(said)):
        raise Unreadable(Outcome(Failure.WATCHER_BLOCKED, f"turns this machine away: {reply.text}", inbox.said))
    if reply.code == 421:
        raise Unreadable(Outcome(Failure.BUSY, f"busy: {reply.text}", inbox.said, BREATHER))
    if reply.text.startswith("500 OOPS"):
        raise Unreadable(Outcome(Failure.REFUSED_SERVICE, f"misconfigured: {reply.text}", inbox.said))
    return reply


def _judge_greeting(greeting: Reply, inbox: Inbox) -> Outcome | None:
    """What a greeting that is no welcome means; None for a welcome."""
    if greeting.code == 220:
        return None
    if greeting.code == 120:
        return Outcome(Failure.BUSY, f"not ready yet: {greeting.text}", inbox.said)
    if greeting.code >= 400 and is_turned_away(safe_text(b" ".join(greeting.lines))):
        return Outcome(Failure.WATCHER_BLOCKED, f"turns this machine away: {greeting.text}", inbox.said)
    if 400 <= greeting.code < 500:
        return Outcome(Failure.BUSY, f"busy: {greeting.text}", inbox.said)
    if greeting.code >= 500:
        return Outcome(Failure.REFUSED_SERVICE, f"lets nobody in: {greeting.text}", inbox.said)
    return inbox.strange(f"'{greeting.text}' is no FTP greeting")
