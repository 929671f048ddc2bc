"""A slow machine puts nothing that the user does out of order, and a widget that has gone holds none up."""

from types import SimpleNamespace

import pytest
from textual.events import AppBlur, Key, MouseDown

from uptime_tui.ui.turns import Turns


class App:
    """Timers that are due when the test says so."""

    def __init__(self):
        self.focused = SimpleNamespace(is_running=True, is_attached=True, post_message=lambda _: None)
        self.screen = SimpleNamespace(focused=self.focused)
        self.timers = []

    def set_timer(self, _delay_s, callback):
        timer = SimpleNamespace(callback=callback, stop=lambda: None)
        self.timers.append(timer)
        return timer

    async def fire(self):
        await self.timers.pop(0).callback()


@pytest.fixture
def typed(monkeypatch):
    monkeypatch.setattr("uptime_tui.ui.turns.Settled.set_sender", lambda message, _sender: message)
    app, done = App(), []

    async def deliver(event):
        done.append(getattr(event, "key", type(event)))

    turns = Turns(app, deliver)
    return SimpleNamespace(app=app, done=done, turns=turns, press=lambda key: turns.take(Key(key, key)))


async def test_a_key_waits_for_a_widget_that_is_only_slow(typed):
    await typed.press("a")
    await typed.press("b")
    for _ in range(5):
        await typed.app.fire()
    assert typed.done == ["a"]
    typed.app.focused.is_attached = False
    await typed.app.fire()
    assert typed.done == ["a", "b"]


async def test_it_does_not_wait_for_ever(typed):
    await typed.press("a")
    await typed.press("b")
    for _ in range(50):
        if typed.app.timers and typed.done == ["a"]:
            await typed.app.fire()
    assert typed.done == ["a", "b"]


async def test_a_click_and_a_look_away_wait_for_the_key_before_and_hold_up_none(typed):
    await typed.turns.take(MouseDown(None, 99, 99, 0, 0, 1, False, False, False))
    await typed.press("enter")
    await typed.turns.take(MouseDown(None, 99, 99, 0, 0, 1, False, False, False))
    await typed.turns.take(AppBlur())
    await typed.press("a")
    assert typed.done == [MouseDown, "enter"]
    await typed.turns._release(1)
    assert typed.done == [MouseDown, "enter", MouseDown, AppBlur, "a"]
