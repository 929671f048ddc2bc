"""Everything the DNS says of a mail domain, question by question. On demand: it has a bound of its own."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from uptime_tui.diagnose.case import Budget, Case, Means
from uptime_tui.diagnose.mail import dane, dkim, dmarc, dnsbl, exchangers, spf, transport
from uptime_tui.diagnose.mail.lookups import MAX_QUERIES, MAX_S, PATIENCE_S, Lookups
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence
from uptime_tui.resolve.inquiry import Inquiry
from uptime_tui.resolve.system import is_address

_SMTP: Final = 25
FACTS: Final = {
    "mail_no_domain": "the host belongs to no domain with MX records",
    "mail_unfinished": "the audit's time was up before its last question",
    **exchangers.FACTS, **spf.FACTS, **dmarc.FACTS, **dkim.FACTS, **transport.FACTS, **dane.FACTS, **dnsbl.FACTS,
}  # fmt: skip
"""Every evidence id of the audit, with what it means."""


async def audit(domain: str, means: Means, case: Case) -> AsyncIterator[Evidence]:
    """Facts about the domain, the MX first.

    Args:
        domain: of the mail addresses; empty: the one whose MX the monitored host is, or the nearest above it with MX.
        means: its resolver and dialler are used; neither its deadline nor its packets.
        case: the monitored host and its certificate, DKIM selectors, block lists.
    """
    deadline_s = asyncio.get_running_loop().time() + MAX_S
    budget = Budget(MAX_QUERIES)
    look = Lookups(Inquiry(means.resolver.name_servers, budget.take, deadline_s, patience_s=PATIENCE_S))
    try:
        async with asyncio.timeout_at(deadline_s):
            async for fact in _questions(domain, means, case, look, deadline_s):
                yield fact
    except TimeoutError:
        text = f"the audit was not finished within {MAX_S:.0f} s"
        yield Evidence("mail_unfinished", Phase.DNS, ok=None, text=text)


async def audited(diagnosis: Diagnosis, means: Means, case: Case) -> Diagnosis:
    """The diagnosis with the audit of the mail domain, where the monitor is a mail server's that has one."""
    host, domain = case.plan.monitor.target.host, case.plan.monitor.mail_domain
    if case.plan.service.category != "email" or not (domain or ("." in host and not is_address(host))):
        return diagnosis
    facts = [fact async for fact in audit(domain, means, case)]
    return msgspec.structs.replace(diagnosis, audit=tuple(facts))


async def _questions(
    domain: str, means: Means, case: Case, look: Lookups, deadline_s: float
) -> AsyncIterator[Evidence]:
    host = case.plan.monitor.target.host
    domain = (domain or await mail_domain(host, look)).lower().rstrip(".")
    if not domain:
        text = f"neither {host} nor a domain above it has an MX record: mail_domain in its monitor names another"
        yield Evidence("mail_no_domain", Phase.DNS, ok=None, text=text)
        return
    found, known = await exchangers.exchangers(domain, look)
    hosts = await exchangers.located(found, look)
    names = [each.host for each in hosts if each.addresses]
    addresses = [address for each in hosts for address in each.addresses]
    shown = [each.certificate for each in (case.result, case.last_good) if each is not None and case.port == _SMTP]
    seen = next((each for each in shown if each is not None), None)  # of another port it may be another one
    for part in (
        exchangers.audit(domain, hosts, host, look, known=known),
        spf.audit(domain, look),
        dmarc.audit(domain, look),
        dkim.audit(domain, case.dkim_selectors, look),
        transport.audit(domain, names, look, means.dialler, deadline_s),
        dane.audit(names, host, seen, look),
        dnsbl.audit(addresses, case.dnsbl, look),
    ):
        async for fact in part:
            yield fact


async def mail_domain(host: str, look: Lookups) -> str:
    """The domain that a mail host belongs to; empty when there is none.

    Of itself and those above it the one whose MX it is, else the nearest with an MX.
    """
    if is_address(host) or "." not in host:
        return ""
    nearest = ""
    for domain in dmarc.above(host):
        found, _ = await exchangers.exchangers(domain, look)
        if any(each.host.lower() == host.lower() for each in found):
            return domain
        if found and not nearest:
            nearest = domain
    return nearest
