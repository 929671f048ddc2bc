"""DANE (RFC 7672): TLSA records of the MX hosts. They count only where the resolver has validated them."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from uptime_tui.diagnose.mail.lookups import Lookups
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
_USED: Final = frozenset({2, 3})
"""DANE-TA and DANE-EE; the others are not used for SMTP (§3.1.3)."""


async def audit(hosts: Sequence[str], host: str, sha256: str, look: Lookups) -> AsyncIterator[Evidence]:
    """Facts about each MX.

    Args:
        hosts: MX hosts.
        host: the monitored one.
        sha256: fingerprint of its newest certificate, hex; empty when none was seen.
        look: asks.
    """
    seen = False
    for each in hosts[:_MAX_HOSTS]:
        found = await look.of(f"_25._tcp.{each}", "TLSA")
        if found.records:
            seen = True
            yield judge(each, found.records, authentic=found.authentic, sha256=sha256 if each == host else "")
    if not seen and hosts:
        yield Evidence("dane_none", Phase.DNS, ok=None, text="no MX has TLSA records (DANE)")


def judge(host: str, records: Sequence[Any], *, authentic: bool, sha256: str) -> Evidence:
    """What the records of one host come to. Pure."""
    count = f"{len(records)} TLSA record{'s' if len(records) > 1 else ''}"
    if not authentic:
        text = f"{host} has {count}, but the resolver has not validated them (no AD): senders do not heed them"
        return Evidence("dane_insecure", Phase.DNS, ok=None, text=text)
    used = [rdata for rdata in records if rdata.usage in _USED]
    if not used:
        text = f"{host} has {count}, none of usage 2 or 3: senders of mail do not heed them"
        return Evidence("dane_unusable", Phase.DNS, ok=False, text=text)
    kinds = ", ".join(sorted({f"{rdata.usage} {rdata.selector} {rdata.mtype}" for rdata in used})[:4])
    if not sha256:
        text = f"{host} has {count} ({kinds}), validated; no certificate of it is known to compare"
        return Evidence("dane_there", Phase.DNS, ok=None, text=text)
    whole = [rdata for rdata in used if (rdata.usage, rdata.selector, rdata.mtype) == (3, 0, 1)]
    if any(rdata.cert.hex() == sha256.lower() for rdata in whole):
        text = f"{host} has {count} ({kinds}), validated; the certificate that was last seen fits"
        return Evidence("dane", Phase.DNS, ok=True, text=text)
    if len(whole) == len(used):
        text = f"{host} has {count} ({kinds}), validated; the certificate that was last seen fits none"
        return Evidence("dane_mismatch", Phase.DNS, ok=False, text=text)
    text = (
        f"{host} has {count} ({kinds}), validated; only 3 0 1 can be compared here, "
        "because only the fingerprint of the whole certificate is kept, not that of its key"
    )
    return Evidence("dane_there", Phase.DNS, ok=None, text=text)
