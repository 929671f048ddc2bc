"""Probes against the distribution's own OpenSSH: what is seen, what its log says of the visit."""

import socket

import pytest

from support.fail2ban import as_syslog, matched
from support.servers import UP, seen
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]

GOODBYE = "11: goodbye [preauth]"
VISITS = 100


@pytest.fixture(autouse=True)
def _visits_end_in_the_log(sshd):
    """A visit's last line is there before the next test looks at the log."""
    yield
    log = sshd.logs["ssh"]
    log.wait_until(lambda said: said.count("Received disconnect") == said.count("Disconnected from"))


@pytest.mark.parametrize(
    ("scheme", "words"), [("ssh", "ready for key exchange ("), ("sftp", "SSH transport only, no login tried: ready")]
)
async def test_a_probe_says_goodbye(sshd, probe, scheme, words):
    offset = sshd.logs["ssh"].size
    result = await probe(sshd.target(scheme, "ssh"))
    assert seen(result) == UP, result.detail
    assert result.detail.startswith(words)
    assert "host keys ssh-ed25519" in result.detail
    assert result.banner.startswith("SSH-2.0-OpenSSH_")
    lines = sshd.logs["ssh"].wait_for("Disconnected from", offset).splitlines()
    port = lines[-1].split(" port ")[1].split()[0]  # another test's last line may come late
    said = [line for line in lines if f" port {port}" in line]
    assert len(said) == 2
    assert said[0].startswith("Received disconnect from 127.")
    assert said[0].endswith(GOODBYE)


async def test_a_hundred_visits_leave_two_quiet_lines_each(sshd, probe):
    log = sshd.logs["ssh"]
    offset = log.size
    for _ in range(VISITS):
        assert seen(await probe(sshd.target("ssh", "ssh"))) == UP
    lines = log.wait_until(lambda text: text.count("Disconnected from") >= VISITS, offset).splitlines()
    ports = {line.split(" port ")[1].split(":")[0] for line in lines if GOODBYE in line}
    said = [line for line in lines if any(f" port {port}" in line for port in ports)]  # another test's may come late
    assert len(said) == 2 * VISITS
    assert sum(GOODBYE in line for line in said) == VISITS


async def test_too_many_logins_are_under_way(sshd, probe):
    with socket.create_connection((sshd.address, sshd.ports["full"]), timeout=10) as visitor:
        assert visitor.recv(200).startswith(b"SSH-2.0")
        result = await probe(sshd.target("ssh", "full"))
    assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL), result.detail
    assert "MaxStartups" in result.detail


async def test_a_bare_connect_is_seen_as_one(sshd, probe):
    assert seen(await probe(sshd.target("tcp", "ssh"))) == UP


@pytest.mark.parametrize("scheme", ["smtp", "submission", "redis", "http", "mssql", "mongodb"])
async def test_another_service_is_expected(sshd, probe, scheme):
    result = await probe(sshd.target(scheme, "ssh"))
    assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL)
    assert "SSH" in result.detail


async def test_tls_is_expected(sshd, probe):
    result = await probe(sshd.target("https", "ssh"))
    assert seen(result) == (Status.DOWN, Failure.TLS_NOT_TLS, Phase.TLS)


@pytest.mark.parametrize("scheme", ["ssh", "sftp"])
async def test_fail2ban_counts_it_in_aggressive_modes_only(sshd, probe, scheme):
    log = sshd.logs["ssh"]
    offset = log.size
    for _ in range(VISITS):
        assert seen(await probe(sshd.target(scheme, "ssh"))) == UP
    said = as_syslog(log.wait_until(lambda text: text.count("Disconnected from") >= VISITS, offset))
    assert matched(said, "sshd[mode=normal]") == 0
    assert matched(said, "sshd[mode=ddos]") >= VISITS
    assert matched(said, "sshd[mode=aggressive]") >= VISITS
