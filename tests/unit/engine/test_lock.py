"""One engine per home; a glance at the lock turns nobody away."""

import errno
import fcntl
import os
import threading
import time

import pytest

from uptime_tui.client.spawn import is_running
from uptime_tui.config.edit import MonitorsFile
from uptime_tui.config.paths import find_home
from uptime_tui.engine.lock import take_lock
from uptime_tui.model.errors import UserError


def test_a_second_one_is_told_who_has_it(tmp_path):
    held = take_lock(tmp_path / "lock")
    with pytest.raises(UserError, match=rf"already runs .*pid {os.getpid()}"):
        take_lock(tmp_path / "lock")
    os.close(held)
    os.close(take_lock(tmp_path / "lock"))


def test_a_client_that_only_looks_does_not_turn_an_engine_away(tmp_path):
    looking = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(looking, fcntl.LOCK_SH)
    waiting = threading.Event()

    def let_go():
        waiting.wait()
        os.close(looking)

    thread = threading.Thread(target=let_go)
    thread.start()
    real = time.sleep

    def sleep(seconds):
        waiting.set()
        real(seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("uptime_tui.engine.lock.time.sleep", sleep)
        os.close(take_lock(tmp_path / "lock"))
    thread.join()


def test_a_file_system_without_locks_is_called_that_and_no_other_engine(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    home = find_home(str(tmp_path), {})
    home.state.mkdir()
    with pytest.raises(UserError, match=r"cannot be locked: No locks .*its file system has no locks"):
        take_lock(home.lock_file)
    assert is_running(home) is None
    (home.config / "monitors.toml").write_text("")
    with pytest.raises(UserError, match=r"monitors.toml: cannot be locked: .*keep the configuration on a local disk"):
        MonitorsFile(home.monitors_file, home.undo_file).add([{"name": "a", "target": "a:1"}])


def test_a_lock_that_cannot_be_opened_is_one_clear_line(tmp_path):
    with pytest.raises(UserError, match="check its owner"):
        take_lock(tmp_path / "none" / "lock")
