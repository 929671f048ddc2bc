"""The panel's lines: a text that fits has one height, so that another text costs no layout of the screen."""

from textual.app import App

from uptime_tui.ui.widgets.lines import Lines


class OneWidget(App):
    def compose(self):
        yield Lines({})


def text(count):
    return tuple(((f"line {number}", "plain"),) for number in range(count))


async def test_what_fits_has_the_height_of_the_window():
    app = OneWidget()
    async with app.run_test(size=(40, 20)):
        lines = app.query_one(Lines)
        extents = []
        for count in (3, 20, 7, 30):
            lines.show(text(count))
            extents.append(lines.virtual_size.height)
        assert extents == [20, 20, 20, 30]


async def test_a_smaller_window_scrolls_what_fitted_before():
    app = OneWidget()
    async with app.run_test(size=(40, 20)) as pilot:
        lines = app.query_one(Lines)
        lines.show(text(9))
        assert lines.max_scroll_y == 0
        await pilot.resize_terminal(40, 5)
        assert lines.max_scroll_y == 4
        await pilot.resize_terminal(40, 20)
        assert lines.max_scroll_y == 0
