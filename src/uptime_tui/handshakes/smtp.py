"""SMTP between servers, for submission, and in TLS (RFC 5321, 3207, 6409, 8314).

Never a byte before the complete greeting: a server that sorts out spammers may pause inside it, and counts
early talkers as such. Always a QUIT where the server still listens, so that its log shows a clean end.
"""

import re
from collections.abc import Generator
from typing import Final

from uptime_tui.handshakes._readers import (
    Inbox,
    Reply,
    Talk,
    begin_tls,
    concluding,
    farewell_after,
    read_reply,
    take_leave,
    without_tls,
)
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.reasons import is_a_limit, is_listed_for_all, is_turned_away
from uptime_tui.model.retry import BREATHER
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Handshake, Send, Step

SERVER_SPEAKS_FIRST = True

QUIT: Final = b"QUIT\r\n"
_EHLO_NAME: Final = re.compile(r"[A-Za-z0-9.\-_:\[\]]{1,255}")
_ENHANCED: Final = re.compile(rb"#?[45]\.(\d{1,3})\.\d{1,3}\b")
"""RFC 3463: class, subject, detail; before the text of a reply (RFC 2034), with some after a #."""
_UNTOLD: Final = frozenset({None, 0})
_POLICY: Final = 7
"""The subject of security and policy: before any mail it can mean nobody but who connects."""
_OUR_NAME: Final = frozenset({501, 504, 550})
"""Answers to EHLO that are about its argument (RFC 5321 §4.1.1.1, §4.3.2)."""
_LATER: Final = re.compile(r"\blater\b", re.IGNORECASE)
_FTP: Final = re.compile(rb"FTP|FileZilla", re.IGNORECASE)
_MAIL: Final = re.compile(rb"mail|smtp", re.IGNORECASE)


def handshake(ask: Ask) -> Handshake:
    """Greeting, EHLO, STARTTLS and EHLO again where it is offered, QUIT."""
    return concluding(_talk(ask))


def farewell(ask: Ask) -> Handshake:
    """QUIT in TLS and nothing else: for a server whose certificate was not accepted."""
    return farewell_after(read_reply(Inbox("SMTP"), "the SMTP greeting"), ask, QUIT)


def _talk(ask: Ask) -> Talk:
    inbox = Inbox("SMTP")
    greeting = yield from read_reply(inbox, "the SMTP greeting")
    refused = _judge_greeting(greeting, inbox)
    if refused is not None:
        if refused.failure is Failure.WRONG_SERVICE or greeting.code == 421:
            return refused  # another service is not spoken to; after 421 the server closes (RFC 5321 §3.8)
        return (yield from take_leave(refused, QUIT))
    capabilities = yield from _hello(inbox, ask)
    if isinstance(capabilities, Outcome):
        return (yield from take_leave(capabilities, QUIT))
    outcome = Outcome(None, "ready for mail", inbox.said)
    if ask.tls == "starttls":
        if b"STARTTLS" not in capabilities:
            outcome = _without_tls(ask, "does not offer STARTTLS", inbox)
        else:
            outcome = yield from _start_tls(inbox, ask)
    return (yield from take_leave(outcome, QUIT))


def _start_tls(inbox: Inbox, ask: Ask) -> Talk:
    yield Send(b"STARTTLS\r\n")
    reply = yield from read_reply(inbox, "the answer to STARTTLS")
    if reply.code == 421:
        return _busy(reply, inbox)
    if reply.code != 220:
        return _refused_tls(ask, f"offers STARTTLS but refuses it: {reply.text}", inbox)
    yield from begin_tls(inbox)
    # what was said before TLS does not count any more (RFC 3207 §4.2)
    capabilities = yield from _hello(inbox, ask)
    if isinstance(capabilities, Outcome):
        return capabilities
    return Outcome(None, "ready for mail, STARTTLS works", inbox.said)


def _hello(inbox: Inbox, ask: Ask) -> Generator[Step, bytes, frozenset[bytes] | Outcome]:
    """The capabilities after EHLO; none after HELO, for servers that know no other; or why it went wrong."""
    name = ask.our_name if _EHLO_NAME.fullmatch(ask.our_name) else "[127.0.0.1]"
    yield Send(f"EHLO {name}\r\n".encode())
    reply = yield from read_reply(inbox, "the answer to EHLO")
    if reply.code in {500, 502}:
        yield Send(f"HELO {name}\r\n".encode())
        reply = yield from read_reply(inbox, "the answer to HELO")
        if reply.code == 250:
            return frozenset()
    if reply.code == 250:
        return frozenset(line.split(b" ", 1)[0].upper() for line in reply.lines[1:])
    if _means_us(reply, hello=True):
        return Outcome(Failure.WATCHER_BLOCKED, f"turns this machine away at EHLO {name}: {reply.text}", inbox.said)
    if 400 <= reply.code < 500:
        return _busy(reply, inbox)
    if reply.code >= 500:
        return Outcome(Failure.REFUSED_SERVICE, f"refuses our EHLO {name}: {reply.text}", inbox.said)
    return Outcome(Failure.BAD_PROTOCOL, f"'{reply.text}' is no answer to EHLO", inbox.said)


def _judge_greeting(greeting: Reply, inbox: Inbox) -> Outcome | None:
    """What a greeting that is no welcome means; None for a welcome."""
    said = b" ".join(greeting.lines)
    if _FTP.search(said) and not _MAIL.search(said):
        return Outcome(Failure.WRONG_SERVICE, "FTP answers here, not SMTP", inbox.said)
    if greeting.code == 220:
        return None
    if _means_us(greeting):
        return Outcome(Failure.WATCHER_BLOCKED, f"turns this machine away: {greeting.text}", inbox.said)
    if 400 <= greeting.code < 500:
        return _busy(greeting, inbox)
    if greeting.code >= 500:
        return Outcome(Failure.REFUSED_SERVICE, f"takes no mail: {greeting.text}", inbox.said)
    return inbox.strange(f"'{greeting.text}' is no SMTP greeting")


def _busy(reply: Reply, inbox: Inbox) -> Outcome:
    rest = BREATHER if reply.code == 421 else None
    return Outcome(Failure.BUSY, f"busy: {reply.text}", inbox.said, rest)


def _means_us(reply: Reply, *, hello: bool = False) -> bool:
    """Whether a refusal is about this machine, its address or its name, and not about everybody.

    Its codes decide where they tell; the words do where there is no code, or one that says nothing.
    """
    if reply.code < 400:
        return False
    found = _ENHANCED.match(reply.lines[0])
    subject = int(found[1]) if found else None
    text = safe_text(b" ".join(reply.lines))
    if is_listed_for_all(text):
        return False
    if hello and reply.code in _OUR_NAME:
        return reply.code != 550 or subject in _UNTOLD or subject == _POLICY
    if subject == _POLICY and reply.code >= 500:
        return True
    if subject == _POLICY and reply.code != 421:
        return not is_a_limit(text) and not _LATER.search(text)
    return (subject in _UNTOLD or subject == _POLICY) and is_turned_away(text)


def _refused_tls(ask: Ask, how: str, inbox: Inbox) -> Outcome:
    """A promise that is broken: what the sender does then is up to him (RFC 3207 §4.1), and not all fall back."""
    if ask.service == "smtp" and not ask.expect.plaintext_ok:
        # RFC 8461 §5, RFC 7672 §2.2: such senders keep the mail, and give it back after days
        detail = f"{how}; senders that insist on TLS (MTA-STS, DANE) cannot deliver"
        return Outcome(Failure.STARTTLS_MISSING, detail, inbox.said)
    return _without_tls(ask, how, inbox)


def _without_tls(ask: Ask, how: str, inbox: Inbox) -> Outcome:
    if ask.service == "smtp":
        # between servers encryption is taken when offered, and mail flows without (RFC 7435)
        return Outcome(None, f"ready for mail, {how}", inbox.said)
    return without_tls(ask, "ready for mail", how, inbox.said)
