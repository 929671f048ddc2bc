"""The panel's lines: another text costs no layout of the screen, and how far it goes is seen at its edge."""

import pytest
from textual.app import App

from uptime_tui.ui.widgets.lines import Lines


class OneWidget(App):
    def compose(self):
        yield Lines({})


def text(count):
    return tuple(((f"line {number}", "plain"),) for number in range(count))


def edges(lines):
    return "".join(lines.render_line(y).text[-1] for y in range(lines.size.height))


async def test_a_longer_text_lays_out_nothing(monkeypatch):
    app = OneWidget()
    async with app.run_test(size=(40, 20)) as pilot:
        lines = app.query_one(Lines)
        await pilot.pause()
        asked = []
        monkeypatch.setattr(type(app.screen), "_refresh_layout", lambda *_args, **_options: asked.append(1))
        for count in (3, 20, 30, 7, 50):
            lines.show(text(count))
            await pilot.pause()
        assert asked == []


async def test_only_lines_that_differ_are_drawn(monkeypatch):
    app = OneWidget()
    async with app.run_test(size=(40, 20)):
        lines = app.query_one(Lines)
        lines.show(text(12))
        drawn = []
        monkeypatch.setattr(lines, "refresh", lambda *regions: drawn.append([region.y for region in regions]))
        lines.show((*text(10), (("another", "plain"),)))
        lines.show((*text(10), (("another", "plain"),)))
        assert drawn == [[10, 11]]


async def test_a_smaller_window_scrolls_what_fitted_before():
    app = OneWidget()
    async with app.run_test(size=(40, 20)) as pilot:
        lines = app.query_one(Lines)
        lines.show(text(9))
        assert not lines.allow_vertical_scroll
        await pilot.resize_terminal(40, 5)
        assert lines.max_scroll_y == 4
        await pilot.press("G")
        assert lines.scroll_offset.y == 4
        await pilot.resize_terminal(40, 20)
        assert lines.scroll_offset.y == 0


@pytest.mark.parametrize(("count", "key", "wanted"), [
    (20, "g", "                    "),
    (40, "g", "┃┃┃┃┃┃┃┃┃┃          "),
    (40, "j", " ┃┃┃┃┃┃┃┃┃┃         "),
    (40, "G", "          ┃┃┃┃┃┃┃┃┃┃"),
    (4000, "G", "                   ┃"),
])  # fmt: skip
async def test_the_edge_tells_how_far_the_text_goes(count, key, wanted):
    app = OneWidget()
    async with app.run_test(size=(40, 20)) as pilot:
        lines = app.query_one(Lines)
        lines.focus()
        lines.show(text(count))
        await pilot.press(key)
        assert edges(lines) == wanted


async def test_a_shorter_text_is_seen_from_as_far_as_it_goes_and_another_from_its_top():
    app = OneWidget()
    async with app.run_test(size=(40, 20)):
        lines = app.query_one(Lines)
        lines.show(text(60))
        lines.scroll_to(y=30, animate=False, force=True, immediate=True)
        lines.show(text(45))
        assert lines.scroll_offset.y == 25
        lines.show(text(44), top=True)
        assert lines.scroll_offset.y == 0
