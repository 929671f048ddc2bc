"""Probes against the distribution's own vsftpd: what is seen, and what its log says of the visit."""

import socket

import pytest

from support.certificates import NAME
from support.fail2ban import matched
from support.servers import UP, seen
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]


async def visit(served, probe, scheme, variant, **expect):
    """Probe, and the commands of this visit once the server has said goodbye."""
    log = served.logs[variant]
    offset = log.size
    result = await probe(served.target(scheme, variant), **expect)
    said = log.wait_for('"221 Goodbye."', offset)
    assert said.count("CONNECT: Client") == 1
    return result, [line.rsplit('"', 2)[1] for line in said.splitlines() if "FTP command:" in line]


@pytest.mark.parametrize(
    ("scheme", "variant", "commands"),
    [("ftp", "good", ["FEAT", "AUTH TLS", "FEAT", "QUIT"]), ("ftps", "implicit", ["FEAT", "QUIT"])],
)
async def test_a_probe_is_an_ordinary_visit(vsftpd, probe, scheme, variant, commands):
    result, heard = await visit(vsftpd, probe, scheme, variant)
    assert seen(result) == UP, result.detail
    assert result.banner == "220 (vsFTPd 3.0.3)"
    assert NAME in result.certificate.names
    assert heard == commands


async def test_tls_is_not_offered(vsftpd, probe):
    result, heard = await visit(vsftpd, probe, "ftp", "plaintext")
    assert seen(result) == (Status.DEGRADED, Failure.STARTTLS_MISSING, Phase.TLS)
    assert "does not offer AUTH TLS" in result.detail
    assert heard == ["FEAT", "QUIT"]
    allowed, _ = await visit(vsftpd, probe, "ftp", "plaintext", plaintext_ok=True)
    assert seen(allowed) == UP


@pytest.mark.parametrize(
    ("scheme", "variant", "failure", "commands"),
    [
        ("ftp", "expired", Failure.TLS_EXPIRED, ["FEAT", "AUTH TLS", "QUIT"]),
        ("ftp", "self_signed", Failure.TLS_SELF_SIGNED, ["FEAT", "AUTH TLS", "QUIT"]),
        ("ftps", "implicit_expired", Failure.TLS_EXPIRED, ["QUIT"]),
    ],
)
async def test_a_bad_certificate(vsftpd, probe, scheme, variant, failure, commands):
    result = await probe(vsftpd.target(scheme, variant))
    assert seen(result) == (Status.DOWN, failure, Phase.TLS)
    # once the verdict on this chain is known, a probe takes its leave in order
    again, heard = await visit(vsftpd, probe, scheme, variant)
    assert seen(again) == seen(result)
    assert again.detail == result.detail
    assert heard == commands


async def test_too_many_clients(vsftpd, probe):
    with socket.create_connection((vsftpd.address, vsftpd.ports["full"]), timeout=10) as visitor:
        assert visitor.recv(200).startswith(b"220 ")
        offset = vsftpd.logs["full"].size
        result = await probe(vsftpd.target("ftp", "full"))
        visitor.sendall(b"QUIT\r\n")
        assert visitor.recv(200).startswith(b"221 ")
    assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL)
    assert "421 There are too many connected users" in result.detail
    vsftpd.logs["full"].wait_for("Connection refused: too many sessions.", offset)


async def test_it_is_misconfigured(vsftpd, probe):
    result = await probe(vsftpd.target("ftp", "oops"))
    assert seen(result) == (Status.DOWN, Failure.REFUSED_SERVICE, Phase.PROTOCOL)
    assert "misconfigured: 500 OOPS: failed to open vsftpd log file" in result.detail


@pytest.mark.parametrize(("scheme", "name"), [("smtp", "SMTP"), ("imap", "IMAP"), ("pop3", "POP3")])
async def test_another_service_is_expected(vsftpd, probe, scheme, name):
    result = await probe(vsftpd.target(scheme, "plaintext"))
    assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL)
    assert result.detail == f"FTP answers here, not {name}"


async def test_ssh_answers(sshd, probe):
    result = await probe(sshd.target("ftp", "ssh"))
    assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL)
    assert result.detail == "SSH answers here, not FTP"


async def test_tls_is_expected_on_the_plain_port(vsftpd, probe):
    result = await probe(vsftpd.target("ftps", "mistaken"))
    assert seen(result) == (Status.DOWN, Failure.TLS_NOT_TLS, Phase.TLS)
    assert "FTP" in result.detail


async def test_the_tls_port_is_silent_in_clear_text(vsftpd, probe):
    result = await probe(vsftpd.target("ftp", "implicit"), limit="1s")
    assert seen(result) == (Status.DOWN, Failure.NO_GREETING, Phase.PROTOCOL)


async def test_fail2ban_counts_nothing(vsftpd, probe):
    for number in range(100):
        await probe(vsftpd.target(*(("ftp", "good"), ("ftps", "implicit"))[number % 2]))
    said = "".join(log.since(0) for log in vsftpd.logs.values())
    assert said.count("CONNECT: Client") >= 100
    assert matched(said, "vsftpd") == 0
