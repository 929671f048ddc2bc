"""What waits for the disk: bounded, newest form only, in order."""

from uptime_tui.journal import waiting
from uptime_tui.journal.waiting import Waiting


def test_of_a_record_only_its_newest_form_waits():
    queue = Waiting()
    for n in range(100):
        queue.put("state", 1, "S", n)
    queue.put("event", None, "E", 1)
    queue.put("event", None, "E", 1)
    _, statements = queue.take()
    assert list(statements.values()) == [("S", (99,)), ("E", (1,)), ("E", (1,))]
    assert not queue


def test_what_comes_back_stands_before_what_came_meanwhile_and_is_not_newer():
    queue = Waiting()
    queue.add_result((1, 1))
    queue.put("state", 1, "S", "old")
    queue.put("event", None, "E", "first")
    taken = queue.take()
    queue.add_result((2, 2))
    queue.put("event", None, "E", "second")
    queue.put("state", 1, "S", "new")
    queue.give_back(*taken)
    results, statements = queue.take()
    assert results == [(1, 1), (2, 2)]
    assert list(statements.values()) == [("S", ("new",)), ("E", ("first",)), ("E", ("second",))]


def test_whatever_is_never_taken_stays_within_its_bounds(monkeypatch):
    monkeypatch.setattr(waiting, "KEPT_ROWS", 2000)
    monkeypatch.setattr(waiting, "KEPT_HISTORY", 50)
    queue = Waiting()
    queue.put("monitor", None, "M", "a name must not be lost")
    for n in range(10_000):
        queue.add_result((n, n))
        queue.put("event", None, "E", n)
        queue.put("newest", n % 10, "N", n)
    assert len(queue) <= 2000
    queue.give_back([(-1, -1)] * 10, {})
    results, statements = queue.take()
    assert len(results) <= 2000
    assert results[-1] == (9999, 9999)
    events = [values[0] for kind, values in statements.values() if kind == "E"]
    assert len(events) == 50
    assert events[-1] == 9999
    assert ("M", ("a name must not be lost",)) in statements.values()
    assert queue.dropped >= 8000
