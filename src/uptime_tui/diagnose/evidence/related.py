"""How far the fault reaches: other monitors of the same host, network, certificate, domain. Sends nothing."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from uptime_tui.diagnose.case import Case, Means, Neighbour
from uptime_tui.diagnose.relations import same_certificate, same_domain, same_host, same_network, word_of
from uptime_tui.model.failure import FACTS as CODES
from uptime_tui.model.failure import Failure, Phase, Side, Status
from uptime_tui.model.result import Evidence

QUESTION: Final = "How far does the fault reach?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "same_host_alive": "other monitors of the same host get an answer from it",
    "same_host_refuses": "other monitors of the same host are refused as well",
    "same_host_down": "no other monitor of the same host gets an answer",
    "same_network_alive": "other hosts of the same network answer",
    "same_network_down": "no other host of the same network answers",
    "same_certificate_down": "other monitors with the same certificate fail in the same way",
    "same_certificate_fine": "other monitors with the same certificate are fine",
    "same_domain_down": "other names of the same domain fail in the same way",
    "same_domain_fine": "other names of the same domain are fine",
}


def wants(case: Case) -> bool:
    """Where there is a fleet to compare with, and the fault is theirs."""
    failure = case.failure
    return failure is not None and CODES[failure].side is Side.THEIRS and bool(case.neighbours)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:  # noqa: ARG001 - one signature for all
    """The closest relatives first."""
    for fact in (*_host(case), *_network(case), *_alike(case)):
        yield fact


def _host(case: Case) -> Iterator[Evidence]:
    group = same_host(case)
    words = Counter(word_of(each, case) for each in group)
    alive = [each for each in group if word_of(each, case) == "alive"]
    if alive:
        refused = [each for each in alive if each.failure is Failure.REFUSED]
        served = [each for each in alive if each not in refused]
        text = f"other monitors of this host get an answer: {_names(served)}" if served else "the host itself is there"
        yield Evidence("same_host_alive", Phase.CONNECT, ok=True, text=text)
        if refused:
            text = f"refused as well on this host: {_names(refused)}"
            yield Evidence("same_host_refuses", Phase.CONNECT, ok=False, text=text)
    elif words["silent"]:
        text = f"silent as well on this host: {_names(group)}"
        yield Evidence("same_host_down", Phase.CONNECT, ok=False, text=text)


def _network(case: Case) -> Iterator[Evidence]:
    group = same_network(case)
    alive = [each for each in group if word_of(each, case) == "alive"]
    silent = [each for each in group if word_of(each, case) == "silent"]
    if alive:
        text = f"other hosts of the same network answer: {_names(alive)}"
        yield Evidence("same_network_alive", Phase.CONNECT, None, text)
    elif silent:
        text = f"silent as well in the same network: {_names(silent)}"
        yield Evidence("same_network_down", Phase.CONNECT, None, text)


def _alike(case: Case) -> Iterator[Evidence]:
    failure = case.failure
    assert failure is not None
    if CODES[failure].phase is Phase.TLS:
        group = same_certificate(case)
        if down := [each for each in group if each.failure is failure]:
            text = f"the same certificate, the same failure: {_names(down)}"
            yield Evidence("same_certificate_down", Phase.TLS, ok=False, text=text)
        elif fine := [each for each in group if each.status is Status.UP]:
            text = f"the same certificate, no failure: {_names(fine)}"
            yield Evidence("same_certificate_fine", Phase.TLS, None, text)
    if CODES[failure].phase is Phase.DNS:
        group = same_domain(case)
        if down := [each for each in group if each.failure is not None and CODES[each.failure].phase is Phase.DNS]:
            text = f"other names of the domain fail as well: {_names(down)}"
            yield Evidence("same_domain_down", Phase.DNS, ok=False, text=text)
        elif fine := [each for each in group if each.status is Status.UP]:
            yield Evidence("same_domain_fine", Phase.DNS, None, f"other names of the domain are fine: {_names(fine)}")


def _names(group: Sequence[Neighbour]) -> str:
    names = [each.monitor.name for each in group[:4]]
    return ", ".join(names) + (f" and {len(group) - 4} more" if len(group) > 4 else "")
