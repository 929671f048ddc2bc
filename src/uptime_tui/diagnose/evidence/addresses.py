"""Which addresses of the name answer, and whether one family fails as a whole."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Final

from uptime_tui.diagnose.case import NO_CONNECTION, Case, Means
from uptime_tui.dial.routes import route_to
from uptime_tui.dial.touch import PACKETS as EACH
from uptime_tui.dial.touch import packets, touch
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence

QUESTION: Final = "Do other addresses of the name answer?"
STAGE: Final = 2
PACKETS: Final = 16
FACTS: Final = {
    "addresses_some_fail": "some addresses of the name answer on the port, others do not",
    "addresses_all_fail": "no address of the name answers on the port",
    "addresses_all_answer": "every other address of the name answers on the port",
    "address_only_one": "the name has a single address",
    "family_broken": "one family of addresses fails as a whole, the other works",
}
_MOST: Final = 4
_WITHIN_S: Final = 0.9


def wants(case: Case) -> bool:
    """Where addresses may differ."""
    asked = NO_CONNECTION | {Failure.PARTIAL, Failure.INTERMITTENT, Failure.NO_GREETING, Failure.CLOSED_EARLY}
    return case.is_here and bool(case.addresses) and case.failure in asked


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """What the probe has seen of each, and a bare connect to those it has not tried where that harms nobody."""
    if len(case.addresses) == 1:
        host, address = case.plan.monitor.target.host, case.addresses[0]
        text = f"{host} is {address} only" if host != address else f"{address} is asked for itself: there is no other"
        yield Evidence("address_only_one", Phase.CONNECT, None, text)
        return
    told = dict(_told(case))
    wanted = [each for each in case.addresses if each not in told and not case.counts_connects][:_MOST]
    wanted = [each for each in wanted if not route_to(each).errno and means.budget.take(EACH)]
    ends = await asyncio.gather(
        *(touch(means.dialler, each, case.port, min(_WITHIN_S, means.left_s)) for each in wanted)
    )
    for end in ends:
        means.budget.give(EACH - packets(end))
        told[end.address] = not end.errno
    for fact in _facts(told):
        yield fact


def _told(case: Case) -> Iterator[tuple[str, bool]]:
    """Address and whether it was fine, from the lines of the probe; then the probe's own address."""
    if case.result.address and case.failure is not None:
        yield case.result.address, False
    for seen in case.result.evidence:
        if seen.id == "address" and seen.ok is not None:
            yield seen.text.partition(": ")[0], seen.ok


def _facts(told: Mapping[str, bool]) -> Iterator[Evidence]:
    good = [address for address, fine in told.items() if fine]
    bad = [address for address, fine in told.items() if not fine]
    if not good and bad:
        yield Evidence("addresses_all_fail", Phase.CONNECT, ok=False, text=f"none answers: {_listed(bad)}")
    elif good and not bad:
        yield Evidence("addresses_all_answer", Phase.CONNECT, ok=True, text=f"all answer: {_listed(good)}")
    elif good:
        text = f"{_listed(good)} answer, {_listed(bad)} do not"
        yield Evidence("addresses_some_fail", Phase.CONNECT, ok=False, text=text)
    broken, sound = ({":" in address for address in some} for some in (bad, good))
    if len(broken) == len(sound) == 1 and broken != sound:
        family = "IPv6" if True in broken else "IPv4"
        text = f"every {family} address fails, the others work"
        yield Evidence("family_broken", Phase.CONNECT, ok=False, text=text)


def _listed(addresses: list[str]) -> str:
    more = f" and {len(addresses) - 6} more" if len(addresses) > 6 else ""
    return ", ".join(addresses[:6]) + more
