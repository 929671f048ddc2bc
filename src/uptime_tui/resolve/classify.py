"""Answers of a name server to a finding: pure, because getaddrinfo's words are too coarse to tell a cause.

Classes and their evidence: RFC 2308 (NXDOMAIN and NODATA), RFC 4035 §3.2.2 (CD bit tells a validation failure
from other SERVFAILs), RFC 8914 (extended errors, shown when present).
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from uptime_tui.model.failure import Failure
from uptime_tui.resolve.answer import Answer

NEGATIVE_TTL_S: Final = (5.0, 60.0)
POSITIVE_TTL_S: Final = (1.0, 300.0)
"""A change of an address is noticed within five minutes, whatever its TTL says."""
TROUBLE_TTL_S: Final = 2.0
"""A server failure is kept just long enough for one burst of probes."""


OURS: Final = "OURS"
"""Reply code of a question that this machine could not even ask."""
SILENT: Final = frozenset({"TIMEOUT", "UNREACHABLE", OURS})
"""Reply codes of servers that have said nothing."""
ANSWERED: Final = frozenset({"NOERROR", "NXDOMAIN"})
"""Those that say what there is."""
NOWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - nothing is bound to it
"""What a name server answers for a name that it blocks; who connects to it reaches this machine itself."""


class Reply(NamedTuple):
    """One server's answer for one record type, taken apart."""

    rcode: str
    """`NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED`…; one of SILENT when none came."""
    addresses: tuple[str, ...] = ()
    ttl_s: float = 0.0
    alias: str = ""
    """Last target of a CNAME chain; empty without one."""
    extended: str = ""
    """Extended error text, or why the server could not be reached; safe."""
    server: str = ""
    bogus: bool = False
    """SERVFAIL that turns into an answer when validation is switched off."""
    has_records: bool = False
    """There are records of the type that was asked for."""
    cut: bool = False
    """It has answered that the whole comes over TCP (TC), where it did not come."""


def classify(name: str, replies: tuple[Reply, ...], family: int = 0) -> Answer:
    """The finding for one name from the replies for its A and AAAA records; of the one that counts, 4 or 6, if any."""
    if family and replies[family == 6].rcode not in ANSWERED:
        replies = (replies[family == 6],)  # the other family's addresses do not say that there are none of this
    named = dict.fromkeys(address for reply in replies for address in reply.addresses)
    addresses = tuple(address for address in named if address not in NOWHERE)
    if addresses:
        ttl_s = min(reply.ttl_s for reply in replies if reply.addresses)
        low, high = POSITIVE_TTL_S
        if replies[0].rcode not in ANSWERED:  # some drop questions for AAAA for ever, but none those for A
            high = TROUBLE_TTL_S
        return Answer(addresses, ttl_s=min(max(ttl_s, low), high))
    if named:
        server = next(reply.server for reply in replies if reply.addresses)
        nowhere = f"{name}: {server} answers {next(iter(named))}, which leads nowhere"
        blocked = f"{nowhere}: it blocks the name, or the name's owner has it so"
        return _none(Failure.DNS_NO_ADDRESS, blocked, replies)
    by_rcode = {reply.rcode: reply for reply in reversed(replies)}
    alias = next((reply.alias for reply in replies if reply.alias), "")
    if "NXDOMAIN" in by_rcode:
        missing = f"{name} is an alias of {alias}, which does not exist" if alias else f"{name} does not exist"
        return _none(Failure.DNS_NXDOMAIN, missing, replies)
    if set(by_rcode) == {"NOERROR"}:
        via = f", an alias of {alias}," if alias else ""
        return _none(Failure.DNS_NO_ADDRESS, f"{name}{via} has neither an A nor an AAAA record", replies)
    return _trouble(name, by_rcode, next((reply for reply in replies if reply.bogus), None))


def _trouble(name: str, by_rcode: Mapping[str, Reply], bogus: Reply | None) -> Answer:
    """The finding when at least one question has no answer that counts; whoever is to blame is named."""
    if bogus is not None:
        return _failed(Failure.DNS_BOGUS, f"{name}: DNSSEC validation fails at {bogus.server}{_said(bogus)}")
    for rcode, reply in by_rcode.items():
        match rcode:
            case "NOERROR" | "TIMEOUT" | "UNREACHABLE" | "OURS":
                continue
            case "REFUSED":
                return _failed(Failure.DNS_REFUSED, f"{name}: {reply.server} refuses to answer{_said(reply)}")
            case _:
                return _failed(Failure.DNS_SERVFAIL, f"{name}: {reply.server} answers {rcode}{_said(reply)}")
    if OURS in by_rcode:
        why = by_rcode[OURS].extended
        return _failed(Failure.NO_DESCRIPTORS, f"{name} was not looked up: {why} on this machine")
    if "UNREACHABLE" in by_rcode:
        reply = by_rcode["UNREACHABLE"]
        detail = f"{name}: name server {reply.server} cannot be asked{_said(reply)}"
        # whom this machine asks is its own matter: the name has a long answer, others may well get it
        return _failed(Failure.DNS_TIMEOUT, detail)._replace(ours=reply.cut)
    server = by_rcode["TIMEOUT"].server if "TIMEOUT" in by_rcode else ""
    return _failed(Failure.DNS_TIMEOUT, f"{name}: no answer from {server or 'any name server'}")


def _said(reply: Reply) -> str:
    return f" ({reply.extended})" if reply.extended else ""


def _none(failure: Failure, detail: str, replies: tuple[Reply, ...]) -> Answer:
    low, high = NEGATIVE_TTL_S
    ttl_s = max((reply.ttl_s for reply in replies), default=0.0)
    return Answer((), failure, detail, ttl_s=min(max(ttl_s, low), high))


def _failed(failure: Failure, detail: str) -> Answer:
    return Answer((), failure, detail, ttl_s=TROUBLE_TTL_S)
