"""Whether the same host answers on other ports: then host and path are alive, and the fault is the service's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from uptime_tui.diagnose.case import NEVER_BARE, Case, Means, is_silent
from uptime_tui.diagnose.relations import same_host, word_of
from uptime_tui.dial.direct import DialEnd
from uptime_tui.dial.touch import PACKETS as EACH
from uptime_tui.dial.touch import is_answer, packets, touch
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence

QUESTION: Final = "Do other ports of the same host answer?"
STAGE: Final = 2
PACKETS: Final = 14
FACTS: Final = {
    "sibling_open": "another port of the same host accepts",
    "sibling_refused": "another port of the same host refuses: the host is alive",
    "siblings_silent": "no other port of the same host answers",
}
_OWN: Final = 2
"""Ports of other monitors of the host, whose last word is from before the fault."""
_WEB: Final = (443, 80)
_LAST: Final = frozenset({22})
_WITHIN_S: Final = 0.9
"""Below a second the kernel sends one SYN."""


def wants(case: Case) -> bool:
    """Where the target was silent, is another machine, can be routed to, and no monitor of the same host has said."""
    return is_silent(case) and not any(word_of(each, case) == "alive" for each in same_host(case))


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """The user's own ports first; SSH, whose server writes a line for each visit, last."""
    tried: list[int] = []
    for wave in _waves(case):
        ports = [port for port in wave if means.left_s and means.budget.take(EACH)]
        ends = await asyncio.gather(*(_touch(case, means, port) for port in ports))
        tried += ports
        if any(is_answer(end) for end in ends):
            for port, end in zip(ports, ends, strict=True):
                if is_answer(end):
                    yield _fact(port, end)
            return
    if tried:
        text = f"{case.address} is silent on {', '.join(map(str, tried))} as well"
        yield Evidence("siblings_silent", Phase.CONNECT, ok=False, text=text)


def _waves(case: Case) -> list[list[int]]:
    """Ports to try, without those where a bare connect harms, each once."""
    host = [each.monitor.target for each in same_host(case)]
    barred = NEVER_BARE | {case.port} | {target.port for target in host if target.service == "mysql"}
    own = sorted({target.port for target in host} - barred - _LAST)[:_OWN]
    web = [port for port in _WEB if port not in barred and port not in own]
    return [own, web, sorted(_LAST - barred)]


async def _touch(case: Case, means: Means, port: int) -> DialEnd:
    end = await touch(means.dialler, case.address, port, min(_WITHIN_S, means.left_s))
    means.budget.give(EACH - packets(end))
    return end


def _fact(port: int, end: DialEnd) -> Evidence:
    if end.errno:
        text = f"{end.address} refuses port {port}: the host and the path to it are alive"
        return Evidence("sibling_refused", Phase.CONNECT, ok=True, text=text)
    text = f"{end.address} accepts on port {port}: the host and the path to it are alive"
    return Evidence("sibling_open", Phase.CONNECT, ok=True, text=text)
