"""Retry-After: seconds, dates counted from the server's own, nonsense, huge values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.model.retry import YEAR_S, asked_rest
from uptime_tui.model.safetext import is_safe

NOW = b"Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        (b"120", b"", 120.0),  # RFC 9110 section 10.2.3
        (b" 5 ", NOW, 5.0),
        (b"Wed, 21 Oct 2015 07:29:30 GMT", NOW, 90.0),
        (b"Wednesday, 21-Oct-15 07:29:30 GMT", NOW, 90.0),
        (b"Wed Oct 21 07:29:30 2015", NOW, 90.0),
        (b"Fri, 31 Dec 9999 23:59:59 GMT", NOW, YEAR_S),
        (b"9" * 20, b"", YEAR_S),
    ],
)
def test_what_is_asked_for(retry_after, date, seconds):
    rest = asked_rest(retry_after, date)
    assert (rest.seconds, rest.asked) == (seconds, True)
    assert rest.why.startswith("the server asks for it (Retry-After ")


@pytest.mark.parametrize(
    ("retry_after", "date"),
    [
        (b"", NOW),
        (b"0", NOW),
        (b"-5", NOW),
        (b"1.5", NOW),
        (b"9" * 21, NOW),
        (b"120, 60", NOW),
        (b"soon", NOW),
        (b"Wed, 21 Oct 2015 07:29:30 GMT", b""),  # nobody knows how late it is there
        (b"Wed, 21 Oct 2015 07:27:30 GMT", NOW),
        (b"\xd9\xa1\xd9\xa2", NOW),
    ],
)
def test_what_asks_for_nothing(retry_after, date):
    assert asked_rest(retry_after, date) is None


@given(st.binary(max_size=80), st.one_of(st.just(NOW), st.binary(max_size=80)))
def test_any_value_is_borne(retry_after, date):
    rest = asked_rest(retry_after, date)
    assert rest is None or (0 < rest.seconds <= YEAR_S and is_safe(rest.why))
