"""What a client knows: the fold of the engine's messages."""

from support.fleets import fleet, monitor, row
from uptime_tui.view.snapshot import Dirty, Snapshot
from uptime_tui.wire.messages import Changes, Focus, Goodbye, Notice, Vitals


def entry(number, status="up", **changes):
    name = changes.pop("name", "")
    return monitor(number, name, **changes), row(number, status)


def full():
    snapshot = Snapshot()
    snapshot.apply(fleet(entry(1, name="beta"), entry(2, name="Alpha"), entry(3, name="gamma", category="email")))
    return snapshot


def test_a_fleet_replaces_everything():
    snapshot = full()
    assert snapshot.complete
    assert [entry.monitor.name for entry in snapshot.by_category["web"]] == ["Alpha", "beta"]
    snapshot.focus = Focus(2, None, None, None)
    dirty = snapshot.apply(fleet(entry(3, name="gamma"), vitals=Vitals(pid=7), undo="delete beta", redo="add x"))
    assert dirty == Dirty(everything=True)
    assert set(snapshot.monitors) == set(snapshot.rows) == {3}
    assert (snapshot.focus, snapshot.vitals.pid, snapshot.undo, snapshot.redo) == (None, 7, "delete beta", "add x")


def test_a_focus_of_a_monitor_that_stays_is_kept():
    snapshot = full()
    snapshot.focus = Focus(2, None, None, None)
    snapshot.apply(fleet(entry(2)))
    assert snapshot.focus is not None


def test_a_monitor_without_its_row_waits_for_it():
    snapshot = Snapshot()
    state = fleet(entry(1), entry(2))
    snapshot.apply(type(state)(state.monitors, state.rows[:1], (), Vitals()))
    assert [entry.monitor.id for entry in snapshot.by_category["web"]] == [1]


def test_changes_say_what_is_dirty():
    snapshot = full()
    assert snapshot.apply(Changes(rows=(row(1, latency_ms=99.0), row(77)))) == Dirty(rows=frozenset({1}))
    assert snapshot.rows[1].latency_ms == 99.0
    assert 77 not in snapshot.rows
    assert snapshot.apply(Changes(rows=(row(1, "down"), row(2)))).order
    assert snapshot.apply(Changes(rows=(row(2, suspected="timeout"),))).order
    assert not snapshot.apply(Changes(rows=(row(2, suspected="refused"),))).order
    assert snapshot.apply(Changes()) == Dirty()


def test_an_entry_follows_its_row():
    snapshot = full()
    snapshot.apply(Changes(rows=(row(1, "down"),)))
    assert {entry.monitor.id: entry.status for entry in snapshot.by_category["web"]} == {1: "down", 2: "up"}
    assert all(entry.row is snapshot.rows[entry.monitor.id] for entry in snapshot.by_category["web"])


def test_the_other_parts():
    snapshot = full()
    notice = Notice("a", "disk full")
    focus = Focus(1, None, None, None)
    dirty = snapshot.apply(Changes(focus=focus, notices=(notice,), vitals=Vitals(offline=True)))
    assert dirty == Dirty(focus=True, notices=True, vitals=True)
    assert (snapshot.focus, snapshot.notices, snapshot.vitals.offline) == (focus, (notice,), True)
    assert snapshot.apply(Goodbye("restarting")) == Dirty()


def test_two_changes_are_joined():
    one = Dirty(rows=frozenset({1}), order=True)
    assert one.joined(Dirty(rows=frozenset({2}), focus=True)) == Dirty(rows=frozenset({1, 2}), order=True, focus=True)
    assert Dirty(vitals=True).joined(one) == one._replace(vitals=True)
    assert Dirty(everything=True).joined(Dirty(notices=True)) == Dirty(everything=True, notices=True)
