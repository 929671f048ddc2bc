"""Answers of a name server to a finding: pure, because getaddrinfo's words are too coarse to tell a cause.

Classes and their evidence: RFC 2308 (NXDOMAIN and NODATA), RFC 4035 §3.2.2 (CD bit tells a validation failure
from other SERVFAILs), RFC 8914 (extended errors, shown when present).
"""

from typing import Final, NamedTuple

from uptime_tui.model.failure import Failure
from uptime_tui.resolve.answer import Answer

NEGATIVE_TTL_S: Final = (5.0, 60.0)
POSITIVE_TTL_S: Final = (1.0, 300.0)
"""A change of an address is noticed within five minutes, whatever its TTL says."""
TROUBLE_TTL_S: Final = 2.0
"""A server failure is kept just long enough for one burst of probes."""


class Reply(NamedTuple):
    """One server's answer for one record type, taken apart."""

    rcode: str
    """`NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED`…; `TIMEOUT` when none came."""
    addresses: tuple[str, ...] = ()
    ttl_s: float = 0.0
    alias: str = ""
    """Last target of a CNAME chain; empty without one."""
    extended: str = ""
    """Extended error text, safe."""
    server: str = ""
    bogus: bool = False
    """SERVFAIL that turns into an answer when validation is switched off."""


def classify(name: str, replies: tuple[Reply, ...]) -> Answer:
    """The finding for one name from the replies for its A and AAAA records."""
    addresses = tuple(dict.fromkeys(address for reply in replies for address in reply.addresses))
    if addresses:
        ttl_s = min(reply.ttl_s for reply in replies if reply.addresses)
        low, high = POSITIVE_TTL_S
        return Answer(addresses, ttl_s=min(max(ttl_s, low), high))
    rcodes = {reply.rcode for reply in replies}
    alias = next((reply.alias for reply in replies if reply.alias), "")
    said = next((f" ({reply.extended})" for reply in replies if reply.extended), "")
    server = replies[0].server if replies else ""
    if "NXDOMAIN" in rcodes:
        missing = f"{name} is an alias of {alias}, which does not exist" if alias else f"{name} does not exist"
        return _none(Failure.DNS_NXDOMAIN, missing, replies)
    if any(reply.bogus for reply in replies):
        return _trouble(Failure.DNS_BOGUS, f"{name}: DNSSEC validation fails at {server}{said}")
    if "SERVFAIL" in rcodes:
        return _trouble(Failure.DNS_SERVFAIL, f"{name}: {server} answers SERVFAIL{said}")
    if "REFUSED" in rcodes:
        return _trouble(Failure.DNS_REFUSED, f"{name}: {server} refuses to answer{said}")
    if rcodes == {"NOERROR"}:
        via = f", an alias of {alias}," if alias else ""
        return _none(Failure.DNS_NO_ADDRESS, f"{name}{via} has neither an A nor an AAAA record", replies)
    if "TIMEOUT" in rcodes or not replies:
        return _trouble(Failure.DNS_TIMEOUT, f"{name}: no answer from {server or 'any name server'}")
    return _trouble(Failure.DNS_SERVFAIL, f"{name}: {server} answers {'/'.join(sorted(rcodes))}{said}")


def _none(failure: Failure, detail: str, replies: tuple[Reply, ...]) -> Answer:
    low, high = NEGATIVE_TTL_S
    ttl_s = max((reply.ttl_s for reply in replies), default=0.0)
    return Answer((), failure, detail, ttl_s=min(max(ttl_s, low), high))


def _trouble(failure: Failure, detail: str) -> Answer:
    return Answer((), failure, detail, ttl_s=TROUBLE_TTL_S)
