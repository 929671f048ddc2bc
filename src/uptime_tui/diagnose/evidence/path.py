"""How far packets get: the last router that answers, who says that there is no way on, whether they circle."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from uptime_tui.diagnose.case import Case, Means, is_silent
from uptime_tui.diagnose.relations import network_of
from uptime_tui.dial.hops import PACKETS as EACH
from uptime_tui.dial.hops import Hop, packets, walk, walk_udp
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence

QUESTION: Final = "How far do packets get?"
STAGE: Final = 3
PACKETS: Final = 24
FACTS: Final = {
    "path_first_hop": "the first router on the way answers",
    "path_silent": "no router on the way answers",
    "path_ends": "routers answer up to one outside the target's network, nothing behind it does",
    "path_ends_at_gateway": "only the first router answers, nothing behind it does",
    "path_reaches_network": "the last router that answers stands in the target's own network",
    "path_reaches_host": "the target itself answers",
    "path_router_says": "a router on the way says that the target cannot be reached, or that it may not be",
    "path_port_stops": "other packets get past the last router that lets those to the port through",
    "port_answers_now": "the port that was silent accepts by now",
    "path_loop": "packets circle between routers",
}
_WAVES: Final = (range(1, 9), range(9, 17))
_TAIL: Final = 4
"""Silent lifetimes in a row after which farther ones are not tried."""
_BEYOND: Final = 4
"""Lifetimes that are tried with datagrams behind the last router that answers for the port."""
_WITHIN_S: Final = 0.9


def wants(case: Case) -> bool:
    """Where the port was silent and the host is another machine that can be routed to."""
    return is_silent(case)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """With connects to the real port; with datagrams where such a connect would harm, or where nobody answers any."""
    hops = [] if case.counts_connects else await _walked(case, means, udp=False)
    if not any(hop.address for hop in hops):
        hops = await _walked(case, means, udp=True) or hops
    elif _may_be_stopped(hops, case.address):
        last = [hop for hop in hops if hop.word == "passed"][-1]
        ttls = [last.ttl + more for more in range(1, 1 + _BEYOND) if means.left_s and means.budget.take(1)]
        farther = _farther(last, await walk_udp(case.address, ttls, min(_WITHIN_S, means.left_s)))
        if farther:
            yield Evidence("path_port_stops", Phase.CONNECT, ok=False, text=f"to port {case.port} {farther}")
    if not hops:
        return
    for fact in _facts(hops, case.address):
        yield fact


async def _walked(case: Case, means: Means, *, udp: bool) -> list[Hop]:
    hops: list[Hop] = []
    for wave in _WAVES:
        cost = 1 if udp else EACH
        ttls = [ttl for ttl in wave if means.left_s and means.budget.take(cost)]
        within_s = min(_WITHIN_S, means.left_s)
        some = await (walk_udp(case.address, ttls, within_s) if udp else walk(case.address, case.port, ttls, within_s))
        means.budget.give(sum(cost - packets(hop) for hop in some))
        hops += some
        ended = any(hop.word in {"reached", "unreachable"} for hop in hops)
        if ended or not any(hop.address for hop in hops[-_TAIL:]):
            break
    return hops


def _facts(hops: Sequence[Hop], target: str) -> Iterator[Evidence]:
    passed = [hop for hop in hops if hop.word == "passed"]
    end = next((hop for hop in hops if hop.word in {"reached", "unreachable"}), None)
    if passed and passed[0].ttl == 1:
        yield Evidence("path_first_hop", Phase.CONNECT, None, f"the first router answers: {passed[0].address}")
    if circle := _circle(passed):
        yield Evidence("path_loop", Phase.CONNECT, ok=False, text=f"packets circle: {circle}")
    elif end is not None and end.accepted:
        text = f"{target} accepts on the port now, hop {end.ttl}: it was silent a moment ago"
        yield Evidence("port_answers_now", Phase.CONNECT, ok=None, text=text)
    elif end is not None and end.word == "reached":
        yield Evidence("path_reaches_host", Phase.CONNECT, ok=True, text=f"{target} itself answers, hop {end.ttl}")
    elif end is not None:
        text = f"{end.address}, hop {end.ttl}, answers with ICMP {end.message}: {target} cannot be reached from there"
        yield Evidence("path_router_says", Phase.CONNECT, ok=False, text=text)
    elif not passed:
        yield Evidence("path_silent", Phase.CONNECT, None, f"nobody on the way to {target} answers")
    else:
        last = passed[-1]
        text = f"the last answer is from {last.address}, hop {last.ttl}; silence from there on"
        if network_of(last.address) == network_of(target):
            yield Evidence("path_reaches_network", Phase.CONNECT, None, text)
        else:
            yield Evidence("path_ends_at_gateway" if last.ttl == 1 else "path_ends", Phase.CONNECT, None, text)


def _may_be_stopped(hops: Sequence[Hop], target: str) -> bool:
    """Whether routers may follow on the last one that answered; where it stands next to the target, none does."""
    passed = [hop for hop in hops if hop.word == "passed"]
    if len(hops) > len(_WAVES[0]) or any(hop.word in {"reached", "unreachable"} for hop in hops):
        return False
    return not _circle(passed) and network_of(passed[-1].address) != network_of(target)


def _farther(last: Hop, datagrams: Sequence[Hop]) -> str:
    """Where packets to the port end, when datagrams pass a router behind; a filter may stand before it.

    A router counts the lifetime down before it filters, so the one that answers last may be the one that drops. What
    the host itself says to datagrams is nothing new: it is alive, and its port is silent.
    """
    beyond = next((hop for hop in datagrams if hop.word == "passed"), None)
    if beyond is None:
        return ""
    return (
        f"the last answer is from {last.address}, hop {last.ttl}; datagrams get to {beyond.address}, hop {beyond.ttl}"
    )


def _circle(passed: Sequence[Hop]) -> str:
    """Routers that were met again after another one; empty when none was."""
    seen: dict[str, int] = {}
    for hop in passed:
        if hop.address in seen and hop.ttl - seen[hop.address] > 1:
            return ", ".join(f"{each.ttl} {each.address}" for each in passed[-6:])
        seen[hop.address] = hop.ttl
    return ""
