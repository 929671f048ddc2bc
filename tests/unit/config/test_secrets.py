import asyncio
import os
import sys
import threading
import types

import pytest

from uptime_tui.config.secrets import MAX_LOOKUPS, Missing, Unlocker, read_secret
from uptime_tui.model.monitor import Login
from uptime_tui.model.secret import Credentials, Secret, parse_reference


def look(text):
    return read_secret(parse_reference(text)).reveal()


def kept(path, data=b"hunter2\n", mode=0o600):
    path.write_bytes(data)
    path.chmod(mode)
    return f"file:{path}"


def test_environment(monkeypatch):
    monkeypatch.setenv("UPTIME_TEST_PW", "hunter2")
    assert look("env:UPTIME_TEST_PW") == "hunter2"
    monkeypatch.setenv("UPTIME_TEST_PW", "")
    with pytest.raises(Missing, match="not set"):
        look("env:UPTIME_TEST_PW")


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"hunter2", "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n", "hunter2"),
        (b" a b \n", " a b "),
        ("gr\u00fcn\n".encode(), "gr\u00fcn"),
    ],
)
def test_file_loses_one_line_end_and_nothing_else(tmp_path, data, value):
    assert look(kept(tmp_path / "pw", data)) == value


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "empty"), (b"\n", "empty"), (b"hunter2\n\n", "line end"), (b"hunter2\0", "cannot be sent"), (b"\xff\xfe", "not UTF-8"),
     (b"hunter2" * 1000, "longer than")],
)  # fmt: skip
def test_files_that_hold_no_secret(tmp_path, data, why):
    with pytest.raises(Missing, match=why) as caught:
        look(kept(tmp_path / "pw", data))
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path, mode):
    with pytest.raises(Missing, match="chmod 600"):
        look(kept(tmp_path / "pw", mode=mode))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(Missing, match="No such file"):
        look(f"file:{tmp_path}/none")
    with pytest.raises(Missing, match="no regular file"):
        look(f"file:{tmp_path}")
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(Missing, match="no regular file"):
        look(f"file:{tmp_path}/pipe")


def test_a_service_managers_credential_may_be_group_readable(tmp_path, monkeypatch):
    reference = kept(tmp_path / "db.pw", mode=0o440)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(Missing, match="LoadCredential"):
        look("cred:db.pw")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert look("cred:db.pw") == "hunter2"
    assert look(reference) == "hunter2"


def test_keyring(monkeypatch):
    library = types.ModuleType("keyring")
    library.get_password = lambda service, user: {("uptime", "api"): "hunter2"}.get((service, user))
    monkeypatch.setitem(sys.modules, "keyring", library)
    assert look("keyring:uptime/api") == "hunter2"
    with pytest.raises(Missing, match="no such entry"):
        look("keyring:uptime/none")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(Missing, match=r"uptime-tui\[keyring\]"):
        look("keyring:uptime/api")


async def unlocked(unlocker, reference="file:/x", limit_s=20.0):
    answer = asyncio.get_running_loop().create_future()
    unlocker.unlock(Login("uptime", reference), limit_s, answer.set_result)
    return await answer


async def test_unlocking_finds_a_login(tmp_path):
    reference = kept(tmp_path / "pw")
    found = await unlocked(Unlocker(asyncio.get_running_loop()), reference)
    assert found == Credentials(Secret("hunter2"), "uptime")


async def test_what_a_keyring_raises_is_told_without_its_words(tmp_path):
    def broken(*_):
        raise RuntimeError("the secret hunter2 is locked")

    found = await unlocked(Unlocker(asyncio.get_running_loop(), broken), "keyring:a/b")
    assert found == "keyring:a/b: RuntimeError"


async def test_a_keyring_that_hangs_keeps_nobody_waiting():
    release, calls = threading.Event(), []

    def hanging(reference, _is_key):
        calls.append(reference)
        release.wait(30)
        return Secret("late")

    unlocker = Unlocker(asyncio.get_running_loop(), hanging)
    try:
        answers = await asyncio.gather(*(unlocked(unlocker, "keyring:a/b", 0.05) for _ in range(MAX_LOOKUPS)))
        assert set(answers) == {"keyring:a/b: no answer in 0.1 s"}
        assert "have not come back" in await unlocked(unlocker, "keyring:a/b")
        assert len(calls) == MAX_LOOKUPS
    finally:
        release.set()
    for _ in range(1000):  # once they have come back, it goes on
        if isinstance(found := await unlocked(unlocker, "keyring:a/b"), Credentials):
            break
        await asyncio.sleep(0.01)
    assert found.secret.reveal() == "late"
