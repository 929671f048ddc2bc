"""The size of the window, as the driver tells it."""

from types import SimpleNamespace

from uptime_tui.ui.driver import Terminal


def test_a_size_that_is_told_has_everything_drawn_again(monkeypatch):
    """A window that was small for a moment has lost what Textual, which compares layouts, believes to be there."""
    told = []
    driver = Terminal.__new__(Terminal)
    driver._app = SimpleNamespace(post_message=told.append)
    driver.dropped = False
    monkeypatch.setattr(driver, "_get_terminal_size", lambda: (80, 24))
    driver._tell_size()
    assert [tuple(event.size) for event in told] == [(80, 24)]
    assert driver.dropped
