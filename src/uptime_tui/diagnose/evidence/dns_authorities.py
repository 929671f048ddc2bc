"""The servers of the name's zone, each asked alone: do they answer, with authority, and all alike?"""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from uptime_tui.diagnose.case import NO_NAME, Case, Means
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence
from uptime_tui.resolve.nameservers import (
    Delegation,
    Stand,
    alias_told,
    delegation_of,
    made_at,
    newest,
    stands_of,
)
from uptime_tui.resolve.reading import addresses
from uptime_tui.resolve.system import is_address

QUESTION: Final = "Does each server of the zone answer, with authority, and all alike?"
STAGE: Final = 1
PACKETS: Final = 24
FACTS: Final = {
    "delegation": "which servers the zone above names",
    "no_delegation": "nothing above the name could be asked",
    "ns_homeless": "the name of a server has no address",
    "ns_fine": "a server answers with authority",
    "ns_refuses": "a server refuses to answer about the zone",
    "ns_lame": "a server answers without authority: it does not serve the zone",
    "ns_fails": "a server answers with an error",
    "ns_silent": "a server does not answer",
    "authority_silent": "no server of the zone answers",
    "authorities_fine": "every server that was asked answers with authority",
    "outside_silent": "no server outside answers this machine: only its resolver may ask",
    "ns_differ": "servers of the zone say different things about the name",
    "ns_agree": "all servers say the same about the name",
    "serial_lag": "a server has an older version of the zone, and may get the new one in time",
    "serial_stale": "a server has an older version of the zone than its refresh time allows",
    "serials_equal": "all servers have the same version of the zone",
    "resolver_stale": "the zone's servers have an address that the resolver does not tell",
}
_FOLLOWED: Final = frozenset({Failure.DNS_SERVFAIL, Failure.DNS_TIMEOUT})
"""Failures that an alias has where the servers of its own zone are fine, and those of the other one are not."""
_MAX_ALIASES: Final = 2
_WANTED: Final = NO_NAME | {Failure.INTERMITTENT, Failure.PARTIAL}


def wants(case: Case) -> bool:
    """Failures of the name, and those that come and go."""
    return case.failure in _WANTED and not is_address(case.plan.monitor.target.host)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """A line for each server, then what they come to together."""
    names = means.names
    host = names.full(case.plan.monitor.target.host)
    followed = 0
    while True:
        delegation = await delegation_of(host, names)
        if delegation is None:
            text = f"the resolver tells no server of any zone above {host}"
            yield Evidence("no_delegation", Phase.DNS, ok=None, text=text)
            return
        for fact in _delegation(delegation):
            yield fact
        stands = await stands_of(host, delegation, names)
        asked = [stand for stand in stands if stand.state != "not asked"]
        if delegation.unreachable and asked and all(stand.state == "silent" for stand in asked):
            text = "no server of any zone answers this machine directly: only its resolver may ask, or DNS is filtered"
            yield Evidence("outside_silent", Phase.DNS, ok=None, text=text)
            return
        for stand in asked:
            yield _standing(delegation.zone, stand)
        onward = alias_told(asked) if case.failure in _FOLLOWED else ""
        if not onward or followed == _MAX_ALIASES or f".{onward}".endswith(f".{delegation.zone}"):
            break
        host, followed = onward, followed + 1
    for fact in (*_together(delegation.zone, asked), *compare(host, asked, time.time())):
        yield fact
    held = {each for stand in asked for each in stand.holds if is_address(each)}
    heard = await names.recursive(host, "A")
    if held and heard.rcode in {"NXDOMAIN", "NOERROR"} and not addresses(heard.message, host):
        also = await names.recursive(host, "AAAA")
        if not addresses(also.message, host):
            text = f"the zone's servers say {', '.join(sorted(held)[:4])}, the resolver still says {heard.rcode}"
            yield Evidence("resolver_stale", Phase.DNS, ok=False, text=text)


def _delegation(delegation: Delegation) -> Iterator[Evidence]:
    servers = ", ".join(dict.fromkeys(each.name for each in delegation.servers))
    by = f"by {delegation.told_by}" if delegation.told_by else "as the resolver says"
    yield Evidence("delegation", Phase.DNS, ok=None, text=f"zone {delegation.zone} ({by}): {servers or 'no server'}")
    for name in delegation.homeless[:4]:
        text = f"{name}, a server of {delegation.zone}, has no address"
        yield Evidence("ns_homeless", Phase.DNS, ok=False, text=text)


def _standing(zone: str, stand: Stand) -> Evidence:
    who = f"{stand.of.name} ({stand.of.address})"
    match stand.state:
        case "fine":
            holds = ", ".join(sorted(stand.holds)[:4]) or "no address"
            serial = f", serial {stand.serial}" if stand.serial is not None else ""
            return Evidence("ns_fine", Phase.DNS, ok=True, text=f"{who}: {holds}{serial}")
        case "refuses":
            return Evidence("ns_refuses", Phase.DNS, ok=False, text=f"{who} refuses to answer about {zone}")
        case "lame":
            text = f"{who} answers without authority: it does not serve {zone}"
            return Evidence("ns_lame", Phase.DNS, ok=False, text=text)
        case "silent":
            why = stand.said.lower() if stand.said == "TIMEOUT" else stand.said
            return Evidence("ns_silent", Phase.DNS, ok=False, text=f"{who} does not answer ({why})")
        case _:
            return Evidence("ns_fails", Phase.DNS, ok=False, text=f"{who} answers {stand.said}")


def _together(zone: str, asked: Sequence[Stand]) -> Iterator[Evidence]:
    if asked and all(stand.state == "silent" for stand in asked):
        text = f"none of the {len(asked)} addresses of the servers of {zone} that were asked answers"
        yield Evidence("authority_silent", Phase.DNS, ok=False, text=text)
    elif asked and all(stand.state == "fine" for stand in asked):
        text = f"all {len(asked)} addresses of the servers of {zone} that were asked answer with authority"
        yield Evidence("authorities_fine", Phase.DNS, ok=True, text=text)


def compare(host: str, stands: Sequence[Stand], now_s: float) -> Iterator[Evidence]:
    """What the servers that answer with authority say, against each other.

    Args:
        host: the name.
        stands: of the servers.
        now_s: Unix time.
    """
    fine = [stand for stand in stands if stand.state == "fine"]
    if len(fine) < 2:
        return
    if len({stand.holds for stand in fine}) > 1:
        views = "; ".join(
            f"{stand.of.name} ({stand.of.address}) says {', '.join(sorted(stand.holds)[:4]) or 'no address'}"
            for stand in fine
        )
        yield Evidence("ns_differ", Phase.DNS, ok=False, text=f"the servers disagree about {host}: {views}")
    else:
        yield Evidence("ns_agree", Phase.DNS, ok=True, text=f"the {len(fine)} servers say the same about {host}")
    serials = [stand.serial for stand in fine if stand.serial is not None]
    if len(serials) < 2:
        return
    best = newest(serials)
    behind = [stand for stand in fine if stand.serial not in {None, best}]
    if not behind:
        yield Evidence("serials_equal", Phase.DNS, ok=True, text=f"all have serial {best}")
        return
    yield _behind(best, behind, now_s)


def _behind(best: int, behind: Sequence[Stand], now_s: float) -> Evidence:
    who = ", ".join(f"{stand.of.name} has {stand.serial}" for stand in behind[:4])
    made_s, refresh_s = made_at(best, now_s), behind[0].refresh_s
    if made_s is None:
        text = f"the newest serial is {best}, {who}; secondaries look every {refresh_s} s"
        return Evidence("serial_lag", Phase.DNS, ok=None, text=text)
    day = datetime.fromtimestamp(made_s, UTC).date().isoformat()
    # a serial that is a date says no hour: the whole day and one refresh must have passed
    if now_s - made_s > refresh_s + 86400:
        text = f"the newest serial is {best} of {day}, {who}: longer ago than a refresh ({refresh_s} s)"
        return Evidence("serial_stale", Phase.DNS, ok=False, text=text)
    text = f"the newest serial is {best} of {day}, {who}; within a refresh ({refresh_s} s) that is no fault yet"
    return Evidence("serial_lag", Phase.DNS, ok=None, text=text)
