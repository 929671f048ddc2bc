"""Block lists that the user has turned on: each is asked about the addresses of the MX hosts (RFC 5782)."""

import ipaddress
from collections.abc import AsyncIterator, Sequence
from typing import Final

from uptime_tui.diagnose.mail.lookups import Lookups
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence

FACTS: Final = {
    "dnsbl_listed": "an address is on a block list",
    "dnsbl_clean": "an address is on none of the block lists",
    "dnsbl_refused": "a block list does not answer this resolver",
}
_MAX_ADDRESSES: Final = 4
_MAX_ZONES: Final = 4


async def audit(addresses: Sequence[str], zones: Sequence[str], look: Lookups) -> AsyncIterator[Evidence]:
    """Facts about each address; nothing without zones."""
    for address in addresses[:_MAX_ADDRESSES] if zones else ():
        clean = []
        for zone in zones[:_MAX_ZONES]:
            found = await look.of(question(address, zone), "A")
            codes = [rdata.address for rdata in found.records]
            fact = judge(address, zone, codes, known=found.known)
            if fact is None:
                clean.append(zone)
            else:
                yield fact
        if clean:
            yield Evidence("dnsbl_clean", Phase.DNS, ok=True, text=f"{address} is not on {', '.join(clean)}")


def question(address: str, zone: str) -> str:
    """The name that is asked for: the address backwards, under the list's zone."""
    pointer = ipaddress.ip_address(address).reverse_pointer
    return f"{pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone.strip('.')}"


def judge(address: str, zone: str, codes: Sequence[str], *, known: bool) -> Evidence | None:
    """What the answer means; None: it is not listed. 127.255.255.0/24 is how lists refuse a resolver. Pure."""
    if not known or any(code.startswith("127.255.255.") for code in codes):
        text = f"{zone} does not answer about {address}: it refuses this resolver, or cannot be reached"
        return Evidence("dnsbl_refused", Phase.DNS, ok=None, text=text)
    listed = [code for code in codes if code.startswith("127.")]
    if not listed:
        return None
    text = f"{address} is on {zone} ({', '.join(listed[:3])})"
    return Evidence("dnsbl_listed", Phase.DNS, ok=False, text=text)
