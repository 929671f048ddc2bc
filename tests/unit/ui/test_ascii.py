"""ASCII: who wants it, and what is sent then."""

import pytest

from uptime_tui.ui.ascii import Ascii, wants_ascii
from uptime_tui.view.cells import cell_width


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),  # Python's own, where no locale is named
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),  # Python's own beside a choice
        ({"LANG": "C"}, True),
        ({"LANG": "POSIX"}, True),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, True),
        ({"LC_ALL": "", "LC_CTYPE": "C", "LANG": "de_DE.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, False),
    ],
)
def test_the_locale_decides(env, expected, monkeypatch):
    monkeypatch.setattr("locale.getencoding", lambda: "utf-8")
    assert wants_ascii(env, wanted=None) is expected


def test_another_encoding_gets_ascii(monkeypatch):
    monkeypatch.setattr("locale.getencoding", lambda: "ISO-8859-15")
    assert wants_ascii({"LANG": "de_DE@euro"}, wanted=None)


def test_the_settings_win():
    assert wants_ascii({"LANG": "C.UTF-8"}, wanted=True)
    assert not wants_ascii({"LANG": "C"}, wanted=False)


@pytest.mark.parametrize("text", ["plain", "“a”… – ✓✗▸▾", "日本語", "▇▁█", "e\u0301", "\x1b[1;1H×"])
def test_every_character_keeps_its_cells(text):
    sent = text.translate(Ascii())
    assert sent.isascii()
    assert cell_width(sent) == cell_width(text)
