"""Probes against real servers: `support/daemons/x.py` holds the fixture `x`, the tests are in `test_x.py`."""

import asyncio
import pkgutil
from collections.abc import Callable
from importlib import import_module

import pytest

from support import daemons
from support.certificates import NAME, authority
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.schema import Defaults
from uptime_tui.model.result import Result
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import local_vantage, probe_once

CATALOGUE = load_catalogue()

for _family in pkgutil.iter_modules(daemons.__path__):
    globals()[_family.name] = getattr(import_module(f"support.daemons.{_family.name}"), _family.name)


@pytest.fixture
async def probe() -> Callable:
    """Probe a target once as the engine does; `expect` as in `[monitor.expect]`, `user` as in `[monitor.login]`."""
    tasks = set()

    def spawn(coroutine) -> None:
        task = asyncio.ensure_future(coroutine)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    vantage = local_vantage(spawn, ca_file=authority.ca_file)

    async def once(target: str, *, limit: str = "", user: str = "", **expect) -> Result:
        named = {"tls_name": NAME} if CATALOGUE.get(target.partition(":")[0]).tls != "none" else {}
        table = {"name": "one", "target": target, "expect": {**named, **expect}, "login": {"user": user}}
        if limit:
            table["timeout"] = limit
        monitor, faults = read_draft(table, CATALOGUE, Defaults())
        assert not faults
        return await probe_once(vantage, Plan(monitor, CATALOGUE.get(monitor.target.service)))

    yield once
    vantage.close()
