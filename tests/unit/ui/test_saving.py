"""Why a form could not be saved stays on the screen until something else is typed."""

import asyncio

import pytest
from textual.app import App

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.units import MonitorId
from uptime_tui.ui.screens import monitor_form
from uptime_tui.ui.screens.monitor_form import MonitorForm
from uptime_tui.ui.widgets.lines import Lines
from uptime_tui.view.words import ASCII
from uptime_tui.wire.messages import Reply, Trial


class Bare(App[None]):
    """Has what a form asks of its app."""

    def __init__(self):
        super().__init__()
        self.roles = {}


@pytest.mark.parametrize("typed", [False, True])
async def test_a_trial_that_comes_late_does_not_cover_the_refusal(monkeypatch, typed):
    monkeypatch.setattr(monitor_form, "PAUSE_S", 0.001)
    asked, refused = asyncio.Queue(), asyncio.Event()

    async def try_target(_table, tell):
        result = Result(MonitorId(0), 0, None, None, "all is well", Timings(total=1.0))
        await asked.put(lambda: tell(Trial(0, result)))
        return Reply(0)

    async def save(_table):
        refused.set()
        return Reply(0, error="that name is taken")

    app = Bare()
    async with app.run_test() as pilot:
        form = MonitorForm("Add", {}, catalogue=load_catalogue(), try_target=try_target, save=save, glyphs=ASCII)
        await app.push_screen(form)
        form.sheet.entry.value = "ssh://mx1"
        late = await asked.get()
        await pilot.press("enter")
        await refused.wait()
        await pilot.pause()
        if typed:
            form.sheet.entry.value = "ssh://mx2"
            late = await asked.get()
        late()
        text = form.query_one("#trial", Lines).text
    assert ("that name is taken" in text) is not typed
    assert ("all is well" in text) is typed
