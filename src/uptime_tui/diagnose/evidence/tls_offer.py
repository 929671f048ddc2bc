"""Which TLS versions the server takes, whether it minds the name, and whether STARTTLS is offered now.

At most three conversations, one after the other, each begun as a client would and ended at the server's hello.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from typing import Final

import msgspec

from uptime_tui.diagnose.case import Case, Means
from uptime_tui.dial.direct import DialEnd
from uptime_tui.dial.drive import Driver
from uptime_tui.model.certificate import is_address
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.peer import name_peer
from uptime_tui.model.result import Evidence
from uptime_tui.model.steps import Conclude, Handshake, Receive, Send, StartTls, Step
from uptime_tui.model.tlshello import (
    ALL,
    MAX_ANSWER,
    NOISE_BYTES,
    OLD,
    TLS_1_2,
    WEAK_CIPHERS,
    Answer,
    client_hello,
    read_answer,
    version_name,
)  # fmt: skip
from uptime_tui.model.units import LOCAL
from uptime_tui.vantage.conversation import asking

QUESTION: Final = "Which TLS does the server take?"
STAGE: Final = 2
PACKETS: Final = 24
FACTS: Final = {
    "tls_modern": "it takes TLS 1.2 or newer from a client that offers all",
    "tls_only_old": "it takes nothing newer than TLS 1.1",
    "tls_below_least": "it takes nothing as new as the monitor asks for",
    "tls_obsolete_offered": "it still takes TLS 1.0 or 1.1",
    "tls_weak_cipher": "of all ciphers it chose one that is switched off everywhere today",
    "tls_takes_none": "it refuses every version and every cipher",
    "tls_name_refused": "it refuses the name, and takes a client that gives none",
    "tls_no_hello": "it does not answer a TLS greeting at all",
    "tls_wanted": "it hangs up on plain text, and answers a TLS greeting",
    "tls_unknown": "it does not answer a TLS greeting either",
    "starttls_now": "STARTTLS is offered now",
    "starttls_still_missing": "STARTTLS is not offered now either, or refused again",
    "starttls_masked": "letters X stand where STARTTLS would: something on the way took it out",
    "starttls_there": "STARTTLS is offered on this port, where TLS from the first byte was expected",
}

_ASKED: Final = frozenset({"http", "smtp", "imap", "pop3", "ftp", "tcp"})
"""Handshakes whose servers bear a TLS greeting that ends early; the others count it, or call it an attack."""
_TURNED_TLS: Final = frozenset({"http", "redis", "mongodb", "elasticsearch"})
"""Handshakes whose client speaks first: a server that wants TLS hangs up on plain words without one of its own."""
_PLAIN: Final = {"smtp": "SMTP", "imap": "IMAP", "pop3": "POP3", "ftp": "FTP"}
_PROMISE: Final = re.compile(rb"\bSTARTTLS\b|\bSTLS\b|\bAUTH (?:TLS|SSL)\b", re.IGNORECASE)
_LEAST: Final = {"1.0": 0x0301, "1.1": 0x0302, "1.2": 0x0303, "1.3": 0x0304}
_COST: Final = {False: 6, True: 12}
"""Packets of one conversation, without and with a talk before TLS."""
_SHARE_S: Final = 2.0
_HEARD: Final = 4096


@dataclass(slots=True)
class _Heard:
    """What one conversation has shown."""

    answer: Answer | None = None
    offered: bool | None = None
    """Whether STARTTLS was; None where it did not come to that."""
    said: bytes = b""
    """Before TLS."""


def wants(case: Case) -> bool:
    """TLS failed before a certificate, at a server that may be asked again, or may be what is missing."""
    service, result = case.plan.service, case.result
    if result.failure is Failure.CLOSED_EARLY and result.vantage == LOCAL and service.tls == "none":
        return service.handshake in _TURNED_TLS and not service.spacing_s and bool(case.address)
    if service.handshake not in _ASKED or service.spacing_s or service.tls == "none" or result.vantage != LOCAL:
        return False
    if not case.address or case.plan.monitor.target.port == 3306:
        return False
    if result.failure is Failure.TLS_NOT_TLS:  # only where the very service speaks, in clear text
        return name_peer(result.banner.encode()) == _PLAIN.get(service.handshake)
    return result.failure in {Failure.TLS_HANDSHAKE, Failure.STARTTLS_MISSING}


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """Ask, at most three times."""
    monitor = case.plan.monitor
    host = monitor.expect.tls_name or monitor.target.host
    name = "" if is_address(host) else host.rstrip(".")
    first = await _ask(case, means, ALL, name)
    if first is None:
        return
    for fact in _offer(case, first):
        yield fact
    if case.result.failure is Failure.CLOSED_EARLY:
        yield _instead(first.answer)
    if case.result.failure is not Failure.TLS_HANDSHAKE:
        return
    answer = first.answer
    if answer is None and first.offered is not False:
        yield _seen("tls_no_hello", ok=False, text="no answer to a TLS greeting that offers every version")
    elif answer is not None and answer.version:
        for fact in _taken(answer, monitor.expect.tls_least):
            yield fact
        old = await _ask(case, means, OLD, name) if answer.version >= TLS_1_2 else None
        if old is not None and old.answer is not None and old.answer.version:
            text = f"it still takes {version_name(old.answer.version)} as well (RFC 8996 forbids it)"
            yield _seen("tls_obsolete_offered", ok=None, text=text)
    elif answer is not None and answer.alert:
        yield _refused(answer, name, await _ask(case, means, ALL, "") if name else None)


def _instead(answer: Answer | None) -> Evidence:
    """What a TLS greeting gets where plain words were hung up on."""
    if answer is None or not (answer.version or answer.alert):
        return _seen("tls_unknown", ok=None, text="a TLS greeting gets no answer either")
    said = f"takes {version_name(answer.version)}" if answer.version else f"says '{answer.alert}'"
    return _seen("tls_wanted", ok=False, text=f"to a TLS greeting it {said}: the port wants TLS")


def _refused(answer: Answer, name: str, nameless: _Heard | None) -> Evidence:
    """Whether it is the name that it refuses."""
    if nameless is None or nameless.answer is None or not nameless.answer.version:
        return _seen("tls_takes_none", ok=False, text=f"it refuses all that is offered: {answer.alert}")
    text = f"it refuses the name {name} ({answer.alert}), and takes a client that gives none"
    return _seen("tls_name_refused", ok=False, text=text)


def _offer(case: Case, heard: _Heard) -> list[Evidence]:
    """What was said before TLS."""
    if heard.offered is None:
        return []
    if b"XXXX" in heard.said.upper() or b"220 ****" in heard.said:
        text = "letters are masked in its answers: something on the way takes STARTTLS out"
        return [_seen("starttls_masked", ok=False, text=text)]
    if not heard.offered:
        does = "refuses the STARTTLS that it offers" if _PROMISE.search(heard.said) else "offers no STARTTLS"
        return [_seen("starttls_still_missing", ok=False, text=f"asked again, it {does}")]
    if case.result.failure is Failure.TLS_NOT_TLS:
        return [_seen("starttls_there", ok=False, text="it offers STARTTLS: TLS begins after a command there")]
    return [_seen("starttls_now", ok=True, text="asked again, it offers STARTTLS")]


def _taken(answer: Answer, least: str) -> list[Evidence]:
    named = version_name(answer.version)
    found = []
    if answer.version < TLS_1_2:
        found.append(_seen("tls_only_old", ok=False, text=f"offered every version, it takes {named}: nothing newer"))
    else:
        found.append(_seen("tls_modern", ok=True, text=f"offered every version, it takes {named}"))
    if answer.version < _LEAST[least]:
        found.append(_seen("tls_below_least", ok=False, text=f"{named} at best, and the monitor asks for TLS {least}"))
    if answer.cipher in WEAK_CIPHERS:
        text = f"of all ciphers it chose {answer.cipher:#06x}, RC4 or DES: switched off everywhere today"
        found.append(_seen("tls_weak_cipher", ok=False, text=text))
    return found


async def _ask(case: Case, means: Means, versions: tuple[int, ...], name: str) -> _Heard | None:
    """One conversation up to the server's hello; None where there is no budget, no time or no connection."""
    first_talk = case.plan.service.tls == "starttls" or case.result.failure is Failure.TLS_NOT_TLS
    if means.left_s < 0.2 or not means.budget.take(_COST[first_talk]):
        return None
    heard = _Heard()
    hello = client_hello(versions, name, os.urandom(NOISE_BYTES))
    if first_talk:
        speech, ask = asking(case.plan, case.address)
        talk = _until_tls(speech.handshake(msgspec.structs.replace(ask, tls="starttls")), heard, hello)
    else:
        talk = _greet(heard, hello)
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[DialEnd] = loop.create_future()
    due_s = loop.time() + min(_SHARE_S, means.left_s)

    def ended(end: DialEnd) -> None:
        if not waiting.done():
            waiting.set_result(end)

    means.dialler.dial(case.address, case.plan.monitor.target.port, Driver(talk), due_s, ended)
    end = await waiting
    return None if end.errno else heard


def _greet(heard: _Heard, hello: bytes) -> Handshake:
    """Send the hello, read the server's."""
    yield Send(hello)
    data = b""
    while heard.answer is None and len(data) < MAX_ANSWER:
        chunk = yield Receive()
        if not chunk:
            break
        data += chunk
        heard.answer = read_answer(data)
    return Outcome(None, "")


def _until_tls(talk: Handshake, heard: _Heard, hello: bytes) -> Generator[Step, bytes, Outcome]:
    """The service's own conversation up to the point where TLS begins, and our hello there."""
    answer: bytes | None = None
    while True:
        try:
            step = talk.send(answer)  # type: ignore[arg-type]  # None is how a generator starts
        except StopIteration as end:
            heard.offered = _is_without(end.value)
            return end.value  # type: ignore[no-any-return]
        if isinstance(step, StartTls):
            heard.offered = True
            talk.close()
            return (yield from _greet(heard, hello))
        if isinstance(step, Conclude):
            heard.offered = _is_without(step.outcome)
        answer = yield step
        if isinstance(step, Receive):
            heard.said = (heard.said + answer)[:_HEARD]


def _is_without(outcome: Outcome) -> bool | None:
    """False: it came to its end without TLS. None: it did not come to that."""
    return False if outcome.failure in {None, Failure.STARTTLS_MISSING} else None


def _seen(id_: str, *, ok: bool | None, text: str) -> Evidence:
    return Evidence(id_, Phase.TLS, ok, text)
