"""What there is at the name and above it: aliases, other records, the zone, the registered domain."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from dns.flags import TC
from dns.name import Name, from_text

from uptime_tui.diagnose.case import NO_NAME, Case, Means
from uptime_tui.model.domain import registers
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence
from uptime_tui.resolve.classify import NOWHERE
from uptime_tui.resolve.exchange import Heard
from uptime_tui.resolve.inquiry import Inquiry
from uptime_tui.resolve.reading import addresses, chain, negative_ttl, record_set, records, show, zone_of
from uptime_tui.resolve.system import is_address

QUESTION: Final = "What is there at the name: an address, an alias, other records, a zone?"
STAGE: Final = 1
PACKETS: Final = 8
FACTS: Final = {
    "address_a": "there is an A record now",
    "address_aaaa": "there is an AAAA record now",
    "address_nowhere": "the address is 0.0.0.0 or ::, which is none",
    "no_a": "there is no A record",
    "no_aaaa": "there is no AAAA record",
    "chain": "the name is an alias: the steps",
    "no_alias": "the name is no alias",
    "alias_dangling": "the name is an alias of one that does not exist",
    "alias_loop": "the aliases lead in a circle",
    "alias_bare": "the name is an alias of one that has no address",
    "alias_fails": "the name is an alias of one whose servers fail",
    "ttl": "how long the answer is kept",
    "negative_ttl": "how long the no is kept by every resolver that has heard it",
    "denier_unknown": "the answer does not say which zone says no",
    "parent_there": "the zone above exists and says no to this name only",
    "parent_missing": "a name above does not exist either",
    "domain_missing": "the registered domain is not delegated: its registry does not know it, or holds it back",
    "tld_missing": "there is no such top-level domain",
    "other_types": "records of other types are there",
    "nothing_else": "no MX, TXT or NS record is there either",
    "parked": "the domain's name servers are those of a registrar's parking or expiry page",
}
_MAX_WALK: Final = 5
"""Aliases that are followed one by one."""
_PARKING: Final = ("parking", "parked", "expired", "suspended", "pendingdelete", "redemption", "sedopark")


def wants(case: Case) -> bool:
    """Failures of the name."""
    return case.failure in NO_NAME and not is_address(case.plan.monitor.target.host)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """The answer for A decides what else is asked."""
    names = means.names
    host = names.full(case.plan.monitor.target.host)
    heard = await names.recursive(host, "A")
    told = heard.rcode in {"NOERROR", "NXDOMAIN"} and heard.message is not None
    for fact in _aliases(host, heard) if told else await _walked(host, heard, names):
        yield fact
    if not told or heard.message is None:
        return
    if heard.rcode == "NXDOMAIN":
        yield Evidence("no_a", Phase.DNS, ok=False, text=f"A of {host}: NXDOMAIN")
        yield Evidence("no_aaaa", Phase.DNS, ok=False, text=f"AAAA of {host}: NXDOMAIN, as for every type")
    else:
        yield _presence(host, "A", heard)
        yield _presence(host, "AAAA", await names.recursive(host, "AAAA"))
    kept = negative_ttl(heard.message)
    if kept:
        text = f"resolvers keep this no for {kept} s: a record that is made now is seen that late"
        yield Evidence("negative_ttl", Phase.DNS, ok=None, text=text)
    end = chain(heard.message, host)[-1]
    if heard.rcode == "NXDOMAIN":
        yield await _above(end, heard, names)
    elif not addresses(heard.message, host) and case.failure is Failure.DNS_NO_ADDRESS:
        others = await _other_types(end, names)
        if others is not None:
            yield others
    domain = zone_of(heard.message)
    if domain is not None and len(domain) > 2:
        parked = await _parked(domain, names)
        if parked:
            yield Evidence("parked", Phase.DNS, ok=False, text=parked)


def _aliases(host: str, heard: Heard) -> list[Evidence]:
    assert heard.message is not None
    steps = chain(heard.message, host)
    facts = []
    found = record_set(heard.message, host, "A")
    if found is not None:
        facts.append(Evidence("ttl", Phase.DNS, ok=None, text=f"the addresses of {host} are kept for {found.ttl} s"))
    if len(steps) == 1:
        return [*facts, Evidence("no_alias", Phase.DNS, ok=None, text=f"{host} is no alias (CNAME)")]
    facts += _steps(host, steps)
    end = show(steps[-1])
    if steps[-1] in steps[:-1]:
        return facts
    if heard.rcode == "NXDOMAIN":
        text = f"{host} is an alias of {end}, which does not exist"
        facts.append(Evidence("alias_dangling", Phase.DNS, ok=False, text=text))
    elif found is None and records(heard.message, host, "AAAA") == ():
        text = f"{host} is an alias of {end}, which has no A record"
        facts.append(Evidence("alias_bare", Phase.DNS, ok=False, text=text))
    return facts


def _steps(host: str, steps: Sequence[Name]) -> list[Evidence]:
    """The chain, and that it is a circle where it is one."""
    shown = [show(each) for each in steps]
    facts = [Evidence("chain", Phase.DNS, ok=None, text=" → ".join(shown[:6]))]
    if steps[-1] in steps[:-1]:
        text = f"the aliases of {host} lead in a circle: {shown[-1]} comes twice"
        facts.append(Evidence("alias_loop", Phase.DNS, ok=False, text=text))
    return facts


async def _walked(host: str, heard: Heard, names: Inquiry) -> list[Evidence]:
    """The aliases of a name that the resolver gives up on: asked for CNAME alone it follows none (RFC 1034 §3.6.2)."""
    steps, rcode = [from_text(host)], heard.rcode
    while rcode in {"SERVFAIL", "NOERROR"} and len(steps) <= _MAX_WALK and steps[-1] not in steps[:-1]:
        heard = await names.recursive(steps[-1], "CNAME")
        rcode = heard.rcode
        link = () if heard.message is None else chain(heard.message, steps[-1])[1:2]
        if not link:
            break
        steps += link
    if len(steps) == 1:
        return []
    facts = _steps(host, steps)
    if rcode == "SERVFAIL":
        text = f"{host} is an alias of {show(steps[-1])}, about which the resolver gets no answer either"
        facts.append(Evidence("alias_fails", Phase.DNS, ok=False, text=text))
    return facts


def _presence(host: str, kind: str, heard: Heard) -> Evidence:
    listed = addresses(heard.message, host)
    found = ", ".join(listed[:4])
    if listed and NOWHERE.issuperset(listed):
        return Evidence("address_nowhere", Phase.DNS, ok=False, text=f"{kind} of {host}: {found}, which leads nowhere")
    if kind == "A":
        text = f"A of {host}: {found or 'none'}"
        return Evidence("address_a" if found else "no_a", Phase.DNS, ok=bool(found) or None, text=text)
    text = f"AAAA of {host}: {found or (heard.rcode if heard.rcode != 'NOERROR' else 'none')}"
    return Evidence("address_aaaa" if found else "no_aaaa", Phase.DNS, ok=bool(found) or None, text=text)


async def _above(name: Name, heard: Heard, names: Inquiry) -> Evidence:
    """How much of what is above the missing name is there."""
    apex = zone_of(heard.message)
    if apex is None:
        parent = name.parent()
        answer = await names.recursive(parent, "SOA")
        apex = parent if records(answer.message, parent, "SOA") else zone_of(answer.message)
    if apex is None or not name.is_subdomain(apex):
        return Evidence("denier_unknown", Phase.DNS, ok=None, text=f"who says that {show(name)} is missing is not told")
    if len(apex) == 1:
        text = f"there is no top-level domain {show(Name(name.labels[-2:]))}: a typing error, or an inside name"
        return Evidence("tld_missing", Phase.DNS, ok=False, text=text)
    missing = name.split(len(apex) + 1)[1]
    if registers([label.decode("ascii", "replace").lower() for label in apex.labels[:-1]]):
        text = f"{show(apex)} does not delegate {show(missing)}: its registration has ended, is held, or never was"
        return Evidence("domain_missing", Phase.DNS, ok=False, text=text)
    if missing != name and (await names.recursive(missing, "NS")).rcode == "NXDOMAIN":
        text = f"{show(missing)} does not exist either; the zone {show(apex)} does"
        return Evidence("parent_missing", Phase.DNS, ok=False, text=text)
    text = f"the zone {show(apex)} exists; only {show(name)} is not in it"
    return Evidence("parent_there", Phase.DNS, ok=True, text=text)


async def _other_types(name: Name, names: Inquiry) -> Evidence | None:
    """None where an answer is missing, and those that came hold nothing."""
    heard = {kind: await names.recursive(name, kind) for kind in ("MX", "TXT", "NS")}
    # an answer that was cut (TC) is one of many records
    there = [
        kind for kind, each in heard.items()
        if records(each.message, name, kind) or (each.message is not None and each.message.flags & TC)
    ]  # fmt: skip
    if there:
        text = f"{show(name)} has {', '.join(there)}, but no address: is another name of the zone meant?"
        return Evidence("other_types", Phase.DNS, ok=None, text=text)
    if any(each.rcode != "NOERROR" for each in heard.values()):
        return None
    text = f"{show(name)} has neither MX nor TXT nor NS: it exists only as a part of longer names, or for other types"
    return Evidence("nothing_else", Phase.DNS, ok=None, text=text)


async def _parked(domain: Name, names: Inquiry) -> str:
    servers = records((await names.recursive(domain, "NS")).message, domain, "NS")
    for server in (show(rdata.target) for rdata in servers):
        if any(word in server.lower() for word in _PARKING):
            return f"{show(domain)} is served by {server}: a parking or expiry page of its registrar"
    return ""
