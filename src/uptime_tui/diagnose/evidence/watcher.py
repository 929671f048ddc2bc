"""Whether it is this machine that is cut off: its link, its default route, its router, and what other monitors see."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Final

from uptime_tui.diagnose.case import NO_ANSWER, Case, Means, Neighbour
from uptime_tui.diagnose.relations import same_host, word_of
from uptime_tui.dial.routes import default_gateways, has_link, is_known, is_own
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence

QUESTION: Final = "Is it this machine that is cut off?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "own_link_down": "no interface of this machine has a link",
    "own_default_route": "this machine has a default route",
    "own_default_route_missing": "this machine has no default route",
    "gateway_known": "this machine's router answers on its own network",
    "gateway_silent": "this machine's router does not answer on its own network",
    "own_offline": "the engine had found that this machine has no network",
    "fleet_alive": "other hosts answer this machine since the fault began",
    "fleet_silent": "no other host answers this machine since the fault began",
    "port_elsewhere_alive": "other hosts answer this machine on the same port",
    "port_elsewhere_silent": "other hosts are silent on the same port, while they or others answer on other ports",
}
_FEW: Final = 2
_ASKED: Final = NO_ANSWER | {
    Failure.WATCHER_OFFLINE, Failure.DNS_TIMEOUT, Failure.DNS_SERVFAIL, Failure.DNS_REFUSED, Failure.PARTIAL,
}  # fmt: skip


def wants(case: Case) -> bool:
    """What a machine without network sees, and nothing else."""
    return case.is_here and case.failure in _ASKED and not is_own(case.address)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """Its own state first, then the quorum."""
    if case.offline:
        yield Evidence("own_offline", Phase.CONNECT, None, "the engine had found this machine without a network")
    for fact in (*_ways(case, means), *_quorum(case), *_port(case)):
        yield fact


def _ways(case: Case, means: Means) -> Iterator[Evidence]:
    if has_link() is False:
        yield Evidence("own_link_down", Phase.CONNECT, None, "no interface of this machine has a link")
    v6 = ":" in case.address
    family = "IPv6" if v6 else "IPv4"
    gateways = default_gateways(v6=v6, proc=means.proc)
    if not gateways:
        text = f"this machine has no default route of {family}"
        yield Evidence("own_default_route_missing", Phase.CONNECT, None, text)
        return
    gateway = gateways[0]
    way = f"{gateway.address} on {gateway.interface}" if gateway.address else gateway.interface
    yield Evidence("own_default_route", Phase.CONNECT, None, f"default route of {family}: {way}")
    known = None if v6 else is_known(gateway, means.proc)
    if known:
        yield Evidence("gateway_known", Phase.CONNECT, None, f"the router {gateway.address} answers ARP")
    elif known is False:
        yield Evidence("gateway_silent", Phase.CONNECT, None, f"the router {gateway.address} does not answer ARP")


def _quorum(case: Case) -> Iterator[Evidence]:
    host = same_host(case)
    others = [each for each in case.neighbours if each not in host]
    alive = _hosts(others, case, "alive")
    silent = _hosts(others, case, "silent") - alive
    if alive:
        text = f"{len(alive)} other hosts answer meanwhile ({_some(alive)}), {len(silent)} do not"
        yield Evidence("fleet_alive", Phase.CONNECT, None, text)
    elif len(silent) >= _FEW:
        text = f"none of {len(silent)} other hosts answers this machine meanwhile ({_some(silent)})"
        yield Evidence("fleet_silent", Phase.CONNECT, None, text)


def _port(case: Case) -> Iterator[Evidence]:
    """Whether the port as such is stopped on the way out, by the monitors that use it elsewhere."""
    host = same_host(case)
    others = [each for each in case.neighbours if each not in host]
    words = Counter(word_of(each, case) for each in others if each.monitor.target.port == case.port)
    if words["alive"]:
        yield Evidence(
            "port_elsewhere_alive", Phase.CONNECT, None, f"port {case.port} of other hosts answers from here"
        )
    elif words["silent"] and any(
        word_of(each, case) == "alive" for each in case.neighbours if each.monitor.target.port != case.port
    ):
        text = f"port {case.port} of {words['silent']} other monitors is silent too, while other ports answer"
        yield Evidence("port_elsewhere_silent", Phase.CONNECT, None, text)


def _hosts(neighbours: list[Neighbour], case: Case, word: str) -> set[str]:
    return {each.monitor.target.host for each in neighbours if word_of(each, case) == word}


def _some(hosts: set[str]) -> str:
    return ", ".join(sorted(hosts)[:3]) + (", …" if len(hosts) > 3 else "")
