import os
import re
import stat
import sys

import pytest
from platformdirs import PlatformDirs

from uptime_tui.config.paths import find_home, make_folders
from uptime_tui.model.errors import UserError


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_one_folder_holds_everything(tmp_path):
    home = find_home(str(tmp_path), {"UPTIME_TUI_HOME": "/elsewhere"})
    assert home.monitors_file == tmp_path / "monitors.toml"
    assert home.journal_file.parent == home.undo_file.parent == tmp_path / "state"
    assert home.services_folder == tmp_path / "services.d"
    assert find_home(None, {"UPTIME_TUI_HOME": "/elsewhere"}).config_file.as_posix() == "/elsewhere/config.toml"


def test_the_platforms_folders(tmp_path):
    folders = {"XDG_CONFIG_HOME": str(tmp_path / "c"), "XDG_STATE_HOME": str(tmp_path / "s")}
    home = find_home(None, {"UPTIME_TUI_HOME": "", "XDG_RUNTIME_DIR": str(tmp_path), **folders})
    assert home.runtime == tmp_path / "uptime-tui"
    none = find_home(None, {"XDG_RUNTIME_DIR": str(tmp_path / "none")})
    assert none.runtime.as_posix().startswith(f"/tmp/uptime-tui-{os.getuid()}-")
    assert home.config == tmp_path / "c" / "uptime-tui"
    assert home.state == tmp_path / "s" / "uptime-tui"


@pytest.mark.parametrize("folders", [
    {}, {"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}, {"XDG_CONFIG_HOME": "", "XDG_STATE_HOME": " "},
])  # fmt: skip
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they are platformdirs' own")
def test_the_folders_are_those_of_platformdirs(folders, monkeypatch, tmp_path):
    env = {"HOME": str(tmp_path), **folders}
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    dirs = PlatformDirs("uptime-tui", appauthor=False)
    home = find_home(None, env)
    assert (home.config, home.state) == (dirs.user_config_path, dirs.user_state_path)


def test_a_relative_home_becomes_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert find_home("here", {}).config == tmp_path / "here"


def test_folders_are_closed_to_others_and_an_existing_home_keeps_its_mode(tmp_path):
    home = find_home(str(tmp_path / "a" / "b"), {})
    make_folders(home)
    assert {mode(p) for p in (home.config.parent, home.config, home.state, home.runtime)} == {0o700}
    home.config.chmod(0o755)
    home.state.chmod(0o777)
    make_folders(home)
    assert (mode(home.config), mode(home.state)) == (0o755, 0o700)


def test_a_long_home_gets_a_short_socket_of_its_own(tmp_path):
    one, two = (find_home(str(tmp_path / (c * 120)), {"XDG_RUNTIME_DIR": "/tmp"}) for c in "ab")
    assert len(os.fsencode(one.socket_file)) <= 100
    assert one.runtime != two.runtime
    assert one.runtime.as_posix().startswith("/tmp/uptime-tui-")
    assert find_home(str(one.config), {}).runtime.as_posix().startswith(f"/tmp/uptime-tui-{os.getuid()}-")


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(UserError, match="state: is no folder"):
        make_folders(find_home(str(tmp_path), {}))


@pytest.mark.parametrize("below", ["", "/sub/home"])
def test_a_home_that_is_a_file_is_named(tmp_path, below):
    place = tmp_path / "uptime-tui"
    place.write_text("")
    said = f"^{re.escape(str(place))}: is no folder"
    for chosen, env in ((f"{place}{below}", {}), (None, {"UPTIME_TUI_HOME": f"{place}{below}"})):
        with pytest.raises(UserError, match=said):
            find_home(chosen, env)
    with pytest.raises(UserError, match=said):
        find_home(None, {"XDG_CONFIG_HOME": str(tmp_path)})


def test_a_runtime_folder_that_is_anothers_link_is_refused(tmp_path):
    home = find_home(str(tmp_path / ("c" * 120)), {})
    home.runtime.symlink_to(tmp_path)
    try:
        with pytest.raises(UserError, match="another user"):
            make_folders(home)
    finally:
        home.runtime.unlink()
