"""The wheel of deadlines: who is told when, and how seldom the loop is woken for it."""

import pytest

from uptime_tui.dial.deadlines import TICK_S, Deadlines


class Clock:
    """A loop's clock and its timers, moved by hand."""

    def __init__(self):
        self.now_s, self.timers, self.woken = 100.0, [], 0

    def time(self):
        return self.now_s

    def call_at(self, when_s, call):
        timer = Timer(when_s, call)
        self.timers.append(timer)
        return timer

    def run(self, until_s):
        """Let the time pass, and call who is due."""
        while due := [timer for timer in self.timers if not timer.cancelled and timer.when_s <= until_s]:
            timer = min(due, key=lambda each: each.when_s)
            self.timers.remove(timer)
            self.now_s = max(self.now_s, timer.when_s)
            self.woken += 1
            timer.call()
        self.now_s = until_s


class Timer:
    def __init__(self, when_s, call):
        self.when_s, self.call, self.cancelled = when_s, call, False

    def cancel(self):
        self.cancelled = True


class Waiter:
    def __init__(self):
        self.told_s = None

    def on_time(self, now_s):
        self.told_s = now_s

    def break_off(self, error):
        raise error


def test_who_waits_is_told_within_a_tick():
    clock = Clock()
    deadlines, waiter = Deadlines(clock), Waiter()
    deadlines.put(101.0, waiter)
    clock.run(105.0)
    assert waiter.told_s == pytest.approx(101.0, abs=2 * TICK_S)


def test_nobody_is_woken_for_those_who_left():
    """A probe that ends in time leaves its deadline, seconds ahead; a thousand of them are one wake-up or two."""
    clock = Clock()
    deadlines, last = Deadlines(clock), Waiter()
    for number in range(1000):
        waiter = Waiter()
        deadlines.put(101.0 + number * TICK_S, waiter).pop(waiter)
    deadlines.put(120.0, last)
    clock.run(121.0)
    assert clock.woken == 2
    assert last.told_s == pytest.approx(120.0, abs=2 * TICK_S)


def test_a_tick_that_was_given_up_can_be_waited_for_again():
    clock = Clock()
    deadlines, gone, late = Deadlines(clock), Waiter(), Waiter()
    deadlines.put(101.0, gone).pop(gone)
    deadlines.put(102.0, gone).pop(gone)
    clock.run(101.5)
    deadlines.put(102.0, late)
    clock.run(103.0)
    assert (gone.told_s, late.told_s) == (None, pytest.approx(102.0, abs=2 * TICK_S))
