"""What a connection or its failure means, in a code, a sentence and evidence. Pure."""

import errno
import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from uptime_tui.dial.direct import DialEnd
from uptime_tui.model.certificate import Certificate, is_critical
from uptime_tui.model.errors import UserError
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.outcome import Rest, longest_wish_s
from uptime_tui.model.result import ACCEPTED, NO_NEIGHBOUR, Evidence, Result
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.units import format_duration
from uptime_tui.resolve.answer import Answer
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.conversation import SELF_MADE

_OURS: Final = {
    errno.EMFILE: Failure.NO_DESCRIPTORS,
    errno.ENFILE: Failure.NO_DESCRIPTORS,
    errno.ENOBUFS: Failure.NO_DESCRIPTORS,
    errno.ENOMEM: Failure.NO_DESCRIPTORS,
    errno.EADDRNOTAVAIL: Failure.NO_SOURCE_PORTS,
}
_FAILURES: Final = {
    errno.ECONNREFUSED: Failure.REFUSED,
    errno.ECONNRESET: Failure.REFUSED,
    errno.EHOSTUNREACH: Failure.HOST_UNREACHABLE,
    errno.EHOSTDOWN: Failure.HOST_UNREACHABLE,
    errno.ENETUNREACH: Failure.NET_UNREACHABLE,
    errno.ENETDOWN: Failure.NET_UNREACHABLE,
    errno.EAFNOSUPPORT: Failure.NET_UNREACHABLE,
    errno.ENODEV: Failure.NET_UNREACHABLE,  # an IPv6 zone that does not exist here
    errno.EINVAL: Failure.NET_UNREACHABLE,  # a blackhole route (ip-route(8))
    errno.EACCES: Failure.PROHIBITED,  # a prohibit route
    errno.EPERM: Failure.PROHIBITED,  # our own output filter
    errno.ETIMEDOUT: Failure.TIMEOUT,
}

_OWN_ROUTES: Final = {
    errno.EACCES: "a prohibit route of this machine forbids the connection to",
    errno.EPERM: "a rule of this machine forbids the connection to",
    errno.EINVAL: "a blackhole route of this machine swallows what goes to",
    errno.EHOSTUNREACH: "an unreachable route of this machine keeps it from",
}
"""What the errors mean that connect(2) returns at once (ip-route(8))."""


_SILENT: Final = {Failure.REFUSED: "rst", Failure.TIMEOUT: "no_answer", Failure.NET_UNREACHABLE: "no_route"}
"""Evidence of a failed connect that no ICMP message explains."""
_ICMP: Final = {
    Failure.REFUSED: "icmp_port",
    Failure.PROHIBITED: "icmp_prohibited",
    Failure.HOST_UNREACHABLE: "icmp_host",
    Failure.NET_UNREACHABLE: "icmp_net",
}
"""Evidence of one that an ICMP message of another machine explains."""
_STOOD: Final = (ACCEPTED,)


class Finding(NamedTuple):
    """Why a connection did not come about."""

    failure: Failure
    detail: str
    evidence: tuple[Evidence, ...]
    ours: bool = False
    """This machine itself has no way there, or forbids it: it says nothing about the target."""


def judge_connect(end: DialEnd, port: int, waited_ms: float) -> Finding:
    """The finding for a connect that failed.

    Args:
        end: how it went; `end.errno` is not 0.
        port: the target's.
        waited_ms: milliseconds until it was known.
    """
    place = _place(end.address, port)
    lacking = _OURS.get(end.errno)
    if lacking is not None:
        detail = f"no connection to {place} was tried: {os.strerror(end.errno)} on this machine"
        return Finding(lacking, detail, (_seen("tcp_failure", ok=None, text=detail),), ours=True)
    failure = _FAILURES.get(end.errno, Failure.HOST_UNREACHABLE)
    offender = end.offender
    rejects = _rejects(end)
    if rejects or end.kept_in or (offender is not None and offender.prohibits and failure is not Failure.REFUSED):
        failure = Failure.PROHIBITED
    no_route = failure is Failure.NET_UNREACHABLE and offender is None
    ours = no_route or rejects or end.kept_in or end.at_once
    detail = _own_sentence(failure, end, place) if ours else _sentence(failure, end, place, waited_ms)
    what = "own_firewall" if end.kept_in else "tcp_failure"
    if offender is None:
        what = _SILENT.get(failure, what)
    evidence = [_seen(what, ok=False, text=f"connect: {os.strerror(end.errno)} after {waited_ms:.1f} ms")]
    if offender is not None:
        evidence.append(_seen(_kind(end, failure), ok=False, text=_icmp(end)))
        evidence += _sender(end)
    if end.retransmits:
        evidence.append(_seen("retransmits", ok=False, text=f"{end.retransmits} SYN sent again without an answer"))
    return Finding(failure, detail, tuple(evidence), ours)


def worst_of(failed: Sequence[tuple[str, Finding]]) -> tuple[str, Finding, str]:
    """What to report when every address failed: the first that says something of the target, and how many agree.

    A machine without IPv6 cannot route to half of the addresses of the world; that must not hide a refusal.

    Args:
        failed: address and finding, in the order in which they were tried; not empty.

    Returns:
        The address, its finding, and the sentence for a person.
    """
    telling = [each for each in failed if not each[1].ours] or list(failed)
    address, found = telling[0]
    others = ", ".join(other for other, _ in telling[1:])
    return address, found, f"{found.detail}; no better at {others}" if others else found.detail


def dns_evidence(answer: Answer) -> tuple[Evidence, ...]:
    """What was looked up; nothing for an address that was written as such."""
    if answer.source == "literal":
        return ()
    text = f"{', '.join(answer.addresses[:8])} ({answer.source}, {answer.ms:.1f} ms)"
    return (Evidence("dns_answer", Phase.DNS, ok=True, text=text),)


def our_fault(bug: Exception) -> str:
    """The sentence for a conversation that ended by its own fault or the configuration's."""
    if isinstance(bug, UserError):
        return f"not probed: {bug}"
    return f"a bug of uptime-tui: {type(bug).__name__} ({safe_text(str(bug), 80)})"


def connected(end: DialEnd) -> tuple[Evidence, ...]:
    """Evidence of a connection that stood."""
    if not end.retransmits:
        return _STOOD
    return ACCEPTED, _seen("retransmits", ok=False, text=f"{end.retransmits} SYN lost on the way")


def _granted(rest: Rest, monitor: Monitor) -> Rest:
    """What a server asks for, up to a bound."""
    most_s = longest_wish_s(monitor.interval_s)
    if rest.seconds <= most_s:
        return msgspec.structs.replace(rest, of=monitor.resource)
    why = f"{rest.why}, and no more than {format_duration(most_s)} is granted"
    return msgspec.structs.replace(rest, seconds=most_s, why=why, of=monitor.resource)


def resting(rest: Rest | None, monitor: Monitor) -> tuple[Rest | None, tuple[Evidence, ...]]:
    """The rest a conversation asks for, with who is to rest, and its line among the evidence."""
    if rest is None:
        return None, ()
    whose = _granted(rest, monitor) if rest.asked else msgspec.structs.replace(rest, of=monitor.caller)
    text = f"not again within {format_duration(whose.seconds)}: {whose.why}"
    return whose, (Evidence("rest", Phase.PROTOCOL, ok=None, text=text),)


def judge_pace(result: Result, slow_ms: int) -> Result:
    """The result as it is, or why a success took longer than `slow_ms` (0: no limit): SYNs were lost, or it is slow."""
    total = result.timings.total or 0.0
    if result.failure is not None or not 0 < slow_ms < total:
        return result
    pairs = itertools.pairwise(result.evidence)
    lost = next((seen.text for stood, seen in pairs if (stood.id, seen.id) == ("tcp_connect", "retransmits")), "")
    failure, phase = (Failure.PACKET_LOSS, Phase.CONNECT) if lost else (Failure.TOO_SLOW, Phase.CONTENT)
    detail = f"{lost and f'{lost}: '}{total:.0f} ms, the limit is {slow_ms} ms ({result.detail})"
    return msgspec.structs.replace(result, failure=failure, phase=phase, detail=detail)


def judge_severity(failure: Failure | None, certificate: Certificate | None, plan: Plan, now_s: float) -> Status | None:
    """A status of its own where the problem of a certificate is worse or better than others'; else None.

    Args:
        failure: of a conversation.
        certificate: that it was shown.
        plan: thresholds, and whether the service usually signs its certificate itself.
        now_s: Unix time.
    """
    if failure is None or certificate is None:
        return None
    if failure is Failure.TLS_EXPIRING:
        expect = plan.monitor.expect
        return Status.DOWN if is_critical(certificate, now_s=now_s, critical_days=expect.tls_critical_days) else None
    if failure in SELF_MADE and plan.service.self_signed_ok and certificate.pinned is not False:
        return Status.DEGRADED
    return None


def _place(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _sentence(failure: Failure, end: DialEnd, place: str, waited_ms: float) -> str:
    by = _by(end)
    match failure:
        case Failure.REFUSED if by:
            return f"{place} is rejected by {by} with an ICMP message ({_icmp(end)})"
        case Failure.REFUSED:
            return f"{place} refused the connection in {waited_ms:.1f} ms: nothing accepts there, or it is rejected"
        case Failure.TIMEOUT:
            again = f", {1 + end.retransmits} SYNs sent" if end.retransmits else ""
            return f"no answer from {place} in {waited_ms / 1000:.1f} s{again}"
        case Failure.PROHIBITED:
            return f"{by} prohibits the connection to {place}"
        case _:
            return _unreachable(failure, end, place)


def _own_sentence(failure: Failure, end: DialEnd, place: str) -> str:
    """What this machine itself does with the connection."""
    if end.kept_in:
        again = 1 + end.retransmits
        return f"this machine's own output filter drops the connection to {place}: {again} SYNs were made, none got out"
    if end.offender is not None:
        return f"this machine's own firewall rejects the connection to {place} ({_icmp(end)})"
    if end.errno == errno.ENODEV:
        return f"this machine has no interface {end.address.partition('%')[2]}, which {place} names"
    whose = _OWN_ROUTES.get(end.errno)
    if whose is not None:
        return f"{whose} {place}"
    what = "has no route to" if failure is Failure.NET_UNREACHABLE else "cannot connect to"
    return f"this machine {what} {place}: {os.strerror(end.errno)}"


def _unreachable(failure: Failure, end: DialEnd, place: str) -> str:
    by = _by(end)
    if failure is Failure.NET_UNREACHABLE:
        return f"{by} has no route to {place}"
    if _is_own(end):
        return f"{place} cannot be reached: nobody on this machine's own network answers for it (ARP, ND)"
    if not by:
        return f"this machine cannot reach {place}: {os.strerror(end.errno)}"
    return f"{by} reports that {place} cannot be reached ({_icmp(end)})"


def _by(end: DialEnd) -> str:
    """Who broke the connection off; empty when nobody said."""
    if end.offender is None:
        return ""
    return "this machine's own firewall" if _is_own(end) else end.offender.address or "a router"


def _is_own(end: DialEnd) -> bool:
    """Whether the message came from this machine: its output filter, or its own search for a neighbour."""
    offender = end.offender
    return offender is not None and (offender.origin == "local" or offender.address == end.source != "")


def _kind(end: DialEnd, failure: Failure) -> str:
    """Id of the evidence that an ICMP message is, by who sent it and why."""
    if end.offender is not None and end.offender.exceeds:
        return "icmp_exceeded"
    if not _is_own(end):
        return _ICMP.get(failure, "icmp_other")
    return NO_NEIGHBOUR if failure is Failure.HOST_UNREACHABLE else "own_firewall"


def _sender(end: DialEnd) -> Iterator[Evidence]:
    """Whether another machine's message is the target's own or a router's; nothing where it has no sender."""
    sender = end.offender.address if end.offender is not None else ""
    if not sender or _is_own(end):
        return
    if sender == end.address.partition("%")[0]:
        yield _seen("icmp_by_target", ok=False, text="the message is the target's own: the host is alive")
    else:
        yield _seen("icmp_by_router", ok=False, text=f"the message is from {sender} on the way, not from the target")


def _rejects(end: DialEnd) -> bool:
    """Whether this machine's own output filter rejects what goes to another one.

    An unanswered search for a neighbour comes from our own address too, as an unreachable host: that is the neighbour's
    silence, not a rule.
    """
    offender = end.offender
    if offender is None or not _is_own(end) or end.address == end.source:
        return False
    return offender.prohibits or end.errno != errno.EHOSTUNREACH


def _icmp(end: DialEnd) -> str:
    offender = end.offender
    assert offender is not None
    if offender.origin == "local":
        return "the error was made on this machine"
    kind = "ICMP" if offender.origin == "icmp" else "ICMPv6"
    return f"{kind} {offender.type}/{offender.code} from {offender.address or 'an unknown sender'}"


def _seen(id_: str, *, ok: bool | None, text: str) -> Evidence:
    return Evidence(id_, Phase.CONNECT, ok, text)
