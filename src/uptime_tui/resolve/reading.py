"""What a name server's answer holds. Pure; names and texts come out bounded and safe."""

from collections.abc import Iterator
from typing import Any, Final

import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
from dns.name import Name
from dns.rrset import RRset

from uptime_tui.model.safetext import safe_text

_MAX_CHAIN: Final = 16
_MAX_RECORDS: Final = 64


def show(name: Name) -> str:
    """As people write it."""
    return safe_text(name.to_text(omit_final_dot=True), 255)


def chain(message: dns.message.Message, asked: Name | str) -> tuple[Name, ...]:
    """The name that was asked for and what it is an alias of, step by step; ends where it begins to repeat."""
    names = [dns.name.from_text(asked) if isinstance(asked, str) else asked]
    while len(names) < _MAX_CHAIN:
        link = message.get_rrset(message.answer, names[-1], dns.rdataclass.IN, dns.rdatatype.CNAME)
        if link is None:
            break
        names.append(link[0].target)
        if names[-1] in names[:-1]:
            break
    return tuple(names)


def records(message: dns.message.Message | None, asked: Name | str, kind: str) -> tuple[Any, ...]:
    """Records of that type at the end of the name's aliases, at most 64."""
    found = None if message is None else record_set(message, asked, kind)
    return () if found is None else tuple(found)[:_MAX_RECORDS]


def record_set(message: dns.message.Message, asked: Name | str, kind: str) -> RRset | None:
    """The same with name and TTL."""
    owner = chain(message, asked)[-1]
    return message.get_rrset(message.answer, owner, dns.rdataclass.IN, dns.rdatatype.from_text(kind))


def addresses(message: dns.message.Message | None, asked: Name | str) -> tuple[str, ...]:
    """A and AAAA of the answer."""
    return tuple(rdata.address for kind in ("A", "AAAA") for rdata in records(message, asked, kind))


def zone_of(message: dns.message.Message | None) -> Name | None:
    """The zone that says no (RFC 2308 §3: its SOA comes with a negative answer); None for any other answer."""
    for rrset in message.authority if message is not None else ():
        if rrset.rdtype == dns.rdatatype.SOA:
            return rrset.name
    return None


def negative_ttl(message: dns.message.Message | None) -> int:
    """Seconds for which that no is kept."""
    for rrset in message.authority if message is not None else ():
        if rrset.rdtype == dns.rdatatype.SOA:
            return int(min(rrset.ttl, rrset[0].minimum))
    return 0


def referral(message: dns.message.Message, above: Name) -> tuple[Name, tuple[Name, ...]] | None:
    """The zone below that others serve, and their names; None when the answer sends nobody on (RFC 1034 §4.2.1)."""
    for rrset in message.authority:
        deeper = rrset.name != above and rrset.name.is_subdomain(above)
        if rrset.rdtype == dns.rdatatype.NS and deeper and not message.answer:
            return rrset.name, tuple(rdata.target for rdata in rrset)[:_MAX_RECORDS]
    return None


def glue(message: dns.message.Message, server: Name) -> tuple[str, ...]:
    """Addresses of a name server that came along."""
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    found = (message.get_rrset(message.additional, server, dns.rdataclass.IN, kind) for kind in kinds)
    return tuple(rdata.address for rrset in found if rrset is not None for rdata in rrset)[:4]


def above(name: Name) -> Iterator[Name]:
    """The names above one, from the top-level domain down to the name itself."""
    for labels in range(2, len(name.labels) + 1):
        yield name.split(labels)[1]


def text_of(rdata: Any) -> str:
    """A TXT record's strings, joined (RFC 7208 §3.3), safe and bounded."""
    return safe_text(b"".join(rdata.strings), 4096)
