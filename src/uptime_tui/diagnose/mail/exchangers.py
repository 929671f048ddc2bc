"""MX: where mail for the domain goes, and whether each of these hosts can be reached by name and named by address."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

import dns.reversename

from uptime_tui.diagnose.mail.lookups import Lookups, unknown
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence
from uptime_tui.resolve.reading import show
from uptime_tui.resolve.system import is_address

FACTS: Final = {
    "mx": "where mail goes, by preference",
    "mx_missing": "there is no MX record: mail goes to the domain's own address, if it has one",
    "mx_null": "the domain says that it takes no mail",
    "mx_null_among": "an MX record says that no mail is taken, another that it is",
    "mx_alias": "an MX host is an alias, which is forbidden",
    "mx_literal": "an MX record holds an address instead of a name",
    "mx_no_address": "an MX host has no address",
    "mx_addresses": "the addresses of the MX hosts",
    "mx_not_this": "the monitored host is no MX of the domain",
    "ptr": "an address of an MX leads to a name and back",
    "ptr_missing": "an address of an MX has no name (PTR)",
    "ptr_mismatch": "the name of an address does not lead back to it",
}
MAX_HOSTS: Final = 6
_MAX_ADDRESSES: Final = 8


class Exchanger(NamedTuple):
    """One MX host."""

    preference: int
    host: str
    addresses: tuple[str, ...] = ()
    alias: str = ""


async def exchangers(domain: str, look: Lookups) -> tuple[tuple[Exchanger, ...], bool]:
    """The MX hosts of a domain, best first, at most 6, without addresses; and whether an answer came."""
    found = await look.of(domain, "MX")
    hosts = sorted({(rdata.preference, show(rdata.exchange)) for rdata in found.records})[:MAX_HOSTS]
    return tuple(Exchanger(*each) for each in hosts), found.known


async def located(hosts: tuple[Exchanger, ...], look: Lookups) -> tuple[Exchanger, ...]:
    """The same with their addresses."""

    async def one(each: Exchanger) -> Exchanger:
        if is_address(each.host) or each.host in {"", "."}:
            return each
        alias = (await look.of(each.host, "A")).alias
        return each._replace(addresses=await look.addresses(each.host), alias=alias)

    return tuple(await asyncio.gather(*(one(each) for each in hosts)))


async def audit(
    domain: str, hosts: tuple[Exchanger, ...], host: str, look: Lookups, *, known: bool
) -> AsyncIterator[Evidence]:
    """Facts about the MX records.

    Args:
        domain: of the mail addresses.
        hosts: its MX hosts with their addresses.
        host: the monitored one.
        look: asks.
        known: whether the MX records could be looked up.
    """
    if not known:
        yield unknown("mx", f"MX of {domain}")
        return
    if not hosts:
        there = await look.addresses(domain)
        text = f"{domain} has no MX record; mail goes to {', '.join(there[:4]) or 'nowhere: it has no address either'}"
        yield Evidence("mx_missing", Phase.DNS, ok=None if there else False, text=text)
        return
    if hosts[0].host in {"", "."} and len(hosts) == 1:
        text = f"{domain} takes no mail (null MX, RFC 7505)"
        yield Evidence("mx_null", Phase.DNS, ok=None, text=text)
        return
    listed = ", ".join(f"{each.preference} {each.host}" for each in hosts)
    yield Evidence("mx", Phase.DNS, ok=True, text=f"mail for {domain} goes to {listed}")
    for fact in _hosts(hosts):
        yield fact
    if host not in {place for each in hosts for place in (each.host, *each.addresses)}:
        text = f"{host} itself is no MX of {domain}"
        yield Evidence("mx_not_this", Phase.DNS, ok=None, text=text)
    for address in list(dict.fromkeys(address for each in hosts for address in each.addresses))[:_MAX_ADDRESSES]:
        yield await _named(address, look)


def _hosts(hosts: tuple[Exchanger, ...]) -> list[Evidence]:
    facts = []
    for each in hosts:
        if each.host in {"", "."}:
            text = "a null MX (.) stands beside others; it must stand alone, or not at all (RFC 7505 §3)"
            facts.append(Evidence("mx_null_among", Phase.DNS, ok=False, text=text))
            continue
        if is_address(each.host):
            text = f"the MX record {each.host} is an address; a name must stand there (RFC 5321 §5.1)"
            facts.append(Evidence("mx_literal", Phase.DNS, ok=False, text=text))
        elif each.alias:
            text = f"the MX host {each.host} is an alias of {each.alias}; that is forbidden (RFC 2181 §10.3)"
            facts.append(Evidence("mx_alias", Phase.DNS, ok=False, text=text))
        if each.addresses:
            text = f"{each.host}: {', '.join(each.addresses[:4])}"
            facts.append(Evidence("mx_addresses", Phase.DNS, ok=True, text=text))
        elif not is_address(each.host):
            text = f"the MX host {each.host} has no address"
            facts.append(Evidence("mx_no_address", Phase.DNS, ok=False, text=text))
    return facts


async def _named(address: str, look: Lookups) -> Evidence:
    """The way from an address to its name and back, which most mail servers walk (RFC 1912 §2.1)."""
    found = await look.of(dns.reversename.from_address(address).to_text(), "PTR")
    if not found.known:
        return unknown("ptr", f"the name of {address}")
    names = [show(rdata.target) for rdata in found.records][:4]
    if not names:
        text = f"{address} has no name (PTR); many servers refuse mail from it"
        return Evidence("ptr_missing", Phase.DNS, ok=False, text=text)
    for name in names:
        if address in await look.addresses(name):
            return Evidence("ptr", Phase.DNS, ok=True, text=f"{address} is {name}, and {name} is {address}")
    text = f"{address} is called {', '.join(names)}, which does not lead back to it"
    return Evidence("ptr_mismatch", Phase.DNS, ok=False, text=text)
