"""Many probes of hostile servers from this process, and what they cost it."""

import asyncio
import resource
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.siegecases import Case
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.schema import Defaults
from uptime_tui.config.secrets import Unlocker
from uptime_tui.model.failure import Failure
from uptime_tui.model.result import Result
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import local_vantage

CATALOGUE = load_catalogue()
WAITED = frozenset({Failure.TIMEOUT, Failure.NO_GREETING})

PATIENCE_S = 10.0
"""After the deadline of the last probe; one that has not ended then never will."""


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


def plans(case: Case, ports: Mapping[str, int], deadline_s: float) -> dict[str, Plan]:
    """One monitor for each kind of server."""
    found = {}
    for kind, port in ports.items():
        table = {"name": kind, "target": f"{case.scheme}://127.0.0.1:{port}", "timeout": f"{deadline_s * 1000:.0f}ms"}
        unjudged = {"tls_verify": False} if CATALOGUE.get(case.scheme).tls != "none" else {}
        expect = {**unjudged, **case.table.get("expect", {})}
        monitor, faults = read_draft({**table, **case.table, "expect": expect}, CATALOGUE, Defaults())
        assert not faults, faults
        found[kind] = Plan(monitor, CATALOGUE.get(case.scheme))
    return found


class Siege:
    """One vantage before the servers of one case, one of each kind.

    Args:
        case: what is probed.
        ports: kind of server to port.
        deadline_s: of each probe.
    """

    def __init__(self, case: Case, ports: Mapping[str, int], deadline_s: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.deadline_s = deadline_s
        self.under_way = 0
        self.tasks: set[asyncio.Task[Any]] = set()
        self.vantage = local_vantage(self.spawn, unlock=Unlocker(self.loop).unlock)
        self.monitors = list(plans(case, ports, deadline_s).items())

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def run(self, count: int, rate: float) -> Toll:
        """Begin so many probes, `rate` a second, the kinds in turn, and wait for all of them."""
        toll = Toll({kind: Counter() for kind, _ in self.monitors})
        before = descriptors(), memory(), peak()
        began_s = self.loop.time()
        for number in range(count):
            self.begin(toll, *self.monitors[number % len(self.monitors)])
            await asyncio.sleep(max(0.0, began_s + (number + 1) / rate - self.loop.time()))
        async with asyncio.timeout(self.deadline_s + PATIENCE_S):
            while self.under_way or self.tasks:  # noqa: ASYNC110 - nothing tells when
                await asyncio.sleep(0.01)
        toll.descriptors, toll.memory, toll.peak = zip(before, (descriptors(), memory(), peak()), strict=True)
        return toll

    def begin(self, toll: Toll, kind: str, plan: Plan) -> None:
        due_s = self.loop.time() + self.deadline_s

        def done(result: Result) -> None:
            late_s = self.loop.time() - due_s
            self.under_way -= 1
            toll.outcomes[kind][result.failure or "up"] += 1
            if late_s > 0:
                toll.late_ms.append(late_s * 1000)
            elif late_s < -0.05 and (result.failure in WAITED or "not finished" in result.detail):
                toll.early += 1

        self.under_way += 1
        self.vantage.probe(plan, done)


@asynccontextmanager
async def siege(case: Case, ports: Mapping[str, int], deadline_s: float) -> AsyncIterator[Siege]:
    it = Siege(case, ports, deadline_s)
    try:
        yield it
    finally:
        it.vantage.close()
