"""DNSSEC: whether it is the reason, and which signature, key or DS breaks the chain."""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Final

from dns.name import Name

from uptime_tui.diagnose.case import Case, Means
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence
from uptime_tui.resolve.dnssec import Flaw, judge_dates, judge_keys, judge_signed, signatures
from uptime_tui.resolve.exchange import Heard
from uptime_tui.resolve.inquiry import Inquiry
from uptime_tui.resolve.reading import records, show, zone_of
from uptime_tui.resolve.system import is_address

QUESTION: Final = "Is it DNSSEC, and which signature, key or DS does not hold?"
STAGE: Final = 1
PACKETS: Final = 10
FACTS: Final = {
    "validation_fails": "the resolver answers once it is told not to validate",
    "not_dnssec": "the resolver fails without validation as well",
    "extended_error": "the resolver's own word for it (RFC 8914)",
    "signature_expired": "a signature has expired",
    "signature_future": "a signature is not valid yet",
    "signature_missing": "a signed zone answers without a signature",
    "signature_wrong": "a signature fits no key of the zone",
    "ds_without_key": "the DS at the zone above fits no key of the zone",
    "dnskey_missing": "the zone has a DS above, but no key",
    "zone_unsigned": "the zone has no DS above it: nothing is to be validated",
    "chain_holds": "dates, keys and DS hold by this machine's clock",
}
_IDS: Final = {
    "expired": "signature_expired",
    "future": "signature_future",
    "unsigned": "signature_missing",
    "forged": "signature_wrong",
    "ds_without_key": "ds_without_key",
    "no_key": "dnskey_missing",
}
_ANSWERED: Final = frozenset({"NOERROR", "NXDOMAIN"})


def wants(case: Case) -> bool:
    """Where a resolver says that it failed."""
    wanted = case.failure in {Failure.DNS_BOGUS, Failure.DNS_SERVFAIL}
    return wanted and not is_address(case.plan.monitor.target.host)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """The failing question again without validation, then what the chain above it is made of."""
    names = means.names
    host = names.full(case.plan.monitor.target.host)
    failed, open_ = await _failing(host, names)
    if failed.why:
        yield Evidence("extended_error", Phase.DNS, ok=False, text=f"{failed.shown} says: {failed.why}")
    if failed.rcode in _ANSWERED or open_.message is None:
        return
    if open_.rcode not in _ANSWERED:
        text = f"{open_.shown} answers {open_.rcode} about {host} without validation too: it is not DNSSEC"
        yield Evidence("not_dnssec", Phase.DNS, ok=None, text=text)
        return
    text = f"{open_.shown} answers {open_.rcode} about {host} when it may not validate: it is DNSSEC"
    yield Evidence("validation_fails", Phase.DNS, ok=False, text=text)
    for fact in await _chain(open_, names, time.time()):
        yield fact


async def _failing(host: str, names: Inquiry) -> tuple[Heard, Heard]:
    """Of A and AAAA the one that fails: an address may be bogus beside a valid nothing."""
    failed = await names.recursive(host, "A")
    kind = "A"
    if failed.rcode in _ANSWERED:
        other = await names.recursive(host, "AAAA")
        if other.rcode == "SERVFAIL":
            failed, kind = other, "AAAA"
    return failed, await names.recursive(host, kind, server=failed.server, validate=False)


async def _chain(heard: Heard, names: Inquiry, now_s: float) -> tuple[Evidence, ...]:
    """Everything that is wrong between the answer and the DS above its zone."""
    found = signatures(heard.message)
    zone = await _zone(heard, names)
    if zone is None:
        return ()
    above = await names.recursive(zone, "DS", server=heard.server, validate=False)
    below = await names.recursive(zone, "DNSKEY", server=heard.server, validate=False)
    anchors, keys = records(above.message, zone, "DS"), records(below.message, zone, "DNSKEY")
    if not anchors and not keys:
        text = f"{show(zone)} has neither DS nor DNSKEY: nothing is to be validated"
        return (Evidence("zone_unsigned", Phase.DNS, ok=None, text=text),)
    everything = (*found, *signatures(below.message), *signatures(above.message))
    flaws = [*judge_dates(everything, now_s), *judge_keys(zone, keys, anchors)]
    flaws += judge_signed(zone, found, keys, now_s)
    if not flaws and keys:
        text = "dates, keys and DS hold by this machine's clock: the resolver's clock or its trust anchor is wrong"
        return (Evidence("chain_holds", Phase.DNS, ok=None, text=text),)
    return tuple(_facts(flaws))


async def _zone(heard: Heard, names: Inquiry) -> Name | None:
    """The zone whose signatures are in the answer; of an unsigned one, by its SOA."""
    assert heard.message is not None
    signed = signatures(heard.message)
    if signed:
        signer = signed[0].rdata.signer
        return signer if isinstance(signer, Name) else None
    apex = zone_of(heard.message)
    if apex is None:
        asked = heard.message.question[0].name
        soa = await names.recursive(asked, "SOA", server=heard.server, validate=False)
        apex = asked if records(soa.message, asked, "SOA") else zone_of(soa.message)
    return apex


def _facts(flaws: list[Flaw]) -> Iterator[Evidence]:
    for flaw in flaws[:6]:
        yield Evidence(_IDS[flaw.problem], Phase.DNS, ok=False, text=flaw.text)
