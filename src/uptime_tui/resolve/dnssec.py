"""Why signatures do not hold: dates, keys and DS against each other, by this machine's own clock. Pure.

RFC 4034 (RRSIG, DNSKEY, DS), RFC 4035 §5 (validation). The cryptography is dnspython's.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

import dns.dnssec
import dns.exception
import dns.message
import dns.rdatatype
import dns.rrset
from dns.dnssectypes import DSDigest
from dns.exception import UnsupportedAlgorithm
from dns.name import Name

from uptime_tui.resolve.reading import show

DAY_S: Final = 86400
_ZONE_KEY: Final = 0x0100
_MAX: Final = 32
_DIGESTS: Final = {1: DSDigest.SHA1, 2: DSDigest.SHA256, 4: DSDigest.SHA384}

Problem = Literal["expired", "future", "ds_without_key", "no_key", "unsigned", "forged"]


class Flaw(NamedTuple):
    """One thing that is wrong."""

    problem: Problem
    text: str


class Signature(NamedTuple):
    """One RRSIG with what it signs."""

    rdata: Any
    of: Name
    covers: str
    signed: dns.rrset.RRset | None


def signatures(message: dns.message.Message | None) -> tuple[Signature, ...]:
    """All of answer and authority section, at most 32."""
    found: list[Signature] = []
    for section in (message.answer, message.authority) if message is not None else ():
        for rrset in section:
            if rrset.rdtype != dns.rdatatype.RRSIG:
                continue
            covers = dns.rdatatype.to_text(rrset.covers)
            signed = next(
                (other for other in section if other.name == rrset.name and other.rdtype == rrset.covers), None
            )
            found.extend(Signature(rdata, rrset.name, covers, signed) for rdata in rrset)
    return tuple(found[:_MAX])


def judge_dates(found: Sequence[Signature], now_s: float) -> Iterator[Flaw]:
    """Signatures outside their time, where no other of the same records is inside (a key change has two)."""
    good = {(each.of, each.covers) for each in found if each.rdata.inception <= now_s <= each.rdata.expiration}
    seen = set()
    for each in found:
        if (each.of, each.covers) in good or (each.of, each.covers) in seen:
            continue
        seen.add((each.of, each.covers))
        what = f"the signature of {show(each.rdata.signer)} over {show(each.of)} {each.covers}"
        if each.rdata.expiration < now_s:
            ago = _span(now_s - each.rdata.expiration)
            yield Flaw("expired", f"{what} expired {_when(each.rdata.expiration)}, {ago} ago")
        else:
            ahead = _span(each.rdata.inception - now_s)
            yield Flaw("future", f"{what} is not valid before {_when(each.rdata.inception)}, in {ahead}")


def judge_keys(zone: Name, keys: Sequence[Any], anchors: Sequence[Any]) -> Iterator[Flaw]:
    """The zone's DNSKEY records against the DS records of the zone above."""
    if not anchors:
        return
    tags = ", ".join(str(anchor.key_tag) for anchor in anchors[:4])
    if not keys:
        text = f"{show(zone)} has no DNSKEY, but the zone above has a DS for key {tags}"
        yield Flaw("no_key", text)
        return
    if any(_fits(zone, key, anchor) for key in keys[:_MAX] for anchor in anchors[:_MAX]):
        return
    ours = ", ".join(str(dns.dnssec.key_id(key)) for key in keys[:4])
    text = f"the DS of {show(zone)} at the zone above is for key {tags}; the zone has {ours}, and none fits"
    yield Flaw("ds_without_key", text)


def judge_signed(zone: Name, found: Sequence[Signature], keys: Sequence[Any], now_s: float) -> Iterator[Flaw]:
    """Signatures within their time against the keys; records without any. Nothing without keys."""
    if not keys:
        return
    if not found:
        yield Flaw("unsigned", f"{show(zone)} has keys, but the answer carries no signature")
        return
    known = {zone: dns.rrset.from_rdata_list(zone, 0, list(keys))}
    timely = [each for each in found if each.rdata.signer == zone and each.signed is not None]
    timely = [each for each in timely if each.rdata.inception <= now_s <= each.rdata.expiration]
    held = {(each.of, each.covers) for each in timely if _holds(each, known, now_s)}
    for each in timely:
        if (each.of, each.covers) not in held:
            held.add((each.of, each.covers))
            tag = each.rdata.key_tag
            text = f"the signature by key {tag} over {show(each.of)} {each.covers} fits no key of {show(zone)}"
            yield Flaw("forged", text)


def _fits(zone: Name, key: Any, anchor: Any) -> bool:
    if not key.flags & _ZONE_KEY or anchor.key_tag != dns.dnssec.key_id(key) or anchor.algorithm != key.algorithm:
        return False
    digest = _DIGESTS.get(int(anchor.digest_type))
    if digest is None:
        return True  # a digest that cannot be computed here proves nothing
    try:
        made = dns.dnssec.make_ds(zone, key, digest, validating=True)
    except (dns.exception.DNSException, ValueError):
        return True
    return bool(made.digest == anchor.digest)


def _holds(each: Signature, known: dict[Name, Any], now_s: float) -> bool:
    assert each.signed is not None
    try:
        dns.dnssec.validate_rrsig(each.signed, each.rdata, known, None, now_s)
    except UnsupportedAlgorithm:
        return True
    except (dns.exception.DNSException, ValueError):
        return False
    return True


def _when(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _span(seconds: float) -> str:
    return f"{seconds / DAY_S:.0f} days" if seconds >= 2 * DAY_S else f"{seconds / 3600:.1f} h"
