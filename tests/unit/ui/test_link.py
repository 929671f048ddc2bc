"""A dashboard whose engine hangs says so: its rows would stay as they were, as if all were well."""

import asyncio
from types import SimpleNamespace

import pytest

from uptime_tui.config.paths import find_home
from uptime_tui.engine.bus import VITALS_S
from uptime_tui.ui.link import Link

PATIENCE_S = 20.0


@pytest.fixture
async def session(monkeypatch):
    """One that says something only when `heard` is set."""

    async def nothing():
        pass

    kept = SimpleNamespace(lost="", heard=True, focus=lambda _: None, arrival=nothing, close=nothing)

    async def connect(_link):
        return kept

    monkeypatch.setattr(Link, "_connect", connect)
    return kept


@pytest.mark.asyncio
@pytest.mark.looptime
async def test_an_engine_that_says_nothing_any_more_is_told_until_it_speaks_again(session, tmp_path):
    link = Link(find_home(str(tmp_path), {}))
    running = asyncio.ensure_future(link.run())
    for _ in range(30):
        session.heard = True
        await asyncio.sleep(VITALS_S)
        assert link.lost == ""
    await asyncio.sleep(PATIENCE_S)
    assert link.lost.startswith("does not answer (just now, `uptime-tui stop`")
    session.heard = True
    await asyncio.sleep(VITALS_S)
    assert link.lost == ""
    running.cancel()
