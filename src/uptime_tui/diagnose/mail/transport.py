"""MTA-STS (RFC 8461) and TLS-RPT (RFC 8460): whether senders are told to insist on TLS, and where they report."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from uptime_tui.diagnose.mail.lookups import PATIENCE_S, Lookups, tags_of, unknown
from uptime_tui.diagnose.mail.policy import Fetched, Policy, covers, fetch, parse
from uptime_tui.dial.direct import Dialler
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence

_MAX_PLACES: Final = 4
FACTS: Final = {
    "mta_sts": "the domain tells senders to insist on TLS, and its policy fits its MX",
    "mta_sts_missing": "there is no MTA-STS",
    "mta_sts_record": "the TXT record that announces the policy is wrong",
    "mta_sts_unreachable": "the policy is announced but cannot be fetched",
    "mta_sts_broken": "the policy cannot be understood",
    "mta_sts_testing": "the policy is not enforced",
    "mta_sts_uncovered": "an MX is not in the policy: senders that obey refuse to deliver to it",
    "tls_rpt": "failures of TLS are reported",
    "tls_rpt_missing": "nobody gets reports of TLS failures",
    "tls_rpt_broken": "the TLS-RPT record is wrong",
}


async def audit(
    domain: str, hosts: Sequence[str], look: Lookups, dialler: Dialler, deadline_s: float
) -> AsyncIterator[Evidence]:
    """Facts about both.

    Args:
        domain: of the mail addresses.
        hosts: its MX hosts.
        look: asks.
        dialler: fetches the policy.
        deadline_s: on the loop's clock.
    """
    yield await _sts(domain, hosts, look, dialler, deadline_s)
    texts, known = await look.texts(f"_smtp._tls.{domain}", "v=TLSRPTv1")
    if not known:
        yield unknown("tls_rpt", f"TLS-RPT of {domain}")
    elif len(texts) == 1 and tags_of(texts[0]).get("rua"):
        yield Evidence("tls_rpt", Phase.DNS, ok=True, text=f"TLS failures are reported: {texts[0][:160]}")
    elif texts:
        text = f"TLS-RPT of {domain}: {len(texts)} records, or no rua= in it"
        yield Evidence("tls_rpt_broken", Phase.DNS, ok=False, text=text)
    else:
        yield Evidence("tls_rpt_missing", Phase.DNS, ok=None, text=f"{domain} has no TLS-RPT (TXT _smtp._tls.{domain})")


async def _sts(domain: str, hosts: Sequence[str], look: Lookups, dialler: Dialler, deadline_s: float) -> Evidence:
    texts, known = await look.texts(f"_mta-sts.{domain}", "v=STSv1")
    if not known:
        return unknown("mta_sts", f"MTA-STS of {domain}")
    if not texts:
        return Evidence("mta_sts_missing", Phase.DNS, ok=None, text=f"{domain} has no MTA-STS (TXT _mta-sts.{domain})")
    id_ = tags_of(texts[0]).get("id", "")
    if len(texts) > 1 or not (id_.isalnum() and len(id_) <= 32):
        text = (
            f"_mta-sts.{domain}: {len(texts)} records, id={id_[:40] or '(missing)'}; one with 1 to 32 letters or digits"
        )
        return Evidence("mta_sts_record", Phase.DNS, ok=False, text=text)
    places = await look.addresses(f"mta-sts.{domain}")
    if not places:
        text = f"MTA-STS is announced (id={id_}), but mta-sts.{domain} has no address"
        return Evidence("mta_sts_unreachable", Phase.DNS, ok=False, text=text)
    got = await _fetched(domain, places[:_MAX_PLACES], dialler, deadline_s)
    if got.why:
        text = f"MTA-STS is announced (id={id_}), but its policy cannot be fetched: {got.why}"
        return Evidence("mta_sts_unreachable", Phase.DNS, ok=False, text=text)
    return judge(parse(got.text), hosts)


async def _fetched(domain: str, places: Sequence[str], dialler: Dialler, deadline_s: float) -> Fetched:
    """From the first address that takes a connection, as senders do it."""
    got = Fetched("", "")
    for place in places:
        until_s = min(deadline_s, asyncio.get_running_loop().time() + PATIENCE_S)
        got = await fetch(domain, place, dialler, until_s)
        if got.heard:
            break
    return got


def judge(policy: Policy, hosts: Sequence[str]) -> Evidence:
    """What a policy comes to for these MX hosts. Pure."""
    if policy.problems:
        text = f"the MTA-STS policy is broken: {'; '.join(policy.problems[:3])}"
        return Evidence("mta_sts_broken", Phase.DNS, ok=False, text=text)
    bare = [host for host in hosts if not covers(policy.mx, host)]
    if bare and policy.mode != "none":
        text = (
            f"the MTA-STS policy ({policy.mode}) names {', '.join(policy.mx[:4])}, but not the MX {', '.join(bare[:4])}"
        )
        return Evidence("mta_sts_uncovered", Phase.DNS, ok=False if policy.mode == "enforce" else None, text=text)
    days = policy.max_age_s / 86400
    text = f"MTA-STS policy: mode {policy.mode}, kept for {days:.0f} days, mx {', '.join(policy.mx[:4])}"
    if policy.mode != "enforce":
        return Evidence("mta_sts_testing", Phase.DNS, ok=None, text=text)
    return Evidence("mta_sts", Phase.DNS, ok=True, text=text)
