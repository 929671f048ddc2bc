"""IMAP, with STARTTLS, and in TLS from the first byte (RFC 9051, 3501, 5530, 8314). No login.

Every visit ends with LOGOUT, but those that the server itself ends with a BYE.
"""

import re
from collections.abc import Generator
from typing import Final, NamedTuple

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

LINE_BYTES: Final = 8192
"""Capabilities are one line, which grows with every extension; RFC 2683 §3.2.1.5 has 8000 octets for long lines."""
LOGOUT: Final = b"a9 LOGOUT\r\n"
_READY: Final = "ready for login"
_GREETING: Final = re.compile(rb"\* (OK|PREAUTH|BYE)\b", re.IGNORECASE)
_BYE: Final = re.compile(rb"\* BYE\b", re.IGNORECASE)
_FOR_GOOD: Final = re.compile(
    rb"\[(?:CONTACTADMIN|SERVERBUG|NOPERM)\]|\bfatal\b|\bdenied\b|\bnot (?:allowed|authori[sz]ed|permitted)\b",
    re.IGNORECASE,
)
"""A BYE that does not pass by itself: response codes (RFC 5530 §3), and what Cyrus, Courier and tcp wrappers write."""
_PASSES: Final = re.compile(rb"\[(?:UNAVAILABLE|INUSE)\]", re.IGNORECASE)
_SERVER_BUG: Final = re.compile(rb"\[SERVERBUG\]", re.IGNORECASE)
"""Response codes of what everybody has (RFC 5530 §3), whatever the words."""
_CODE: Final = re.compile(rb"\[[^\]]*\]")


def handshake(ask: Ask) -> Handshake:
    """Greeting, CAPABILITY, STARTTLS and CAPABILITY again, LOGOUT."""
    return concluding(_talk(ask))


def farewell(ask: Ask) -> Handshake:
    """LOGOUT in TLS and nothing else: for a server whose certificate was not accepted."""
    return farewell_after(Inbox("IMAP").read_line("the IMAP greeting", LINE_BYTES), ask, LOGOUT)


class _Answer(NamedTuple):
    """What a command brought."""

    ok: bool
    text: str
    """The tagged line, safe."""
    capabilities: frozenset[bytes]
    """In upper case, where the server said them."""


def _talk(ask: Ask) -> Talk:
    inbox = Inbox("IMAP")
    greeting = yield from inbox.read_line("the IMAP greeting", LINE_BYTES)
    kind = _GREETING.match(greeting)
    if kind is None:
        return inbox.strange(f"'{safe_text(greeting, 80)}' is no IMAP greeting")
    if kind[1].upper() == b"BYE":
        return _sent_away(greeting, inbox)  # and it closes (RFC 9051 §7.1.5)
    answer = yield from _command(inbox, b"a1", b"CAPABILITY")
    if not answer.ok:
        outcome = Outcome(Failure.REFUSED_SERVICE, f"refuses CAPABILITY: {answer.text}", inbox.said)
    elif kind[1].upper() == b"PREAUTH":
        outcome = _logged_in(ask, inbox)
    elif ask.tls != "starttls":
        outcome = _judge_login(answer.capabilities, _READY, inbox)
    elif b"STARTTLS" in answer.capabilities:
        outcome = yield from _start_tls(inbox, ask)
    else:
        outcome = _judge_login(answer.capabilities, "", inbox)
        if outcome.failure is None:
            outcome = without_tls(ask, _READY, "does not offer STARTTLS", inbox.said)
    return (yield from take_leave(outcome, LOGOUT))


def _start_tls(inbox: Inbox, ask: Ask) -> Talk:
    answer = yield from _command(inbox, b"a2", b"STARTTLS")
    if not answer.ok:
        return without_tls(ask, _READY, f"offers STARTTLS but refuses it: {answer.text}", inbox.said)
    yield from begin_tls(inbox)
    # what was said before TLS does not count any more (RFC 9051 §6.2.1)
    answer = yield from _command(inbox, b"a3", b"CAPABILITY")
    if not answer.ok:
        return Outcome(Failure.REFUSED_SERVICE, f"refuses CAPABILITY in TLS: {answer.text}", inbox.said)
    return _judge_login(answer.capabilities, f"{_READY}, STARTTLS works", inbox)


def _command(inbox: Inbox, tag: bytes, command: bytes) -> Generator[Step, bytes, _Answer]:
    """Say it and read the answer, up to the line with its tag.

    Raises:
        Unreadable: the peer has closed, says BYE, or this is no IMAP.
    """
    what = f"the answer to {command.decode()}"
    yield Send(b"%s %s\r\n" % (tag, command))
    capabilities: frozenset[bytes] = frozenset()
    for _ in range(REPLY_LINES):
        line = yield from inbox.read_line(what, LINE_BYTES)
        words = line.upper().split()
        if words[:1] == [tag.upper()]:
            return _Answer(words[1:2] == [b"OK"], safe_text(line), capabilities)
        if _BYE.match(line):
            raise Unreadable(_sent_away(line, inbox))
        if words[:1] != [b"*"]:
            raise Unreadable(inbox.strange(f"'{safe_text(line, 80)}' instead of {what}"))
        if words[1:2] == [b"CAPABILITY"]:
            capabilities = frozenset(words[2:])
    raise Unreadable(inbox.strange(f"more than {REPLY_LINES} lines instead of {what}"))


def _judge_login(capabilities: frozenset[bytes], ready: str, inbox: Inbox) -> Outcome:
    """LOGINDISABLED where nothing more can come, and no other way in, means that nobody can read mail."""
    if b"LOGINDISABLED" in capabilities and not any(word.startswith(b"AUTH=") for word in capabilities):
        return Outcome(Failure.REFUSED_SERVICE, "nobody can log in: LOGINDISABLED, and no other way in", inbox.said)
    return Outcome(None, ready, inbox.said)


def _logged_in(ask: Ask, inbox: Inbox) -> Outcome:
    """PREAUTH: whoever connects is logged in already, and TLS cannot be started any more (RFC 9051 §6.2.1)."""
    if ask.tls == "starttls":
        return without_tls(ask, "ready, PREAUTH", "logs in without asking (PREAUTH), so no STARTTLS", inbox.said)
    return Outcome(None, "ready, logs in without asking (PREAUTH)", inbox.said)


def _sent_away(line: bytes, inbox: Inbox) -> Outcome:
    text = safe_text(line)
    if _PASSES.search(line):
        return Outcome(Failure.BUSY, f"busy: {text}", inbox.said)
    if not _SERVER_BUG.search(line) and is_turned_away(safe_text(_CODE.sub(b"", line))):
        return Outcome(Failure.WATCHER_BLOCKED, f"turns this machine away: {text}", inbox.said)
    if _FOR_GOOD.search(line):
        return Outcome(Failure.REFUSED_SERVICE, f"lets nobody in: {text}", inbox.said)
    return Outcome(Failure.BUSY, f"busy: {text}", inbox.said)
