"""DMARC (RFC 7489): what receivers are to do with mail that is not the domain's, and who gets the reports."""

import re
from collections.abc import AsyncIterator
from typing import Final

from uptime_tui.diagnose.mail.lookups import Lookups, tags_of, unknown
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence

FACTS: Final = {
    "dmarc": "the policy for mail that fails",
    "dmarc_missing": "neither the domain nor one above it has a DMARC record",
    "dmarc_several": "there is more than one record: receivers take none",
    "dmarc_broken": "the record cannot be understood",
    "dmarc_none": "the policy is to do nothing",
    "dmarc_inherited": "the record of a domain above counts",
    "dmarc_reports": "reports go to an address that agrees to take them",
    "dmarc_no_reports": "nobody gets reports",
    "dmarc_report_refused": "reports go to a foreign domain that does not agree to take them",
}
POLICIES: Final = frozenset({"none", "quarantine", "reject"})
_MAX_UP: Final = 4
_MAX_URIS: Final = 4
_MAILTO: Final = re.compile(r"mailto:[^@,!\s]{1,64}@([a-z0-9.-]{1,253})(?:![0-9]+[kmgt]?)?", re.IGNORECASE)


def above(domain: str) -> tuple[str, ...]:
    """The domain and those above it that may be organisational, without the top level."""
    labels = domain.split(".")
    return tuple(".".join(labels[start:]) for start in range(max(1, len(labels) - 1)))[:_MAX_UP]


def report_domains(rua: str) -> tuple[str, ...]:
    """Domains of the addresses that get reports."""
    found = (_MAILTO.fullmatch(uri.strip()) for uri in rua.split(",")[:_MAX_URIS])
    return tuple(dict.fromkeys(match[1].lower().rstrip(".") for match in found if match is not None))


def related(one: str, other: str) -> bool:
    """Whether the same organisation has both, as far as names tell without a list of public suffixes."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


async def audit(domain: str, look: Lookups) -> AsyncIterator[Evidence]:
    """Facts about the record that counts for the domain."""
    texts: tuple[str, ...] = ()
    home = domain
    for home in above(domain):
        texts, known = await look.texts(f"_dmarc.{home}", "v=DMARC1")
        if not known:
            yield unknown("dmarc", f"DMARC of {home}")
            return
        if texts:
            break
    if not texts:
        yield Evidence("dmarc_missing", Phase.DNS, ok=False, text=f"{domain} has no DMARC record (TXT _dmarc.{domain})")
        return
    if len(texts) > 1:
        text = f"_dmarc.{home} has {len(texts)} records; receivers take none"
        yield Evidence("dmarc_several", Phase.DNS, ok=False, text=text)
        return
    tags = tags_of(texts[0])
    if home != domain:
        text = f"_dmarc.{home} counts for {domain} too: {texts[0][:120]}"
        yield Evidence("dmarc_inherited", Phase.DNS, ok=None, text=text)
    yield judge(tags, inherited=home != domain)
    rua = report_domains(tags.get("rua", ""))
    if not rua:
        text = "no rua= address: nobody learns who sends in the domain's name"
        yield Evidence("dmarc_no_reports", Phase.DNS, ok=None, text=text)
    for other in rua:
        yield await _reports(home, other, look)


def judge(tags: dict[str, str], *, inherited: bool) -> Evidence:
    """The policy. Pure."""
    policy = (tags.get("sp") if inherited else None) or tags.get("p", "")
    if policy.lower() not in POLICIES:
        text = f"DMARC: p={policy[:40] or '(missing)'} is none of none, quarantine, reject"
        return Evidence("dmarc_broken", Phase.DNS, ok=False, text=text)
    if policy.lower() == "none":
        text = "DMARC p=none: mail that fails is delivered all the same"
        return Evidence("dmarc_none", Phase.DNS, ok=None, text=text)
    share = tags.get("pct", "100")[:3]
    only = f", for {share} % of it" if share.isdigit() and share != "100" else ""
    below = tags.get("sp", "").lower()
    apart = f"; for the domains below it sp={below}" if below in POLICIES and not inherited else ""
    done = "refused" if policy.lower() == "reject" else "set aside as spam"
    text = f"DMARC p={policy.lower()}: mail that fails is {done}{only}{apart}"
    return Evidence("dmarc", Phase.DNS, ok=True, text=text)


async def _reports(home: str, other: str, look: Lookups) -> Evidence:
    """RFC 7489 §7.1: a foreign receiver of reports must say that it wants them."""
    if related(home, other):
        return Evidence("dmarc_reports", Phase.DNS, ok=True, text=f"DMARC reports go to {other}")
    texts, known = await look.texts(f"{home}._report._dmarc.{other}", "v=DMARC1")
    if not known:
        return unknown("dmarc_reports", f"whether {other} takes reports")
    if texts:
        return Evidence("dmarc_reports", Phase.DNS, ok=True, text=f"DMARC reports go to {other}, which agrees")
    text = f"DMARC reports are to go to {other}, which does not agree: no TXT at {home}._report._dmarc.{other}"
    return Evidence("dmarc_report_refused", Phase.DNS, ok=False, text=text)
