"""What holds of safe text whatever the bytes are."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from uptime_tui.model.safetext import is_safe, safe_text
from uptime_tui.view.cells import cell_width, cut, fit, wrap

HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=300),
    st.lists(st.sampled_from(["\x1b[", "]", "\u202e", "\u200d", "日本", "e\u0301", "👍🏻", " ", "\t", "\n", "[/]", "\ufe0f", "\x9b"]), max_size=40).map("".join),
)  # fmt: skip
TEXTS = HOSTILE.map(lambda data: safe_text(data, 250))


@given(HOSTILE, st.integers(0, 260))
@settings(max_examples=1000)
def test_safe_text_is_one_bounded_harmless_line(data, limit):
    text = safe_text(data, limit)
    assert len(text) <= limit
    assert len(text.splitlines()) <= 1
    assert text == text.strip(" ")
    assert "  " not in text
    for character in text:
        assert character == " " or unicodedata.category(character)[0] not in "CZ"


@given(HOSTILE)
@settings(max_examples=500)
def test_safe_text_is_safe_already(data):
    text = safe_text(data, 100_000)
    assert safe_text(text, 100_000) == text
    assert is_safe(text)
    text.encode()


@given(TEXTS)
@settings(max_examples=500)
def test_a_screen_counts_the_same_cells(text):
    assert cell_width(text) == cell_len(text)


@given(TEXTS, st.integers(0, 60), st.booleans())
@settings(max_examples=500)
def test_text_fits_exactly(text, width, right):
    assert cell_width(fit(text, width, right=right)) == width
    assert cell_width(cut(text, width)) <= width


@given(TEXTS, st.integers(2, 60))
@settings(max_examples=500)
def test_wrapped_text_loses_nothing(text, width):
    lines = wrap(text, width)
    assert lines
    assert all(cell_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
