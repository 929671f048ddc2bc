"""Probes without an engine: what `check` runs, politely, all targets at once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.config.schema import Settings
from uptime_tui.model.failure import Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result
from uptime_tui.vantage.base import Plan

PER_HOST = 2
"""Probes at once against one host: the engine's rule holds here as well."""

Show = Callable[[str, Monitor, Result], None]


async def probe_all(
    targets: tuple[str, ...],
    monitors: list[Monitor],
    catalogue: Catalogue,
    settings: Settings,
    show: Show,
) -> list[Status]:
    """Probe all at once, at most two per host, and show each in the order in which they were given."""
    from uptime_tui.vantage.local import local_vantage, probe_once

    tasks: set[asyncio.Task[None]] = set()

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    vantage = local_vantage(spawn, nameservers=settings.resolver.nameservers, ca_file=settings.tls.ca_file)
    lanes = {monitor.target.host: asyncio.Semaphore(PER_HOST) for monitor in monitors}

    async def probe(monitor: Monitor) -> Result:
        async with lanes[monitor.target.host]:
            return await probe_once(vantage, Plan(monitor, catalogue.get(monitor.target.service)))

    running = [asyncio.ensure_future(probe(monitor)) for monitor in monitors]
    statuses = []
    try:
        for target, monitor, result in zip(targets, monitors, running, strict=True):
            statuses.append((await result).status)
            show(target, monitor, await result)
    finally:
        for future in running:
            future.cancel()
        vantage.close()
    return statuses
