"""Every action is declared once, whole, and its keys are free."""

from collections import Counter

import pytest

from uptime_tui.ui.actions import bindings, gather, shown


def test_every_action_has_words_and_keys():
    found = gather()
    assert {"help", "detail", "monitor_form", "monitor_table"} <= found.keys()
    for actions in found.values():
        for action in actions:
            assert action.id
            assert action.keys
            assert action.label
            assert action.help.endswith(".")


def test_no_key_of_the_dashboard_means_two_things():
    from uptime_tui.ui.screens.dashboard import ACTIONS
    from uptime_tui.ui.widgets.monitor_table import ACTIONS as TABLE

    keys = Counter(key for action in (*ACTIONS, *TABLE) for key in action.keys)
    assert [key for key, number in keys.items() if number > 1] == []


def test_every_action_has_its_method():
    from uptime_tui.ui.screens.dashboard import Dashboard
    from uptime_tui.ui.screens.detail import Detail
    from uptime_tui.ui.screens.help import Help
    from uptime_tui.ui.screens.lint import Lint
    from uptime_tui.ui.screens.monitor_form import MonitorForm
    from uptime_tui.ui.screens.palette import Palette
    from uptime_tui.ui.widgets.monitor_table import MonitorTable

    for owner in (Dashboard, Detail, Help, Lint, MonitorForm, MonitorTable, Palette):
        for action in owner.ACTIONS:
            assert callable(getattr(owner, f"action_{action.id}")), f"{owner.__name__}.{action.id}"


def test_an_action_has_one_binding_for_each_key():
    from uptime_tui.ui.screens.dashboard import ACTIONS

    assert len(bindings(ACTIONS)) == sum(len(action.keys) for action in ACTIONS)


@pytest.mark.parametrize(
    ("key", "text"), [("question_mark", "?"), ("minus", "-"), ("full_stop", "."), ("ctrl+l", "ctrl+l"), ("A", "A")]
)
def test_keys_are_shown_as_people_write_them(key, text):
    assert shown(key) == text
