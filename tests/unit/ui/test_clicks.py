"""Clicks that come late: on a line that has gone, on a palette that is not there."""

import asyncio

import pytest
from rich.style import Style
from textual.app import App
from textual.command import CommandInput, CommandList
from textual.events import Click

from uptime_tui.ui.screens.palette import Palette
from uptime_tui.ui.widgets.lines import Options


class Bare(App[None]):
    """Holds what is clicked on, and remembers what was chosen."""

    def __init__(self):
        super().__init__()
        self.chosen = []
        self.roles = {}

    def compose(self):
        yield Options("a", "b")

    def on_option_list_option_selected(self, event):
        self.chosen.append(event.option_index)


def click(widget, x=0, y=0, style=None):
    return Click(widget, x, y, 0, 0, 1, False, False, False, x, y, style)


def test_a_click_on_a_line_that_has_gone_chooses_nothing():
    async def play():
        app = Bare()
        async with app.run_test() as pilot:
            options = app.query_one(Options)
            for line in (2, 1):
                options.post_message(click(options, style=Style.from_meta({"option": line})))
                await pilot.pause()
        return app.chosen

    assert asyncio.run(play()) == [1]


def with_palette(act):
    """Whether the app still runs, and the palette is still on top, after `act` had the palette."""

    async def play():
        app = Bare()
        async with app.run_test() as pilot:
            palette = Palette()
            await app.push_screen(palette)
            await pilot.pause()
            await act(palette)
            await pilot.pause()
            return app.is_running, app.screen is palette

    return asyncio.run(play())


def test_a_click_on_a_command_that_has_gone_runs_nothing():
    """A search goes on while the click is on its way."""

    async def act(palette):
        found = palette.query_one(CommandList)
        inside = palette.query_one(CommandInput).region.offset
        found.post_message(click(found, *inside, Style.from_meta({"option": found.option_count})))

    assert with_palette(act) == (True, True)


@pytest.mark.parametrize(("where", "stays"), [((0, 0), False), ((500, 500), True)])
def test_a_click_where_nothing_is_drawn_is_none_on_the_outside_of_the_palette(where, stays):
    """As after a resize that made the screen smaller; on the outside the palette closes."""

    async def act(palette):
        palette.post_message(click(palette, *where))

    assert with_palette(act) == (True, stays)


def test_a_click_that_comes_as_the_palette_closes_does_nothing():
    async def act(palette):
        palette.dismiss()
        palette._compositor.clear()  # what the removal does first
        await palette._on_message(click(palette, 0, 0))

    running, _ = with_palette(act)
    assert running
