"""POP3, with STLS, and in TLS from the first byte (RFC 1939, 2449, 2595, 3206, 8314). No login.

Every visit ends with QUIT, so that the server's log shows one that took its leave.
"""

import re
from collections.abc import Generator
from typing import Final

from uptime_tui.handshakes._readers import (
    REPLY_LINES,
    Inbox,
    Talk,
    Unreadable,
    begin_tls,
    concluding,
    farewell_after,
    take_leave,
    without_tls,
)
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.reasons import is_turned_away
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Handshake, Send, Step

SERVER_SPEAKS_FIRST = True

QUIT: Final = b"QUIT\r\n"
_READY: Final = "ready for login"
_STATUS: Final = re.compile(rb"(?:\+OK|-ERR)\b")
_LATER: Final = re.compile(rb"-ERR \[(?:SYS/TEMP|LOGIN-DELAY|IN-USE)\]", re.IGNORECASE)
"""Response codes of a fault that passes (RFC 2449 §8.1, RFC 3206 §4)."""
_FOR_GOOD: Final = re.compile(rb"-ERR \[SYS/PERM\]", re.IGNORECASE)
"""The code of a fault that everybody has, whatever its words (RFC 3206 §4)."""
_DROPPED: Final = re.compile(rb"-ERR (?:Connection queue full|Server shutting down)", re.IGNORECASE)
"""Dovecot says so at any time, and closes: it lets go of who has waited longest without a login."""


def handshake(ask: Ask) -> Handshake:
    """Greeting, CAPA, STLS and CAPA again, QUIT."""
    return concluding(_talk(ask))


def farewell(ask: Ask) -> Handshake:
    """QUIT in TLS and nothing else: for a server whose certificate was not accepted."""
    return farewell_after(Inbox("POP3").read_line("the POP3 greeting"), ask, QUIT)


def _talk(ask: Ask) -> Talk:
    inbox = Inbox("POP3")
    greeting = yield from _read_status(inbox, "the POP3 greeting")
    if not greeting.startswith(b"+OK"):
        return (yield from take_leave(_refusal(greeting, "lets nobody in", inbox), QUIT))
    capabilities = yield from _capabilities(inbox)
    if isinstance(capabilities, Outcome):
        return (yield from take_leave(capabilities, QUIT))
    outcome = Outcome(None, _READY, inbox.said)
    if ask.tls == "starttls":
        if b"STLS" in capabilities:
            outcome = yield from _start_tls(inbox, ask)
        else:
            outcome = without_tls(ask, _READY, "does not offer STLS", inbox.said)
    return (yield from take_leave(outcome, QUIT))


def _start_tls(inbox: Inbox, ask: Ask) -> Talk:
    yield Send(b"STLS\r\n")
    line = yield from _read_status(inbox, "the answer to STLS")
    if not line.startswith(b"+OK"):
        return without_tls(ask, _READY, f"offers STLS but refuses it: {safe_text(line)}", inbox.said)
    yield from begin_tls(inbox)
    capabilities = yield from _capabilities(inbox)  # what was said before TLS does not count any more (RFC 2595 §4)
    if isinstance(capabilities, Outcome):
        return capabilities
    return Outcome(None, f"{_READY}, STLS works", inbox.said)


def _capabilities(inbox: Inbox) -> Generator[Step, bytes, frozenset[bytes] | Outcome]:
    """The capabilities in upper case; none where the server knows no CAPA (RFC 2449 §5); or why it says none now."""
    yield Send(b"CAPA\r\n")
    line = yield from _read_status(inbox, "the answer to CAPA")
    if not line.startswith(b"+OK"):
        return _refusal(line, "", inbox) if _LATER.match(line) else frozenset()
    found: set[bytes] = set()
    for _ in range(REPLY_LINES):
        line = yield from inbox.read_line("the capabilities")
        if line == b".":
            return frozenset(found)
        found.add(line.split(b" ", 1)[0].upper())
    raise Unreadable(inbox.strange(f"more than {REPLY_LINES} lines of capabilities"))


def _read_status(inbox: Inbox, what: str) -> Generator[Step, bytes, bytes]:
    """A line that begins with +OK or -ERR.

    Raises:
        Unreadable: the peer has closed, says that it is about to, or this is no such line.
    """
    line = yield from inbox.read_line(what)
    if _DROPPED.match(line):
        raise Unreadable(Outcome(Failure.BUSY, f"busy: {safe_text(line)}", inbox.said))
    if not _STATUS.match(line):
        raise Unreadable(inbox.strange(f"'{safe_text(line, 80)}' instead of {what}"))
    return line


def _refusal(line: bytes, how: str, inbox: Inbox) -> Outcome:
    text = safe_text(line)
    if _LATER.match(line):
        return Outcome(Failure.BUSY, f"busy: {text}", inbox.said)
    if not _FOR_GOOD.match(line) and is_turned_away(text):
        return Outcome(Failure.WATCHER_BLOCKED, f"turns this machine away: {text}", inbox.said)
    return Outcome(Failure.REFUSED_SERVICE, f"{how}: {text}", inbox.said)
