"""A fault that comes while an engine watches: what it says of it, with the history and the fleet that only it has."""

import asyncio
import shutil
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from pkgutil import get_data
from typing import Any

import tomli_w

from faults.fault import Fault
from faults.site import Site
from uptime_tui.client.session import EngineLost, Session
from uptime_tui.config.paths import Home, find_home
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.failure import Status
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.wire.messages import Diagnose, MonitorRow

_BEAR_IT = ("http", "https")
PACE_S = 2.0
START_S = 40.0
KNOWN_S = 90.0
"""Until the engine has said what it makes of a fault, and why; it comes to a verdict in three probes or some twenty."""


def explain_by_engine(place: Site, fault: Fault, break_it: Callable[[], None]) -> dict[str, Any]:
    """What an engine on the watcher says of the fault, as `diagnose --json` has it.

    Args:
        place: where; the doors of the fault are open.
        fault: what comes.
        break_it: makes it.
    """
    with _engine(place, fault) as home:
        return asyncio.run(_watched(home, fault, break_it))


@contextmanager
def _engine(place: Site, fault: Fault) -> Iterator[Home]:
    with ExitStack() as stack:
        folder = place.home.with_name(f"engine-{fault.id}")
        folder.mkdir(mode=0o700)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        shutil.copy(place.home / "config.toml", folder)
        _write_monitors(folder, fault)
        _write_services(folder / "services.d")
        words = (sys.executable, "-m", "uptime_tui", "engine", "--keep", "--home", str(folder))
        process = place["watcher"].popen(*words)
        stack.callback(process.wait)
        stack.callback(process.kill)
        yield find_home(str(folder), {})


def _write_monitors(folder: Path, fault: Fault) -> None:
    monitors = [{"name": f"m{number}", "target": each} for number, each in enumerate((fault.target, *fault.others))]
    for monitor in monitors:
        monitor |= {"timeout": fault.timeout or f"{PACE_S}s", "purpose": "broken on purpose"}
    if fault.expect:
        monitors[0]["expect"] = fault.expect
    path = folder / "monitors.toml"
    path.write_text(tomli_w.dumps({"monitor": monitors}))
    path.chmod(0o600)


def _write_services(folder: Path) -> None:
    """The catalogue's, but those that bear it are probed more often."""
    services = tomllib.loads((get_data("uptime_tui.catalogue", "services.toml") or b"").decode())
    folder.mkdir(mode=0o700)
    for name in _BEAR_IT:
        table = {name: services[name] | {"interval_s": PACE_S, "min_interval_s": PACE_S}}
        (folder / f"{name}.toml").write_text(tomli_w.dumps(table))


class _View:
    """What a client is shown."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._snapshot = Snapshot()

    async def until(self, holds: Callable[["_View"], bool], within_s: float) -> bool:
        """Whether it came to that in time."""
        deadline = time.monotonic() + within_s
        while not holds(self):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
            for message in self._session.take():
                self._snapshot.apply(message)
        return True

    @property
    def rows(self) -> dict[str, MonitorRow]:
        """By name; those that were probed."""
        rows = self._snapshot.rows
        return {m.name: rows[n] for n, m in self._snapshot.monitors.items() if n in rows and rows[n].last_ms}

    @property
    def diagnosis(self) -> Diagnosis | None:
        focus = self._snapshot.focus
        return None if focus is None else focus.diagnosis


async def _watched(home: Home, fault: Fault, break_it: Callable[[], None]) -> dict[str, Any]:
    session = await _session(home)
    view = _View(session)
    try:
        known = 1 + len(fault.others)
        assert await view.until(lambda v: len(v.rows) == known, START_S), "the engine does not probe"
        if fault.well:
            assert await view.until(lambda v: v.rows["m0"].status is Status.UP, START_S), view.rows["m0"].detail
        break_it()
        number = view.rows["m0"].id
        session.focus(number)

        def seen(shown: _View) -> bool:
            row = shown.rows["m0"]
            return (row.status, row.failure) == (fault.status, fault.failure)

        if await view.until(seen, KNOWN_S) and fault.status == Status.UNKNOWN:
            await session.request(lambda n: Diagnose(n, number))
        await view.until(lambda v: _is_told(v.diagnosis, fault), KNOWN_S / 3)
        return _told(view)
    finally:
        await session.close()


async def _session(home: Home) -> Session:
    deadline = time.monotonic() + START_S
    while True:
        try:
            return await Session.connect(home.socket_file, client="bench")
        except EngineLost:
            assert time.monotonic() < deadline, "no engine"
            await asyncio.sleep(0.02)


def _is_told(diagnosis: Diagnosis | None, fault: Fault) -> bool:
    return diagnosis is not None and diagnosis.complete and diagnosis.failure == fault.failure


def _told(view: _View) -> dict[str, Any]:
    row, diagnosis = view.rows["m0"], view.diagnosis
    told = {"status": row.status, "failure": row.failure, "detail": row.detail, "evidence": [], "causes": []}
    if diagnosis is not None:
        told["took_ms"], told["packets"] = diagnosis.took_ms, diagnosis.packets
        told["evidence"] = [{"id": seen.id, "ok": seen.ok, "text": seen.text} for seen in diagnosis.evidence]
        told["causes"] = [{"id": each.id, "confidence": each.confidence} for each in diagnosis.suspects]
    return told
