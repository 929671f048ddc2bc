"""What doctor finds where nothing can be written."""

import os
from types import SimpleNamespace

import pytest

from uptime_tui.cli.examination import configuration
from uptime_tui.config.paths import find_home


@pytest.mark.parametrize(("flag", "why"), [(os.ST_RDONLY, "read-only"), (0, "closed to this user")])
def test_a_home_in_which_no_engine_can_start_is_an_error(tmp_path, monkeypatch, flag, why):
    # root may write everything: the system's word stands in
    monkeypatch.setattr(os, "access", lambda place, _mode: str(place) != str(tmp_path))
    monkeypatch.setattr(
        os, "statvfs", lambda _place: SimpleNamespace(f_flag=flag, f_bavail=1, f_blocks=1, f_bfree=1, f_frsize=2**40)
    )
    found = [each for each in configuration(find_home(str(tmp_path), {})) if each.level == "error"]
    assert [each.text for each in found] == [
        f"{tmp_path}/{name} cannot be made: {tmp_path} is {why}" for name in ("state", "run")
    ]
