"""Probes the lab as the engine does: its own written home is read back, names and certificates included."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.load import load_monitors
from uptime_tui.config.secrets import Unlocker
from uptime_tui.config.settings import load_settings
from uptime_tui.lab.run import Lab
from uptime_tui.model.result import Result
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import LocalVantage, local_vantage, probe_once

CATALOGUE = load_catalogue()


class Watch:
    """A vantage configured by a lab's home."""

    def __init__(self, home: Path) -> None:
        settings = load_settings(home / "config.toml")
        loaded = load_monitors(home / "monitors.toml", CATALOGUE)
        assert loaded.problems == ()
        self.monitors = {monitor.name: monitor for monitor in loaded.monitors}
        self._tasks = set()
        self.vantage: LocalVantage = local_vantage(
            self._spawn, nameservers=settings.resolver.nameservers, ca_file=settings.tls.ca_file,
            unlock=Unlocker(asyncio.get_running_loop()).unlock,
        )  # fmt: skip

    def _spawn(self, coroutine) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def probe(self, name: str) -> Result:
        monitor = self.monitors[name]
        self.vantage.forget_names()
        return await probe_once(self.vantage, Plan(monitor, CATALOGUE.get(monitor.target.service)))


@asynccontextmanager
async def watched_lab(home: Path, entries=None) -> AsyncIterator[tuple[Lab, Watch]]:
    """A static lab and a watch on it."""
    async with Lab(home, static=True, entries=entries) as lab:
        watch = Watch(home)
        try:
            yield lab, watch
        finally:
            watch.vantage.close()
