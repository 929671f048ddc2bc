"""SFTP with a key without a server worth the name: keys that cannot be used, hosts that hang, what asyncssh raises."""

import asyncio
import errno
import threading
from collections import Counter
from pathlib import Path

import asyncssh
import pytest

from support.bytescript import FOLDER, read_script
from support.hostile import hostile
from support.siege import plans
from support.siegecases import CASES
from support.siegessh import MESSAGES
from support.web import vantage
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.schema import Defaults
from uptime_tui.config.secrets import Unlocker
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.secret import Secret
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import probe_once
from uptime_tui.vantage.sftp import Call, Known, Unfit, Visit, known, read_key

CATALOGUE = load_catalogue()
KEY = asyncssh.generate_private_key("ssh-ed25519")


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def read(login, target="sftp://backup.test"):
    return read_draft({"name": "one", "target": target, "login": login}, CATALOGUE, Defaults())


async def probed(tmp_path, monkeypatch, talk, pem=None):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "id"
    path.write_bytes(pem or KEY.export_private_key())
    path.chmod(0o600)
    calls = []

    async def served(reader, writer):
        calls.append(1)
        try:
            await talk(reader, writer)
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    table = {"name": "one", "target": f"sftp://127.0.0.1:{port}", "timeout": "1s"}
    monitor, faults = read_draft(table | {"login": {"user": "backup", "key": f"file:{path}"}}, CATALOGUE, Defaults())
    assert not faults
    async with server, vantage(unlock=Unlocker(asyncio.get_running_loop()).unlock) as here:
        result = await probe_once(here, Plan(monitor, CATALOGUE.get("sftp")))
    return result, len(calls)


async def hang_after_banner(reader, writer):
    writer.write(b"SSH-2.0-fake\r\n")
    while await reader.read(4096):
        continue


async def hang(reader, _writer):
    while await reader.read(4096):
        continue


BANNER, KEXINIT = [data for who, data in read_script(FOLDER / "ssh" / "openssh.toml").dialogue if who == "peer"]


async def all_at_once(reader, writer):
    """Identification and KEXINIT in one segment (RFC 4253 section 7.1), as servers other than OpenSSH send them."""
    writer.write(BANNER + KEXINIT)
    await hang(reader, writer)


async def cut_short(reader, writer):
    """Of the ten lists in KEXINIT the last are missing."""
    begin = KEXINIT[5:900]
    writer.write(BANNER + (len(begin) + 5).to_bytes(4, "big") + b"\x04" + begin + bytes(4))
    await hang(reader, writer)


async def greet_as_mail(reader, writer):
    writer.write(b"220 mx.test ESMTP ready\r\n")
    assert await reader.read(100) == b"", "another service is spoken to"


@pytest.mark.parametrize(
    ("talk", "failure", "words"),
    [
        (hang_after_banner, Failure.TIMEOUT, "connected, key exchange not finished in "),
        (all_at_once, Failure.TIMEOUT, "connected, key exchange not finished in "),
        (cut_short, Failure.BAD_PROTOCOL, "key exchange failed: a malformed message: Incomplete packet"),
        (hang, Failure.NO_GREETING, "the server sent nothing"),
        (greet_as_mail, Failure.WRONG_SERVICE, "SMTP"),
    ],
)
async def test_first_words(tmp_path, monkeypatch, talk, failure, words):
    before = descriptors()
    result, _ = await probed(tmp_path, monkeypatch, talk)
    assert (result.failure, result.phase) == (failure, Phase.PROTOCOL), result.detail
    assert words in result.detail
    async with asyncio.timeout(10):  # the fake server's own end goes a moment later
        while descriptors() > before:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        (KEY.export_private_key("pkcs8-pem", passphrase="sesame"), "the key has a passphrase"),
        (b"no key at all", "no private key that can be read"),
    ],
    ids=["passphrase", "no key"],
)
async def test_a_key_that_cannot_be_used_calls_nobody(tmp_path, monkeypatch, pem, words):
    result, calls = await probed(tmp_path, monkeypatch, hang, pem)
    assert (result.status, result.failure) == (Status.UNKNOWN, Failure.VANTAGE_POLICY)
    assert words in result.detail
    assert calls == 0


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (asyncssh.ConnectionLost("x"), Failure.CLOSED_EARLY),
        (ConnectionResetError(errno.ECONNRESET, "x"), Failure.CLOSED_EARLY),
        (OSError(errno.ETIMEDOUT, "x"), Failure.TIMEOUT),
        (OSError(errno.EMFILE, "x"), Failure.NO_DESCRIPTORS),
        (asyncssh.PermissionDenied("x"), Failure.REFUSED_SERVICE),
        (asyncssh.ProtocolError("Too many authentication failures"), Failure.REFUSED_SERVICE),
        (asyncssh.ProtocolError("x"), Failure.BAD_PROTOCOL),
        (asyncssh.DisconnectError(12, "x"), Failure.BUSY),
        (asyncssh.DisconnectError(1, "x"), Failure.WATCHER_BLOCKED),
        (asyncssh.KeyExchangeFailed("x"), Failure.REFUSED_SERVICE),
        (asyncssh.ChannelOpenError(1, "x"), Failure.REFUSED_SERVICE),
        (asyncssh.SFTPPermissionDenied("x"), Failure.REFUSED_SERVICE),
        (asyncssh.SFTPBadMessage("x"), Failure.BAD_PROTOCOL),
        (asyncssh.SFTPConnectionLost("x"), Failure.CLOSED_EARLY),
        (ZeroDivisionError(), Failure.VANTAGE_POLICY),
    ],
)
def test_what_is_raised_has_a_code(error, failure):
    assert Visit(Call("a.test", 22, "u", KEY), Known()).judge(error).failure is failure


def test_words_of_a_server_are_bounded_and_harmless():
    guest = Visit(Call("a.test", 22, "u", KEY), Known())
    guest.auth_banner_received("\x1b[2J" + "x" * 9000, "")
    detail = guest.judge(asyncssh.PermissionDenied("\x1b" * 9000)).detail
    assert "\x1b" not in detail
    assert len(detail) < 400


def test_hosts_are_known_by_name_and_port(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    line = KEY.export_public_key().decode().strip()
    (tmp_path / ".ssh" / "known_hosts").write_text(f"a.test {line}\n[b.test]:2222 {line}\n@revoked c.test {line}\n")
    public = KEY.convert_to_public()
    assert known("a.test", 22).keys == [public]
    assert known("b.test", 2222).keys == [public]
    assert known("b.test", 22) == Known([], [], [])
    assert known("c.test", 22).revoked == [public]


def test_no_message_holds_the_key():
    pem = KEY.export_private_key().decode()
    with pytest.raises(Unfit) as caught:
        read_key(Secret(pem[:200]))
    assert pem[60:100] not in str(caught.value)


@pytest.mark.parametrize(
    ("login", "where", "words"),
    [
        ({"user": "u"}, ("login",), "needs a private key"),
        ({"key": "env:K"}, ("login", "user"), "needs a user"),
        ({"user": "u", "password": "env:K"}, ("login", "password"), "private key and no password"),
        ({"user": "u", "key": "-----BEGIN"}, ("login", "key"), "write env:NAME, file:/path"),
    ],
)
def test_faults_of_a_login(login, where, words):
    _, faults = read(login)
    assert any(fault.path == where and words in f"{fault}" for fault in faults), faults


def test_a_key_is_for_sftp():
    _, faults = read({"user": "u", "password": "env:P", "key": "env:K"}, "redis://a.test")
    assert "a private key is for SFTP" in str(faults)


async def test_the_deadline_covers_reading_the_key(tmp_path, monkeypatch):
    """A machine that swaps needs seconds to load the library: nobody is called late."""
    ready = threading.Event()

    def slow(_name):
        ready.wait(30)
        raise AssertionError("nobody waits for this any more")

    monkeypatch.setattr("uptime_tui.vantage.sessions.import_module", slow)
    try:
        result, calls = await asyncio.wait_for(probed(tmp_path, monkeypatch, hang_after_banner), 20)
    finally:
        ready.set()
    assert (result.failure, result.status, calls) == (Failure.VANTAGE_POLICY, Status.UNKNOWN, 0)
    assert "not read in time" in result.detail


async def test_the_deadline_holds_wherever_the_server_falls_silent():
    """Also where it has said all that is asked of it and only its goodbye is missing: that is no outage."""
    name, found, limit_s = "sftp key", Counter(), 1.0
    with hostile(1.0, name) as ports:
        async with vantage(unlock=Unlocker(asyncio.get_running_loop()).unlock) as here, asyncio.timeout(50):
            while not found[None]:  # a busy machine takes longer for so many key exchanges at once
                limit_s *= 2
                (plan,) = plans(CASES[name], {"silent": ports[name]["silent"]}, limit_s).values()
                results = await asyncio.gather(*(probe_once(here, plan) for _ in range(MESSAGES)))
                found.update(result.failure for result in results)
    assert found[Failure.TIMEOUT] > 5
    assert set(found) <= {Failure.NO_GREETING, Failure.TIMEOUT, None}
