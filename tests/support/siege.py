"""Many probes of hostile servers from this process, and what they cost it."""

import asyncio
import resource
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.schema import Defaults
from uptime_tui.model.failure import Failure
from uptime_tui.model.result import Result
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import local_vantage

CATALOGUE = load_catalogue()
WAITED = frozenset({Failure.TIMEOUT, Failure.NO_GREETING})


@dataclass
class Toll:
    """What became of the probes. Memory in bytes."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    """Kind of server to failures."""
    late_ms: list[float] = field(default_factory=list)
    """Of those that ran to their deadline: how long after it they ended."""
    early: int = 0
    """Said that the time was up more than 50 ms before it was."""
    descriptors: tuple[int, int] = (0, 0)
    memory: tuple[int, int] = (0, 0)
    peak: tuple[int, int] = (0, 0)
    """Each before and after."""


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def plans(scheme: str, ports: Mapping[str, int], deadline_s: float) -> dict[str, Plan]:
    """One monitor for each kind of server."""
    found = {}
    for kind, port in ports.items():
        table = {"name": kind, "target": f"{scheme}://127.0.0.1:{port}", "timeout": f"{deadline_s * 1000:.0f}ms"}
        monitor, faults = read_draft(table | {"expect": {"tls_verify": False}}, CATALOGUE, Defaults())
        assert not faults, faults
        found[kind] = Plan(monitor, CATALOGUE.get(scheme))
    return found


async def besiege(scheme: str, ports: Mapping[str, int], count: int, *, rate: int, deadline_s: float) -> Toll:
    """Begin so many probes, `rate` a second, the kinds in turn, and wait for all of them."""
    loop = asyncio.get_running_loop()
    vantage = local_vantage(lambda coroutine: coroutine.close())
    monitors = list(plans(scheme, ports, deadline_s).items())
    toll = Toll({kind: Counter() for kind in ports})
    all_done = asyncio.Event()

    def begin(number: int) -> None:
        kind, plan = monitors[number % len(monitors)]
        due_s = loop.time() + deadline_s

        def done(result: Result) -> None:
            late_s = loop.time() - due_s
            toll.outcomes[kind][result.failure or "up"] += 1
            if late_s > 0:
                toll.late_ms.append(late_s * 1000)
            elif late_s < -0.05 and (result.failure in WAITED or "not finished" in result.detail):
                toll.early += 1
            if sum(each.total() for each in toll.outcomes.values()) == count:
                all_done.set()

        vantage.probe(plan, done)

    before = descriptors(), memory(), peak()
    began_s = loop.time()
    for number in range(count):
        begin(number)
        await asyncio.sleep(max(0.0, began_s + (number + 1) / rate - loop.time()))
    await all_done.wait()
    toll.descriptors, toll.memory, toll.peak = zip(before, (descriptors(), memory(), peak()), strict=True)
    vantage.close()
    return toll
