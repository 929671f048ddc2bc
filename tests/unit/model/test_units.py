"""The grammar of durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.model.units import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1.5", 1.5), ("500ms", 0.5), ("5s", 5), ("1m30s", 90), (" 2H ", 7200), ("1d", 86400), ("1.5h", 5400), ("1h30m", 5400), ("366d", 366 * 86400)],
)  # fmt: skip
def test_good_durations(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", " ", "s", "5x", "-5s", "5 s", "0", "0s", "1h-", "h1", "367d", "1e3", "nan", "∞"])
def test_bad_durations_are_told(text):
    with pytest.raises(ValueError, match=r"^(not a duration|a duration must be longer than zero)"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(90, "1m30s"), (0.5, "500ms"), (86400, "1d"), (3600.25, "1h250ms"), (0, "0s")]
)
def test_durations_are_written_short(seconds, text):
    assert format_duration(seconds) == text


@given(st.integers(1, 366 * 86_400_000))
def test_a_duration_survives_being_written_and_read(milliseconds):
    assert parse_duration(format_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)
