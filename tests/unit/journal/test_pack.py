"""Results as numbers and bytes: what goes in comes out, and history stays readable."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.journal.pack import (
    FAILURES,
    HOUR_MS,
    NUMBERS,
    Point,
    pack_records,
    result_row,
    row_point,
    tally,
    unpack_records,
)
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.units import MAX_MONITOR_ID, MonitorId

failures = st.sampled_from([None, *Failure])


def result(monitor, at_ms, failure, total_ms):
    return Result(MonitorId(monitor), at_ms, failure, None, "", Timings(total=total_ms))


@given(st.integers(1, MAX_MONITOR_ID), st.integers(0, 4_000_000_000_000), failures, st.floats(0, 3_600_000))
def test_a_row_keeps_time_monitor_failure_and_duration(monitor, at_ms, failure, total_ms):
    key, value = result_row(result(monitor, at_ms, failure, total_ms))
    assert key < 2**63
    assert key & MAX_MONITOR_ID == monitor
    assert row_point(key, value) == Point(at_ms, failure, int(total_ms * 1000))


@given(
    st.lists(st.tuples(st.integers(0, HOUR_MS - 1), failures, st.integers(0, 2**32 - 1)), max_size=50),
    st.integers(0, 2**24 - 1),
)
def test_a_block_keeps_its_points(points, hour):
    rows = [
        ((hour * HOUR_MS + offset) << 20 | 7, us << 8 | (0 if failure is None else NUMBERS[failure]))
        for offset, failure, us in points
    ]
    expected = [Point(hour * HOUR_MS + offset, failure, us) for offset, failure, us in points]
    data = pack_records(rows)
    assert list(unpack_records(data, hour)) == expected
    assert list(unpack_records(data[:-1], hour)) == expected[:-1]
    assert len(data) == 9 * len(points)


def test_the_numbers_of_failures_never_change():
    """A journal written today is read by every later version: codes are only added at the end."""
    assert FAILURES[:8] == (
        None, Failure.DNS_NXDOMAIN, Failure.DNS_NO_ADDRESS, Failure.DNS_SERVFAIL, Failure.DNS_BOGUS, Failure.DNS_TIMEOUT,
        Failure.DNS_REFUSED, Failure.DNS_INCONSISTENT,
    )  # fmt: skip
    assert NUMBERS[Failure.REFUSED] == 8
    assert NUMBERS[Failure.VANTAGE_POLICY] == 45


def test_a_failure_of_a_newer_version_counts_as_one():
    assert row_point(1 << 20 | 1, 5 << 8 | 100).failure is not None
    assert tally([(0, 100)]).down == 1


def test_a_tally_tells_theirs_from_ours():
    rows = [
        result_row(result(1, 1, failure, 2.0))
        for failure in (None, None, Failure.BUSY, Failure.REFUSED, Failure.NO_DESCRIPTORS)
    ]
    assert tally(rows) == (2, 1, 1, 1, 4000, 2000)


def test_a_point_remembers_that_our_own_side_was_at_fault():
    silent = msgspec.structs.replace(result(1, HOUR_MS, Failure.DNS_TIMEOUT, 2.0), severity=Status.UNKNOWN)
    row = result_row(silent)
    expected = Point(HOUR_MS, Failure.DNS_TIMEOUT, 2000, ours=True)
    assert row_point(*row) == expected
    assert expected.status is Status.UNKNOWN
    assert list(unpack_records(pack_records([row]), 1)) == [expected]
    assert tally([row]) == (0, 0, 0, 1, 0, 0)
