"""The monitors of one mail host as one sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fleets import monitor, row
from uptime_tui.model.failure import Status
from uptime_tui.view.mailstack import mail_stacks, stack_of

HOST = "mx1.example.net"


def fleet(*parts):
    """Monitors and rows of (service, status[, failure[, host[, address]]])."""
    monitors, rows = [], {}
    for number, (service, status, *more) in enumerate(parts, start=1):
        failure, host, address = (*more, None, None, None)[:3]
        monitors.append(monitor(number, target=(service, host or HOST, 25), category="email"))
        rows[number] = row(number, status, failure=failure, address=address)
    return monitors, rows


def sentence(*parts):
    (stack,) = mail_stacks(*fleet(*parts))
    return stack.sentence.removeprefix(f"mail on {HOST}: "), stack.status


@pytest.mark.parametrize(
    ("parts", "said", "status"),
    [
        ([("smtp", "up"), ("submission", "up"), ("imaps", "up")], "all of it works", Status.UP),
        (
            [("smtp", "down", "refused"), ("imap", "down", "refused")],
            "all of it down (connection refused)", Status.DOWN,
        ),
        (
            [("smtp", "up"), ("submission", "down", "refused"), ("imap", "up"), ("pop3s", "down", "timeout")],
            "delivery works, submission down (connection refused), mailboxes by IMAP reachable, by POP down (timeout)",
            Status.DEGRADED,
        ),
        (
            [("imap", "up"), ("imaps", "down", "tls_expired")],
            "mailboxes by IMAP impaired (certificate expired)", Status.DEGRADED,
        ),
        ([("smtp", "degraded", "busy"), ("imap", "up")], "delivery impaired (busy), mailboxes by IMAP reachable", Status.DEGRADED),
        ([("smtp", "up"), ("pop3", "paused")], "delivery works, mailboxes by POP not known", Status.UP),
        ([("smtp", "down", "timeout"), ("imap", "down", "refused")], "delivery down (timeout), mailboxes by IMAP down (connection refused)", Status.DOWN),
    ],
)  # fmt: skip
def test_which_part_is_affected(parts, said, status):
    assert sentence(*parts) == (said, status)


@pytest.mark.parametrize(
    "parts",
    [
        [("smtp", "up")],
        [("smtp", "up"), ("imap", "up", None, "other.example.net")],
        [("smtp", "pending"), ("imap", "paused")],
    ],
)
def test_nothing_is_said_of_one_monitor_or_where_nothing_is_known(parts):
    assert mail_stacks(*fleet(*parts)) == ()


def test_other_categories_and_services_are_not_mail():
    monitors = [
        monitor(1, target=("smtp", HOST, 25), category="email"),
        monitor(2, target=("imap", HOST, 143), category="own"),
        monitor(3, target=("https", HOST, 443), category="email"),
    ]
    assert mail_stacks(monitors, {n: row(n) for n in (1, 2, 3)}) == ()


def test_names_at_one_address_are_one_host_and_delivery_names_it():
    parts = [
        ("imap", "up", None, "imap.example.net", "192.0.2.1"),
        ("pop3", "up", None, "imap.example.net", "192.0.2.2"),
        ("smtp", "up", None, "mx.example.net", "192.0.2.2"),
        ("smtp", "up", None, "elsewhere.example.net", "192.0.2.9"),
    ]
    (stack,) = mail_stacks(*fleet(*parts))
    assert (stack.members, stack.sentence) == ((1, 2, 3), "mail on mx.example.net: all of it works")


def test_two_hosts_that_a_third_monitor_shows_to_be_one():
    parts = [
        ("smtp", "up", None, "a.example.net", "192.0.2.1"),
        ("imap", "up", None, "b.example.net", "192.0.2.2"),
        ("pop3", "up", None, "b.example.net", "192.0.2.1"),
    ]
    monitors, rows = fleet(*parts)
    assert [sorted(stack.members) for stack in mail_stacks(monitors, rows)] == [[1, 2, 3]]
    assert stack_of(3, monitors, rows) == mail_stacks(monitors, rows)[0]
    assert stack_of(9, monitors, rows) is None


PART = st.tuples(
    st.sampled_from(["smtp", "submission", "smtps", "imap", "imaps", "pop3", "pop3s", "tcp"]),
    st.sampled_from(["up", "down", "degraded", "unknown", "paused", "pending"]),
    st.none(),
    st.sampled_from(["a.test", "b.test", "c.test"]),
    st.sampled_from([None, "192.0.2.1", "192.0.2.2", "192.0.2.3"]),
)


@given(st.lists(PART, max_size=12))
def test_no_monitor_is_in_two_hosts_and_one_host_in_no_two(parts):
    monitors, rows = fleet(*parts)
    stacks = mail_stacks(monitors, rows)
    members = [number for stack in stacks for number in stack.members]
    assert len(members) == len({*members})
    by_host = {}
    for stack in stacks:
        assert len(stack.members) > 1
        for number in stack.members:
            assert by_host.setdefault(monitors[number - 1].target.host, stack) is stack
