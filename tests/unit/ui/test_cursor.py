"""Where the cursor of the table goes when its monitor does."""

import pytest
from textual.app import App

from support.fleets import NOW_MS, fleet, monitor, row
from uptime_tui.ui.widgets.monitor_table import MonitorTable
from uptime_tui.view.rows import GroupRow, ViewOptions, build_view, held_view
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.view.words import ASCII

WEB, MAIL, OTHER = (monitor(1, "a", category="web"), monitor(2, "b", category="email"), monitor(3, "c", category="web"))
DOWN = {"failure": "refused", "detail": "nothing listens"}


class Shown(App[None]):
    """A table and nothing else."""

    def __init__(self, snapshot):
        super().__init__()
        self.snapshot = snapshot

    def compose(self):
        yield MonitorTable(self.snapshot, ASCII, {}, lambda: NOW_MS)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    ("before", "gone", "now"),
    [
        pytest.param(((MAIL, row(2)), (WEB, row(1))), "b", "a", id="the last one of the first group"),
        pytest.param(((MAIL, row(2)), (WEB, row(1))), "a", "b", id="the last one of the last group"),
        pytest.param(((WEB, row(1)), (OTHER, row(3))), "a", "c", id="the one below"),
        pytest.param(((WEB, row(1)), (OTHER, row(3)), (monitor(4, "z", category="x"), row(4))), "c", "a", id="not a header"),
        pytest.param(((MAIL, row(2, "down", **DOWN)), (monitor(4, "d", category="email"), row(4))), "d", "b",
                     id="all others of its group are problems"),
    ],
)  # fmt: skip
async def test_the_cursor_goes_to_a_neighbour_and_an_empty_header_goes(before, gone, now, held):
    snapshot = Snapshot()
    snapshot.apply(fleet(*before))
    app = Shown(snapshot)
    async with app.run_test():
        table, options = app.query_one(MonitorTable), ViewOptions()
        shown = build_view(snapshot, options, NOW_MS)
        table.set_view(shown, options)
        table.go_to(next(each.id for each, _ in before if each.name == gone))
        snapshot.apply(fleet(*(pair for pair in before if pair[0].name != gone)))
        view = build_view(snapshot, options, NOW_MS)
        table.set_view(held_view(shown, view, snapshot.monitors) if held else view, options)
        assert snapshot.monitors[table.current()].name == now
        assert all(entry.total for entry in table.view if isinstance(entry, GroupRow))


async def test_the_last_monitor_of_all_leaves_nothing():
    snapshot = Snapshot()
    snapshot.apply(fleet((WEB, row(1))))
    app = Shown(snapshot)
    async with app.run_test():
        table = app.query_one(MonitorTable)
        table.set_view(build_view(snapshot, ViewOptions(), NOW_MS), ViewOptions())
        snapshot.apply(fleet())
        table.set_view((), ViewOptions())
        assert (table.current(), table.index) == (None, 0)
