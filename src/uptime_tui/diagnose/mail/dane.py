"""DANE (RFC 7672): TLSA records of the MX hosts. They count only where the resolver has validated them."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from uptime_tui.diagnose.mail.lookups import Lookups
from uptime_tui.model.certificate import Certificate
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence

FACTS: Final = {
    "dane": "an MX has TLSA records, and the certificate that was last seen fits one",
    "dane_there": "an MX has TLSA records that cannot be compared from here",
    "dane_mismatch": "no TLSA record of an MX fits the certificate that was last seen",
    "dane_insecure": "an MX has TLSA records that nobody has validated: they do not count",
    "dane_unusable": "TLSA records of a kind that mail servers do not use",
    "dane_none": "no MX has TLSA records",
}
_MAX_HOSTS: Final = 4
_AUTHORITY, _LEAF = 2, 3
"""DANE-TA and DANE-EE; the other usages are not used for SMTP (§3.1.3)."""
_WHOLE, _KEY = 0, 1
"""Selectors (RFC 6698 §2.1.2): the certificate, or its SubjectPublicKeyInfo."""
_PLAIN, _SHA256 = 0, 1
"""Matching types (RFC 6698 §2.1.3) that can be compared: of whole data the digest is taken here."""


async def audit(hosts: Sequence[str], host: str, seen: Certificate | None, look: Lookups) -> AsyncIterator[Evidence]:
    """Facts about each MX.

    Args:
        hosts: MX hosts.
        host: the monitored one.
        seen: the newest certificate of its port 25; None when none was seen.
        look: asks.
    """
    found_one = False
    for each in hosts[:_MAX_HOSTS]:
        found = await look.of(f"_25._tcp.{each}", "TLSA")
        if found.records:
            found_one = True
            yield judge(each, found.records, authentic=found.authentic, seen=seen if each == host else None)
    if not found_one and hosts:
        yield Evidence("dane_none", Phase.DNS, ok=None, text="no MX has TLSA records (DANE)")


def judge(host: str, records: Sequence[Any], *, authentic: bool, seen: Certificate | None) -> Evidence:
    """What the records of one host come to. Pure.

    Args:
        host: the MX.
        records: its TLSA records.
        authentic: the resolver has validated them.
        seen: the host's newest certificate, with what the server sent after it.
    """
    count = f"{len(records)} TLSA record{'s' if len(records) > 1 else ''}"
    if not authentic:
        text = f"{host} has {count}, but the resolver has not validated them (no AD): senders do not heed them"
        return Evidence("dane_insecure", Phase.DNS, ok=None, text=text)
    used = [rdata for rdata in records if rdata.usage in {_AUTHORITY, _LEAF}]
    if not used:
        text = f"{host} has {count}, none of usage 2 or 3: senders of mail do not heed them"
        return Evidence("dane_unusable", Phase.DNS, ok=False, text=text)
    said = f"{host} has {count} ({', '.join(sorted({_kind(rdata) for rdata in used})[:4])}), validated"
    if seen is None:
        return Evidence("dane_there", Phase.DNS, ok=None, text=f"{said}; no certificate of its port 25 is known here")
    fits = [(rdata, _fits(rdata, seen)) for rdata in used]
    fitting = [_kind(rdata) for rdata, fit in fits if fit]
    if fitting:
        text = f"{said}; {fitting[0]} fits the certificate that was last seen"
        return Evidence("dane", Phase.DNS, ok=True, text=text)
    strange = [_kind(rdata) for rdata, fit in fits if fit is None]
    if strange:
        return Evidence("dane_there", Phase.DNS, ok=None, text=f"{said}; {strange[0]} cannot be compared from here")
    text = f"{said}; none fits the certificate that was last seen: senders that heed DANE do not deliver"
    return Evidence("dane_mismatch", Phase.DNS, ok=False, text=text)


def _kind(rdata: Any) -> str:
    """`3 1 1`: usage, selector, matching type."""
    return f"{rdata.usage} {rdata.selector} {rdata.mtype}"


def _fits(rdata: Any, seen: Certificate) -> bool | None:
    """Whether a record is of this certificate, or of one that was sent with it; None: it cannot be compared."""
    if rdata.mtype not in {_PLAIN, _SHA256} or rdata.selector not in {_WHOLE, _KEY}:
        return None
    wanted = (hashlib.sha256(rdata.cert).digest() if rdata.mtype == _PLAIN else rdata.cert).hex()
    sent = [seen] if rdata.usage == _LEAF else seen.chain
    ours = [each.sha256 if rdata.selector == _WHOLE else each.key_id for each in sent]
    if not all(ours):
        return None
    # half of a key's digest is kept; that tells one from all others
    return any(wanted[: len(each)] == each.lower() for each in ours)
