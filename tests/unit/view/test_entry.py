"""What the view sorts and filters: a monitor with its newest row."""

from support.fleets import NOW_MS, monitor, row
from uptime_tui.view.entry import Entry, MonitorLine

MINUTE = 60_000


def test_it_answers_a_filter_with_the_newest_row():
    watched = monitor(1, "Shop", purpose="sells", tags=("Prod",))
    entry = Entry(watched, row(1, "down", failure="refused", cert_not_after=5))
    assert entry.text == "shop\ntcp://host1.example.net:9000\nsells\nprod"
    assert (entry.host, entry.service, entry.category, entry.tags) == ("host1.example.net", "tcp", "web", ("Prod",))
    assert (entry.status, entry.failure, entry.suspected, entry.cert_not_after) == ("down", "refused", False, 5)
    assert entry.line == MonitorLine(1, "web")
    entry.take(row(1, suspected="timeout", latency_ms=7.0, since_ms=3))
    assert (entry.status, entry.failure, entry.suspected, entry.cert_not_after) == ("up", "timeout", True, None)
    assert (entry.latency_ms, entry.since_ms, entry.is_problem) == (7.0, 3, False)
    assert Entry(monitor(2, target=("smtp", "2001:db8::1", 25)), row(2)).text.endswith("smtp://[2001:db8::1]:25\n")


def test_the_worst_is_first_then_the_longest():
    states = [
        row(status="down", since_ms=NOW_MS - MINUTE),
        row(status="down", since_ms=NOW_MS),
        row(status="degraded", since_ms=0),
        row(status="degraded", since_ms=NOW_MS, suspected="timeout"),
        row(status="paused", suspected="timeout"),
        row(status="unknown"),
        row(status="pending"),
        row(status="up"),
        row(status="paused"),
    ]
    keys = [Entry(monitor(), state).by_state for state in states]
    assert keys == sorted(set(keys))
    assert Entry(monitor(), row(since_ms=1)).by_state == Entry(monitor(), row(since_ms=2)).by_state
