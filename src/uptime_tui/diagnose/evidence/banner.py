"""What the port said of itself, or that it said nothing: product, version, a reason in its own words."""

from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Final

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.catalogue.service import Service
from uptime_tui.diagnose.case import Case, Means
from uptime_tui.diagnose.relations import same_host
from uptime_tui.dial.ending import closed
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.pattern import pattern
from uptime_tui.model.peer import name_peer
from uptime_tui.model.reasons import REASONS, reasons
from uptime_tui.model.result import Evidence
from uptime_tui.model.safetext import safe_text

QUESTION: Final = "What did the port say of itself?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "banner_as_before": "it names itself as at the last good probe",
    "banner_upgraded": "the same product as at the last good probe, another version",
    "banner_changed": "it names itself otherwise than at the last good probe",
    "peer_named": "its first words are another service's",
    "peer_plain": "the very service that is expected within TLS speaks without",
    "closed_at_once": "it accepts and closes at once, without a word",
    "closed_late": "it accepts and closes after a while, without a word",
    "closed_by_reset": "it was ended by a reset, not in order",
    "accepted_silent": "it accepts and stays silent",
    "stopped_talking": "it began to answer and did not finish",
    "port_begins_tls": "the port is one that begins with TLS, and this monitor speaks plainly there",
    "port_for_tls": "the port is one where TLS begins with the first byte, as the monitor takes it",
    "port_for_starttls": "the port is one where TLS begins after a command, and the monitor begins with it",
    "others_here_serve": "other services of the same host answer this machine",
    "others_here_fail_too": "other services of the same host fail in the same way",
    **{f"says_{reason.id}": f"its words: {reason.meaning}" for reason in REASONS},
}

_WANTED: Final = frozenset(
    {
        Failure.TLS_NOT_TLS, Failure.TLS_HANDSHAKE, Failure.STARTTLS_MISSING, Failure.STARTTLS_INJECTION,
        Failure.NO_GREETING, Failure.CLOSED_EARLY, Failure.WRONG_SERVICE, Failure.BAD_PROTOCOL, Failure.BUSY,
        Failure.REFUSED_SERVICE, Failure.WATCHER_BLOCKED, Failure.HTTP_STATUS, Failure.KEYWORD_MISSING,
        Failure.JSON_INVALID, Failure.REDIRECT, Failure.TIMEOUT,
    }
)  # fmt: skip
_SPOKEN: Final = {
    "smtp": "SMTP", "imap": "IMAP", "pop3": "POP3", "ftp": "FTP", "http": "HTTP", "ssh": "SSH", "redis": "Redis",
    "mysql": "MySQL", "mssql": "SQL Server", "postgresql": "PostgreSQL", "elasticsearch": "HTTP",
}  # fmt: skip
_UNHEARD: Final = frozenset({Failure.NO_GREETING, Failure.CLOSED_EARLY, Failure.TIMEOUT})
_AT_ONCE_MS: Final = 300.0
_LATE_MS: Final = 2000.0
_VERSION: Final = pattern(r"[vV]?\d+(?:[._]\d+)+\w*|[-+~](?:deb|ubuntu|el|rc|beta)?\d\w*")
_CHANGING: Final = pattern(
    r"(?i:\b(?:mon|tue|wed|thu|fri|sat|sun),? ).*|<[^>]*>|(?<![^\W_])(?=[a-zA-Z]*\d)[a-zA-Z0-9]{10,}(?![^\W_])"
)
"""What differs from one greeting to the next: dates, message ids, session numbers."""
_WORD: Final = pattern(r"[^\W\d_]{3,}")
_ENDS: Final = (closed(reset=False), closed(reset=True))


def wants(case: Case) -> bool:
    """The connection stood, and something was said or not."""
    return case.result.failure in _WANTED and case.result.phase is not Phase.CONNECT


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:  # noqa: ARG001 - it sends nothing
    """What can be read from what is known already."""
    for fact in facts(case):
        yield fact


def facts(case: Case) -> Iterator[Evidence]:
    """The same, at once."""
    yield from _compared(case)
    yield from _named(case)
    yield from _words(case)
    yield from _silence(case)
    yield from _port(case)
    yield from _others(case)


def _compared(case: Case) -> Iterator[Evidence]:
    now, before = case.result.banner, "" if case.last_good is None else case.last_good.banner
    if not now or not before:
        return
    (product, version), (product_before, version_before) = _identity(now), _identity(before)
    if product != product_before:
        text = f"'{_short(before)}' at the last good probe, '{_short(now)}' now"
        yield _seen("banner_changed", ok=False, text=text)
    elif version != version_before:
        text = f"'{_short(before)}' at the last good probe, '{_short(now)}' now: another version"
        yield _seen("banner_upgraded", ok=False, text=text)
    else:
        yield _seen("banner_as_before", ok=None, text=f"it names itself as at the last good probe: '{_short(now)}'")


def _named(case: Case) -> Iterator[Evidence]:
    expected = _SPOKEN.get(case.plan.service.handshake, "")
    who = name_peer(case.result.banner.encode())
    if not who:
        return
    if who == expected and case.result.failure is Failure.TLS_NOT_TLS:
        yield _seen("peer_plain", ok=False, text=f"{who} speaks there in clear text: '{_short(case.result.banner)}'")
    elif who != expected and case.result.failure in {Failure.TLS_NOT_TLS, Failure.WRONG_SERVICE, Failure.BAD_PROTOCOL}:
        text = f"the first words are those of {who}: '{_short(case.result.banner)}'"
        yield _seen("peer_named", ok=False, text=text)


def _words(case: Case) -> Iterator[Evidence]:
    """Reasons that the server itself gives; the details quote it where the banner does not."""
    if case.result.phase is Phase.CONTENT:
        return  # the words of a page are another collector's
    said = f"{case.result.banner} {case.result.detail}"
    for reason in reasons(said):
        text = f"its own words say: {reason.meaning} ('{_short(case.result.banner or case.result.detail)}')"
        yield Evidence(f"says_{reason.id}", Phase.PROTOCOL, ok=False, text=text)


def _silence(case: Case) -> Iterator[Evidence]:
    result = case.result
    ms = result.timings.protocol if result.timings.protocol is not None else result.timings.tls
    if result.banner:
        if result.failure is Failure.TIMEOUT and ms is not None:
            text = f"it began to answer, and had not finished after {ms / 1000:.1f} s"
            yield _seen("stopped_talking", ok=False, text=text)
        return
    if result.failure in {Failure.CLOSED_EARLY, Failure.TLS_HANDSHAKE} and result.detail.startswith(_ENDS):
        if ms is not None and ms <= _AT_ONCE_MS:
            yield _seen("closed_at_once", ok=False, text=f"accepted, and closed {ms:.0f} ms later without a word")
        elif ms is not None and ms >= _LATE_MS:
            yield _seen("closed_late", ok=False, text=f"accepted, and closed {ms / 1000:.1f} s later without a word")
        if result.detail.startswith(_ENDS[1]):
            yield _seen("closed_by_reset", ok=False, text="the end was a reset: nobody took what was sent")
    elif result.failure in {Failure.NO_GREETING, Failure.TIMEOUT} and ms is not None:
        yield _seen("accepted_silent", ok=False, text=f"accepted at once, then nothing for {ms / 1000:.1f} s")


def _port(case: Case) -> Iterator[Evidence]:
    """A plain monitor on a port where TLS begins with the first byte (RFC 8314 §3 for mail)."""
    service = _by_port("implicit").get(case.port)
    if case.result.failure is Failure.TLS_NOT_TLS:
        yield from _taken_for_tls(case.port, service)
    if service is None or case.plan.service.tls == "implicit" or case.result.banner:
        return
    if case.result.failure in _UNHEARD:
        text = f"{case.port} is the port of {service.title}, where TLS begins at once; this monitor speaks plainly"
        yield _seen("port_begins_tls", ok=False, text=text)


def _taken_for_tls(port: int, implicit: Service | None) -> Iterator[Evidence]:
    """What the number alone says of a port that was greeted with TLS and did not speak it."""
    if implicit is not None:
        yield _seen("port_for_tls", ok=None, text=f"{port} is the port of {implicit.title}, where TLS begins at once")
    elif (starttls := _by_port("starttls").get(port)) is not None:
        text = f"{port} is the port of {starttls.title}, where TLS begins after a command"
        yield _seen("port_for_starttls", ok=False, text=text)


@cache
def _by_port(tls: str) -> dict[int, Service]:
    """Whose the ports are in the catalogue that comes along; a user's own service may well sit on such a port.

    A port that serves both ways (Redis, MongoDB, Elasticsearch) is the plain one's: its number tells nothing of TLS.
    """
    catalogue = load_catalogue()
    return {port: each for port, name in catalogue.ports.items() if (each := catalogue.services[name]).tls == tls}


def _others(case: Case) -> Iterator[Evidence]:
    """What the other services of the host do; where each of them is at an own address, it says nothing."""
    same = [each for each in same_host(case) if each.status is Status.DOWN and each.failure is case.result.failure]
    fine = [each for each in same_host(case) if each.status is Status.UP]
    if same:
        names = ", ".join(safe_text(each.monitor.name, 40) for each in same[:3])
        yield _seen("others_here_fail_too", ok=False, text=f"{names} on the same host: the same failure")
    elif fine:
        names = ", ".join(safe_text(each.monitor.name, 40) for each in fine[:3])
        yield _seen("others_here_serve", ok=None, text=f"{names} on the same host: fine, so it is this service alone")


def _identity(banner: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words that name the product, and its versions."""
    lasting = _CHANGING.sub(" ", banner)
    return tuple(_WORD.findall(_VERSION.sub(" ", lasting))), tuple(_VERSION.findall(lasting))


def _short(text: str) -> str:
    return safe_text(text, 80)


def _seen(id_: str, *, ok: bool | None, text: str) -> Evidence:
    return Evidence(id_, Phase.PROTOCOL, ok, text)
