"""When a monitor is due: spread at the start, jittered later, never bunched."""

import statistics

from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.model.schedule import first_due_s, next_due_s


def test_the_start_is_spread_evenly_and_stable():
    dues = [first_due_s(f"monitor {n}", 60.0) for n in range(3000)]
    assert dues == [first_due_s(f"monitor {n}", 60.0) for n in range(3000)]
    assert all(0 <= due < 30 for due in dues)
    assert abs(statistics.mean(dues) - 15) < 1
    for second in range(0, 30, 5):
        assert 350 < sum(second <= due < second + 5 for due in dues) < 650


def test_a_short_interval_bounds_the_first_wait():
    assert all(first_due_s(f"{n}", 5.0) < 5.0 for n in range(100))


def test_chance_moves_a_start_by_five_percent_at_most():
    assert next_due_s(100.0, 100.5, 60.0, 0.0) == 157.0
    assert next_due_s(100.0, 100.5, 60.0, 0.5) == 160.0
    assert round(next_due_s(100.0, 100.5, 60.0, 0.999999), 3) == 163.0


def test_late_starts_are_skipped():
    assert next_due_s(100.0, 400.0, 60.0, 0.5) == 460.0
    assert next_due_s(100.0, 160.0, 60.0, 0.5) == 220.0


@given(st.floats(0, 1e7), st.floats(0, 1e6), st.floats(1.0, 86400.0), st.floats(0, 1, exclude_max=True))
def test_the_next_start_is_ahead_and_not_far(previous, late, interval, chance):
    now = previous + late
    due = next_due_s(previous, now, interval, chance)
    assert due > now
    assert due <= now + interval * 1.05 + 1e-6
