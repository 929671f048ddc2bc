"""SPF (RFC 7208): exactly one record, at most 10 lookups with everything it includes, 2 of them void, and its end."""

import ipaddress
import re
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from uptime_tui.diagnose.mail.lookups import Lookups, unknown
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence

FACTS: Final = {
    "spf": "the domain's SPF record",
    "spf_missing": "there is no SPF record",
    "spf_several": "there is more than one SPF record: receivers take none",
    "spf_lookups": "how many lookups the record costs a receiver",
    "spf_too_many": "more than 10 lookups: receivers give up",
    "spf_void": "more than 2 lookups find nothing: receivers may give up",
    "spf_ignored": "what stands behind all is never looked at",
    "spf_broken": "something in the record cannot be understood or found",
    "spf_all": "what it says of everybody else",
    "spf_open": "it allows everybody to send for the domain, or does not say who may not",
}
MAX_LOOKUPS: Final = 10
"""RFC 7208 §4.6.4."""
MAX_VOID: Final = 2
_STOP: Final = 24
"""Lookups after which counting ends: too many by far."""
_TERM: Final = re.compile(
    r"([+\-~?]?)([a-z][a-z0-9_.-]*)(?:([:=])([^/\s]*))?((?:/\d{1,3})?(?://\d{1,3})?)", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"([+\-~?]?)ip([46])(?::(.*))?", re.IGNORECASE)
_COUNTED: Final = frozenset({"include", "a", "mx", "ptr", "exists"})
_LEADS: Final = frozenset({"redirect", "exp"})
"""Modifiers that name a domain; one that is not known may be empty (§6, §12)."""
_FREE: Final = frozenset({"all"})


class Term(NamedTuple):
    """One word of a record."""

    qualifier: str
    name: str
    value: str
    is_modifier: bool = False


class Record(NamedTuple):
    """A record taken apart."""

    terms: tuple[Term, ...]
    strange: tuple[str, ...]
    """Words that are no SPF: the whole record counts as broken (§4.6)."""

    @property
    def end(self) -> str:
        """Qualifier of `all`; empty without it."""
        return next((term.qualifier for term in self.terms if term.name == "all"), "")

    @property
    def looked_at(self) -> tuple[Term, ...]:
        """Those that a receiver evaluates: no mechanism behind `all` (§5.1)."""
        at = next((number for number, term in enumerate(self.terms) if term.name == "all"), len(self.terms))
        return self.terms[: at + 1]

    @property
    def redirect(self) -> str:
        """Where it sends those who match nothing; it counts only without `all` (§6.1)."""
        found = next((term.value for term in self.terms if term.is_modifier and term.name == "redirect"), "")
        return "" if self.end else found


class Tally:
    """What evaluating a record costs, as far as it was followed."""

    def __init__(self) -> None:
        self.lookups = 0
        self.void = 0
        self.broken: list[str] = []
        self.end = ""
        self.complete = True
        """False: an answer was missing, or counting was ended."""


def parse(text: str) -> Record:
    """Take a record apart; `v=spf1` stands in front."""
    terms: list[Term] = []
    strange: list[str] = []
    for word in text.split()[1:128]:
        found = _TERM.fullmatch(word)
        address = _ADDRESS.fullmatch(word)
        if address is not None:
            qualifier, version, value = address[1] or "+", int(address[2]), address[3]
            if _is_network(value, version):
                terms.append(Term(qualifier, f"ip{version}", value))
            else:
                strange.append(word[:60])
            continue
        if found is None or (found[3] and not found[4] and (found[3] == ":" or found[2].lower() in _LEADS)):
            strange.append(word[:60])
            continue
        qualifier, name, sign, value = found[1] or "+", found[2].lower(), found[3], found[4] or ""
        is_modifier = sign == "="
        if not is_modifier and name not in _COUNTED | _FREE:
            strange.append(word[:60])
            continue
        terms.append(Term(qualifier, name, value, is_modifier))
    return Record(tuple(terms), tuple(strange))


def _is_network(text: str | None, version: int) -> bool:
    try:
        return ipaddress.ip_network(text or "", strict=False).version == version
    except ValueError:
        return False


def is_record(text: str) -> bool:
    """Whether a TXT record is an SPF record (§4.5)."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


async def audit(domain: str, look: Lookups) -> AsyncIterator[Evidence]:
    """Facts about the domain's record."""
    texts, known = await look.texts(domain, "v=spf1")
    texts = tuple(text for text in texts if is_record(text))
    if not known:
        yield unknown("spf", f"SPF of {domain}")
        return
    if not texts:
        yield Evidence("spf_missing", Phase.DNS, ok=False, text=f"{domain} has no SPF record (TXT v=spf1)")
        return
    if len(texts) > 1:
        text = f"{domain} has {len(texts)} SPF records; exactly one is allowed, receivers take none"
        yield Evidence("spf_several", Phase.DNS, ok=False, text=text)
        return
    yield Evidence("spf", Phase.DNS, ok=True, text=texts[0][:300])
    tally, record = Tally(), parse(texts[0])
    behind = [term.name for term in record.terms[len(record.looked_at) :] if not term.is_modifier]
    if behind:
        text = f"{', '.join(behind[:4])} stands behind all and is never looked at (RFC 7208 §5.1)"
        yield Evidence("spf_ignored", Phase.DNS, ok=None, text=text)
    tally.end = await _follow(domain, record, look, tally, (domain.lower(),))
    for fact in judge(tally):
        yield fact


def judge(tally: Tally) -> list[Evidence]:
    """What the count comes to. Pure."""
    facts = [
        Evidence("spf_broken", Phase.DNS, ok=False, text=f"{text[:200]}: receivers give up (permerror)")
        for text in tally.broken[:3]
    ]
    count = f"{tally.lookups}{'' if tally.complete else ' or more'}"
    if tally.lookups > MAX_LOOKUPS:
        text = f"evaluating SPF takes {count} lookups; more than {MAX_LOOKUPS} and receivers give up (permerror)"
        facts.append(Evidence("spf_too_many", Phase.DNS, ok=False, text=text))
    else:
        text = f"evaluating SPF takes {count} of the {MAX_LOOKUPS} lookups that receivers make"
        facts.append(Evidence("spf_lookups", Phase.DNS, ok=True if tally.complete else None, text=text))
    if tally.void > MAX_VOID:
        text = f"{tally.void} of them find nothing; more than {MAX_VOID} and receivers may give up (RFC 7208 §4.6.4)"
        facts.append(Evidence("spf_void", Phase.DNS, ok=False, text=text))
    meaning = {"-": "is refused", "~": "is suspicious"}.get(tally.end)
    if meaning:
        facts.append(Evidence("spf_all", Phase.DNS, ok=True, text=f"{tally.end}all: mail from anywhere else {meaning}"))
    elif tally.complete and (tally.end or not tally.broken):
        what = {"+": "+all allows everybody", "?": "?all says nothing of everybody else"}.get(tally.end)
        text = f"{what or 'it does not end in all'}: anybody may send for the domain"
        facts.append(Evidence("spf_open", Phase.DNS, ok=False, text=text))
    return facts


async def _follow(domain: str, record: Record, look: Lookups, tally: Tally, way: tuple[str, ...]) -> str:
    """Count one record and what it includes. `way`: the records that led here, itself the last. Returns its end."""
    for word in record.strange:
        tally.broken.append(f"{domain}: {word} is no SPF")
    for term in record.looked_at:
        if tally.lookups >= _STOP:
            tally.complete = False
            break
        if term.name in _COUNTED and not term.is_modifier:
            tally.lookups += 1
            await _one(domain, term, look, tally, way)
    if record.redirect and tally.lookups < _STOP:
        tally.lookups += 1
        return await _other(record.redirect, "redirect", look, tally, way)
    return record.end


async def _one(domain: str, term: Term, look: Lookups, tally: Tally, way: tuple[str, ...]) -> None:
    """What one counted mechanism finds."""
    target = term.value or domain
    if "%" in target or term.name == "ptr":
        return  # a macro depends on the message
    if term.name == "include":
        await _other(target, "include", look, tally, way)
        return
    if term.name == "mx":
        found = await look.of(target, "MX")
        nothing, known = not found.records, found.known
    else:
        found = await look.of(target, "A")
        known = found.known
        nothing = not found.records and (term.name == "exists" or not (await look.of(target, "AAAA")).records)
    tally.complete &= known
    tally.void += known and nothing


async def _other(target: str, word: str, look: Lookups, tally: Tally, way: tuple[str, ...]) -> str:
    """Follow a record into another. Returns its end."""
    if "%" in target:
        return ""
    name = target.lower().rstrip(".")
    if name in way:
        tally.broken.append(f"{word}:{name} leads back to itself")
        return ""
    texts, known = await look.texts(name, "v=spf1")
    texts = tuple(text for text in texts if is_record(text))
    if not known:
        tally.complete = False
        return ""
    if len(texts) != 1:
        tally.void += not texts
        tally.broken.append(f"{word}:{name} has {len(texts) or 'no'} SPF record{'s' if len(texts) > 1 else ''}")
        return ""
    return await _follow(name, parse(texts[0]), look, tally, (*way, name))
