"""SFTP with a key against the distribution's own OpenSSH, whose only user is the one it runs as."""

import asyncio
import os
import pwd
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.fail2ban import as_syslog, matched
from support.servers import UP, ServerLog, converse, daemon, free_port, need, ordinary_user, own_address, seen
from support.servers import server_folder as folder_of_a_server
from support.web import vantage
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.schema import Defaults
from uptime_tui.config.secrets import Unlocker
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import probe_once

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]

USER = ordinary_user() or pwd.getpwuid(os.geteuid()).pw_name
CATALOGUE = load_catalogue()
VISITS = 200


def made(path, *, passphrase=""):
    command = [need("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", passphrase, "-f", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


class Host:
    """One sshd, and a home whose `known_hosts` says what a test wants."""

    def __init__(self, address, port, folder, home) -> None:
        self.address, self.port, self.folder, self.home = address, port, folder, home
        self.log = ServerLog(folder / "sshd.log")
        self.key = home / "id"

    def know(self, public) -> None:
        kind, key = public.read_text().split()[:2]
        (self.home / ".ssh" / "known_hosts").write_text(f"[{self.address}]:{self.port} {kind} {key}\n")

    def plan(self, key=None, user=USER):
        table = {"name": "one", "target": f"sftp://{self.address}:{self.port}"}
        table["login"] = {"user": user, "key": f"file:{key or self.key}"}
        monitor, faults = read_draft(table, CATALOGUE, Defaults())
        assert not faults
        return Plan(monitor, CATALOGUE.get("sftp"))

    async def probe(self, key=None, user=USER):
        async with vantage(unlock=Unlocker(asyncio.get_running_loop()).unlock) as here:
            return await probe_once(here, self.plan(key, user))


@asynccontextmanager
async def sshd_of_one(tmp_path, monkeypatch, options="Subsystem sftp internal-sftp\n"):
    binary, address = need("sshd", "openssh-server"), own_address()
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    public = made(home / "id").with_suffix(".pub").read_text()
    with folder_of_a_server() as folder:
        host = Host(address, free_port(address), folder, home)
        made(folder / "host_key")
        (folder / "authorized_keys").write_text(f'restrict,command="internal-sftp" {public}')
        (folder / "sshd_config").write_text(
            f"Port {host.port}\nListenAddress {address}\nHostKey {folder}/host_key\nPidFile none\nUsePAM yes\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nStrictModes no\n{options}"
        )
        host.know(folder / "host_key.pub")
        command = [binary, "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log")]
        with daemon(command, folder, lambda: b"SSH-2.0" in converse(address, host.port, b"", until=b"\n")):
            yield host


async def test_a_key_opens_a_session_and_the_log_shows_an_ordinary_visit(tmp_path, monkeypatch):
    async with sshd_of_one(tmp_path, monkeypatch) as host:
        offset = host.log.size
        result = await host.probe()
        assert seen(result) == UP, result.detail
        assert result.detail.startswith(f"SFTP works as {USER}, in /")
        assert result.banner.startswith("SSH-2.0-OpenSSH_")
        assert [each.id for each in result.evidence] == ["tcp_connect", "greeting", "protocol"]
        assert result.timings.connect is not None
        assert result.timings.protocol is not None
        said = host.log.wait_for(f"Disconnected from user {USER}", offset)
        assert f"Accepted publickey for {USER}" in said
        assert ":11: Disconnected by application" in said
        assert "error" not in said
        assert host.key.read_text().splitlines()[1] not in repr(result)


async def test_an_unknown_key_is_refused(tmp_path, monkeypatch):
    async with sshd_of_one(tmp_path, monkeypatch) as host:
        result = await host.probe(made(tmp_path / "other"))
        assert seen(result) == (Status.DOWN, Failure.REFUSED_SERVICE, Phase.PROTOCOL)
        assert result.detail.startswith(f"{USER} is not let in with this key: Permission denied")


async def test_an_unknown_host_key_is_our_side(tmp_path, monkeypatch):
    async with sshd_of_one(tmp_path, monkeypatch) as host:
        (host.home / ".ssh" / "known_hosts").unlink()
        offset = host.log.size
        result = await host.probe()
        assert seen(result) == (Status.UNKNOWN, Failure.VANTAGE_POLICY, Phase.PROTOCOL)
        assert "ssh-ed25519 SHA256:" in result.detail
        assert f"ssh-keyscan -p {host.port} {host.address} >> ~/.ssh/known_hosts" in result.detail
        assert "publickey" not in host.log.since(offset)


async def test_a_changed_host_key_is_down_and_gets_no_login(tmp_path, monkeypatch):
    async with sshd_of_one(tmp_path, monkeypatch) as host:
        host.know(made(tmp_path / "former").with_suffix(".pub"))
        result = await host.probe()
        assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL)
        assert "another host key than the known one: ssh-ed25519 SHA256:" in result.detail
        assert f"ssh-keygen -R '[{host.address}]:{host.port}'" in result.detail


async def test_without_the_subsystem_there_is_no_sftp(tmp_path, monkeypatch):
    async with sshd_of_one(tmp_path, monkeypatch, "") as host:
        result = await host.probe()
        assert seen(result) == (Status.DOWN, Failure.REFUSED_SERVICE, Phase.PROTOCOL)
        assert result.detail.startswith("logged in, but no SFTP is to be had: ")


async def test_too_many_logins_are_told_in_the_servers_words(tmp_path, monkeypatch):
    options = "Subsystem sftp internal-sftp\nMaxStartups 1:100:1\n"
    async with sshd_of_one(tmp_path, monkeypatch, options) as host:
        async with asyncio.timeout(20):  # whoever looked whether it has started may still take the only place
            while True:
                reader, writer = await asyncio.open_connection(host.address, host.port)
                if (await reader.readline()).startswith(b"SSH-2.0"):
                    break
                writer.close()
        result = await host.probe()
        writer.close()
        await writer.wait_closed()
        assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL), result.detail
        assert "MaxStartups" in result.detail


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_two_hundred_visits_leave_no_descriptor(tmp_path, monkeypatch):
    unlock = Unlocker(asyncio.get_running_loop()).unlock
    async with sshd_of_one(tmp_path, monkeypatch) as host, vantage(unlock=unlock) as here:
        assert seen(await probe_once(here, host.plan())) == UP
        before = descriptors()
        for _ in range(VISITS):
            assert seen(await probe_once(here, host.plan())) == UP
        assert descriptors() == before


@pytest.mark.parametrize(
    ("key", "user", "last", "verdict"),
    [
        ("id", USER, f"Disconnected from user {USER}", 0),
        ("other", USER, f"user {USER} ", 0),
        ("id", "nosuchuser", "invalid user nosuchuser", 100),  # the control, and what a misspelt user costs
    ],
)
@pytest.mark.long
@pytest.mark.timeout(120)
async def test_fail2ban_counts_unknown_users_only(tmp_path, monkeypatch, key, user, last, verdict):
    async with sshd_of_one(tmp_path, monkeypatch) as host:
        made(host.home / "other")
        offset = host.log.size
        for _ in range(100):
            await host.probe(host.home / key, user)
        said = as_syslog(host.log.wait_until(lambda text: text.count(last) >= 100, offset, last))
    assert matched(said, "sshd[mode=normal]") == verdict
