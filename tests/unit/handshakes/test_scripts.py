import pytest

from support.bytescript import all_scripts, divisions, play
from uptime_tui.model.safetext import is_safe


@pytest.mark.parametrize("script", all_scripts(), ids=lambda script: f"{script.service}/{script.name}")
def test_script_under_every_division(script):
    for division in divisions(script):
        outcome = play(script, division)
        where = f"delivered as {division}"
        assert (outcome.failure or "") == script.failure, f"{where}: {outcome}"
        assert script.detail in outcome.detail, where
        assert outcome.detail
        assert is_safe(outcome.detail)
        assert is_safe(outcome.banner)
        if script.banner is not None:
            assert outcome.banner == script.banner, where
        if script.rest is not None:
            assert (0.0 if outcome.rest is None else outcome.rest.seconds) == script.rest, where
