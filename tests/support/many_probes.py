"""Probes one target many times from wherever this is run, and prints one line a probe: `failure detail`.

`python many_probes.py TARGET COUNT [USER]`; run in a network namespace by `ip netns exec`.
"""

import asyncio
import sys

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.schema import Defaults
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import local_vantage, probe_once


async def main(target: str, count: int, user: str = "") -> None:
    catalogue = load_catalogue()
    table = {"name": "one", "target": target, "login": {"user": user}}
    if catalogue.get(target.partition(":")[0]).tls != "none":
        table["expect"] = {"tls_verify": False}
    monitor, faults = read_draft(table, catalogue, Defaults())
    assert not faults, faults
    tasks = set()

    def spawn(coroutine) -> None:
        task = asyncio.ensure_future(coroutine)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    vantage = local_vantage(spawn)
    for _ in range(count):
        result = await probe_once(vantage, Plan(monitor, catalogue.get(monitor.target.service)))
        print(result.failure or "up", result.detail)
    vantage.close()


asyncio.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
