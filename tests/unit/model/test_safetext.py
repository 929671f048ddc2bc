"""Bytes to harmless text: visible, bounded, one line."""

import pytest

from uptime_tui.model.safetext import is_safe, masked, safe_text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"220 mx1 ESMTP\r\n", "220 mx1 ESMTP"),
        ("", ""),
        (b"", ""),
        (b"  a \t\t b\r\n\r\nc  ", "a b c"),
        (b"\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        (b"\x1b]0;title\x07", r"\x1b]0;title\x07"),
        (b"a\x00b\x7f", r"a\x00b\x7f"),
        (b"\xff\xfe", r"\xff\xfe"),
        ("caf\u00e9 \u65e5\u672c".encode(), "caf\u00e9 \u65e5\u672c"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202edef", r"abc\u202edef"),
        ("a\u200bb\u200db\ufeff", r"a\u200bb\u200db\ufeff"),
        ("\ue000\U000f0000", r"\ue000\U000f0000"),
        ("\u0378", r"\u0378"),
        ("a\u00a0b", r"a\xa0b"),
        ("\u3164\u2800\u115f", r"\u3164\u2800\u115f"),
        ("\u2764\ufe0f", "\u2764\\ufe0f"),
        ("e\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\\u0301"),
        ("line\u2028next\u0085end", "line next end"),
        ("[/] [@click=app.quit]x[/]", "[/] [@click=app.quit]x[/]"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_comes_out(data, text):
    assert safe_text(data) == text


def test_it_is_bounded():
    assert safe_text("x" * 200) == "x" * 200
    assert safe_text("x" * 201) == "x" * 199 + "…"
    assert safe_text("abc def", 5) == "abc…"
    assert safe_text("abcdef", 1) == "…"
    assert safe_text("abcdef", 0) == ""
    assert len(safe_text(b"\xff" * 1_000_000, 80)) == 80
    assert len(safe_text("\x1b" * 1_000_000, 80)) == 80
    assert safe_text(b" " * 1_000_000 + b"end", 80) == "…"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("mx1", True),
        ("日本", True),
        ("a  b", False),
        (" a", False),
        ("a\x1b", False),
        ("a\nb", False),
        ("", True),
        ("x" * 999, True),
    ],
)
def test_is_safe(text, safe):
    assert is_safe(text) is safe


def test_a_mask_stands_for_what_acts_and_each_character_keeps_its_place():
    text = "a\x1b[1m\x9b \u202e日e" + "\u0301" * 5 + "\t\n\ud800[b]"
    assert masked(text) == "a�[1m� �日e\u0301\u0301\u0301�����[b]"
    assert len(masked(text)) == len(text)
    assert masked("plain [b]") == "plain [b]"
    assert is_safe(masked(text).replace("�", ""))
