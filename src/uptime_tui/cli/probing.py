"""Probes without an engine: what `check` runs, politely, all targets at once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.cli.advice import Advise, in_order
from uptime_tui.config.settings import Settings
from uptime_tui.loading import loading
from uptime_tui.model.failure import Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result
from uptime_tui.vantage.base import Plan

if TYPE_CHECKING:
    from uptime_tui.knowledge.entry import Hints
    from uptime_tui.vantage.local import LocalVantage

PER_HOST = 2
"""Probes at once against one host: the engine's rule holds here as well."""

Show = Callable[[str, Monitor, Result, "Hints | None"], None]


class Lane:
    """One service of one host: how many at once, and how far apart."""

    def __init__(self, per_host: int, spacing_s: float) -> None:
        self.turn = asyncio.Semaphore(per_host)
        self._spacing_s = spacing_s
        self._free_s = 0.0

    async def space(self) -> None:
        """Wait until the last start is long enough ago."""
        now_s = asyncio.get_running_loop().time()
        start_s = max(now_s, self._free_s)
        self._free_s = start_s + self._spacing_s
        if start_s > now_s:
            await asyncio.sleep(start_s - now_s)


@asynccontextmanager
async def own_vantage(settings: Settings) -> "AsyncIterator[LocalVantage]":
    """This machine as the vantage, with the names, trust and secrets of the settings; closed at the end."""
    with loading():
        from uptime_tui.config.secrets import Unlocker
        from uptime_tui.vantage.local import local_vantage

    tasks: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        task = loop.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    vantage = local_vantage(
        spawn, nameservers=settings.resolver.nameservers, ca_file=settings.tls.ca_file, unlock=Unlocker(loop).unlock
    )
    try:
        yield vantage
    finally:
        vantage.close()


async def probe_all(
    targets: tuple[str, ...],
    monitors: list[Monitor],
    catalogue: Catalogue,
    settings: Settings,
    advise: Advise,
    show: Show,
) -> list[Status]:
    """Probe all at once, at most two per host and what each service allows, and show them in the order given.

    Args:
        targets: as they were asked for.
        monitors: one for each.
        catalogue: the services.
        settings: name servers and trust.
        advise: what the knowledge base says of a result; its causes are put in order by what is seen from here.
        show: gets each result with its causes.
    """
    async with own_vantage(settings) as vantage:

        async def told(target: str, monitor: Monitor, result: Result) -> None:
            hints = await in_order(vantage, Plan(monitor, catalogue.get(monitor.target.service)), result, advise)
            show(target, monitor, result, hints)

        return await _probe_all(vantage, targets, monitors, catalogue, told)


async def _probe_all(
    vantage: "LocalVantage",
    targets: tuple[str, ...],
    monitors: list[Monitor],
    catalogue: Catalogue,
    told: Callable[[str, Monitor, Result], Coroutine[Any, Any, None]],
) -> list[Status]:
    from uptime_tui.vantage.local import probe_once

    hosts = {monitor.target.host: asyncio.Semaphore(PER_HOST) for monitor in monitors}
    lanes: dict[tuple[str, str], Lane] = {}

    async def probe(monitor: Monitor) -> Result:
        service = catalogue.get(monitor.target.service)
        host = monitor.target.host
        lane = lanes.setdefault((host, service.lane or service.name), Lane(service.per_host, service.spacing_s))
        async with lane.turn, hosts[host]:
            await lane.space()
            result = await probe_once(vantage, Plan(monitor, service))
            if not monitor.expect.closed:
                return result
            # silence is what a closed port is to give, and what a cable that is out gives as well
            from uptime_tui.engine.selfcheck import Network

            return Network().judge(result, host)

    running = [asyncio.ensure_future(probe(monitor)) for monitor in monitors]
    statuses = []
    try:
        for target, monitor, result in zip(targets, monitors, running, strict=True):
            statuses.append((await result).status)
            await told(target, monitor, await result)
    finally:
        for future in running:
            future.cancel()
    return statuses
