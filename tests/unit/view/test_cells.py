"""Text in cells: as wide as the screen draws it, cut and wrapped to fit."""

import unicodedata

import pytest
from rich.cells import cell_len

from uptime_tui.model.safetext import is_safe
from uptime_tui.view.cells import cell_width, cut, fit, wrap


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("한", 2), ("👍🏻", 2), ("ﾊﾝ", 2), ("…▸✓", 3)]
)
def test_widths(text, width):
    assert cell_width(text) == width


def test_every_character_is_as_wide_as_the_screen_counts_it():
    shown = [chr(code) for code in range(0x20, 0x110000) if unicodedata.category(chr(code))[0] not in "CZ"]
    assert [c for c in shown if is_safe(f"a{c}a") and cell_width(c) != cell_len(c)] == []


@pytest.mark.parametrize(
    ("text", "width", "left", "right"),
    [
        ("abc", 5, "abc  ", "  abc"),
        ("abc", 3, "abc", "abc"),
        ("abcdef", 4, "abc…", "abc…"),
        ("abc", 1, "…", "…"),
        ("abc", 0, "", ""),
        ("日本", 5, "日本 ", " 日本"),
        ("日本語", 5, "日本…", "日本…"),
        ("日本語", 4, "日… ", " 日…"),
        ("日本語", 0, "", ""),
    ],
)
def test_fit(text, width, left, right):
    assert (fit(text, width), fit(text, width, right=True)) == (left, right)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("日本", 3, "日…"), ("abc", 0, ""), ("abc", -2, "")],
)
def test_cut(text, width, shown):
    assert cut(text, width) == shown


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 100, ["one two three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("a bcdefgh i", 3, ["a", "bcd", "efg", "h i"]),
        ("日本語 の名前", 4, ["日本", "語", "の名", "前"]),
        ("日本", 1, ["日", "本"]),
        ("ab", 0, ["a", "b"]),
        ("https://a.example/v1/state", 20, ["https://a.example/", "v1/state"]),
        ("a/bcdefghij", 8, ["a/bcdefg", "hij"]),
    ],
)
def test_wrap(text, width, lines):
    assert wrap(text, width) == lines
