"""The trend: a byte a result on the wire, a character on the screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.view.trend import FAILED, OURS, encode, trend_text
from uptime_tui.view.words import ASCII, UNICODE


@pytest.mark.parametrize(
    ("ms", "byte"), [(0.0, 2), (0.05, 2), (0.5, 44), (5.0, 86), (50.0, 128), (50_000, 255), (1e9, 255)]
)
def test_latencies_are_logarithmic(ms, byte):
    assert encode(ms) == byte


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_slower_is_never_lower(one, other):
    assert 2 <= encode(one) <= 255
    assert (encode(one) <= encode(other)) or one > other


def trend(*ms):
    return bytes(encode(one) for one in ms)


def test_levels_span_the_range_that_is_shown():
    assert trend_text(trend(1, 10, 100, 1000, 10_000), 5, UNICODE) == "▁▂▄▆█"
    assert trend_text(trend(1, 10, 100, 1000, 10_000)[1:3], 2, UNICODE) == "▁█"


def test_noise_is_not_drawn_as_mountains():
    assert set(trend_text(trend(10, 11, 10.5, 11.5), 4, UNICODE)) <= {"▁", "▂"}


def test_failures_and_what_is_ours_have_their_own_sign():
    data = bytes([FAILED, OURS]) + trend(10)
    assert trend_text(data, 5, UNICODE) == "  ×?▁"
    assert trend_text(data, 5, ASCII) == "  X?_"
    assert trend_text(bytes([FAILED] * 3), 3, UNICODE) == "×××"


@pytest.mark.parametrize(("width", "text"), [(0, ""), (-1, ""), (2, "▁×"), (4, "  ▁×")])
def test_the_newest_stand_right(width, text):
    data = trend(10) + bytes([FAILED])
    assert trend_text(data, width, UNICODE) == text


@given(st.binary(max_size=60), st.integers(0, 70))
def test_any_bytes_fit(data, width):
    assert len(trend_text(data, width, UNICODE)) == width
