"""Probes against the distribution's own Dovecot: what is seen, and what its log says of the visit."""

import asyncio

import pytest

from support.certificates import NAME
from support.fail2ban import matched
from support.servers import UP, seen
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]

GOODBYE = "Disconnected: Aborted login by logging out (no auth attempts in"
"""How Dovecot words a visit that ends with LOGOUT or QUIT, and without a login."""
MISSING = (Status.DEGRADED, Failure.STARTTLS_MISSING, Phase.TLS)
PROTOCOLS = ("imap", "imaps", "pop3", "pop3s")


async def visit(served, probe, scheme, port, **expect):
    """Probe, and the one line of this visit. Every probe of this file waits for it, so that none sees another's."""
    protocol, variant = port.split("-")
    log = served.logs[variant]
    offset = log.size
    result = await probe(served.target(scheme, port), **expect)
    said = log.wait_for(f"{protocol.removesuffix('s')}-login: ", offset)
    (line,) = (line for line in said.splitlines() if "-login: " in line)
    return result, line


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ("imap", "STARTTLS works"),
        ("imaps", "ready for login"),
        ("pop3", "STLS works"),
        ("pop3s", "ready for login"),
    ],
)
async def test_a_probe_is_one_quiet_line(dovecot, probe, scheme, words):
    result, line = await visit(dovecot, probe, scheme, f"{scheme}-good")
    assert seen(result) == UP, result.detail
    assert words in result.detail
    assert "Dovecot (Debian) ready." in result.banner
    assert NAME in result.certificate.names
    assert GOODBYE in line
    assert "rip=127.0.0.1" in line
    assert ", TLS, session=" in line


@pytest.mark.parametrize(
    ("scheme", "variant", "failure", "alert"),
    [
        (scheme, *state)
        for scheme in PROTOCOLS
        for state in (
            ("expired", Failure.TLS_EXPIRED, "alert certificate expired"),
            ("self_signed", Failure.TLS_SELF_SIGNED, "alert unknown ca"),
        )
    ],
)
async def test_a_bad_certificate(dovecot, probe, scheme, variant, failure, alert):
    result, line = await visit(dovecot, probe, scheme, f"{scheme}-{variant}")
    assert seen(result) == (Status.DOWN, failure, Phase.TLS)
    assert alert in line
    # once the verdict on this chain is known, a probe takes its leave in order
    again, line = await visit(dovecot, probe, scheme, f"{scheme}-{variant}")
    assert seen(again) == seen(result)
    assert again.detail == result.detail
    assert GOODBYE in line


@pytest.mark.parametrize(("scheme", "what"), [("imap", "STARTTLS"), ("pop3", "STLS")])
async def test_tls_is_not_offered(dovecot, probe, scheme, what):
    result, line = await visit(dovecot, probe, scheme, f"{scheme}-plaintext")
    assert seen(result) == MISSING
    assert f"does not offer {what}" in result.detail
    assert GOODBYE in line
    allowed, _ = await visit(dovecot, probe, scheme, f"{scheme}-plaintext", plaintext_ok=True)
    assert seen(allowed) == UP


async def test_nobody_can_log_in(dovecot, probe):
    result, line = await visit(dovecot, probe, "imap", "imap-nobody_can_login")
    assert seen(result) == (Status.DOWN, Failure.REFUSED_SERVICE, Phase.PROTOCOL)
    assert "LOGINDISABLED" in result.detail
    assert GOODBYE in line


async def crowd_out(place, until):
    """Who connects here is passed on to a full server, and loses its place to the next as soon as it has spoken."""

    async def pass_on(reader, writer):
        from_server, to_server = await asyncio.open_connection(*place)
        writer.write(await from_server.readline())
        await reader.readline()
        _, next_visitor = await asyncio.open_connection(*place)
        writer.write(await from_server.readuntil(until))
        for each in (writer, to_server, next_visitor):
            each.close()

    return await asyncio.start_server(pass_on, place[0], 0)


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
async def test_its_login_process_is_full(dovecot, probe, scheme):
    async with await crowd_out(
        (dovecot.address, dovecot.ports[f"{scheme}-full"]), b"Connection queue full\r\n"
    ) as door:
        offset = dovecot.logs["full"].size
        result = await probe(f"{scheme}://{dovecot.address}:{door.sockets[0].getsockname()[1]}")
    assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL), result.detail
    assert "Connection queue full" in result.detail
    dovecot.logs["full"].wait_for("Disconnected: Connection queue full", offset)


@pytest.mark.parametrize("scheme", ["imaps", "pop3s"])
async def test_no_tls_port_where_tls_is_off(dovecot, probe, scheme):
    result = await probe(dovecot.target(scheme, f"{scheme}-plaintext"))
    assert seen(result) == (Status.DOWN, Failure.REFUSED, Phase.CONNECT)


@pytest.mark.parametrize(
    ("scheme", "port", "found"),
    [
        ("imap", "pop3-good", "POP3 answers here, not IMAP"),
        ("pop3", "imap-good", "IMAP answers here, not POP3"),
        ("smtp", "imap-good", "IMAP answers here, not SMTP"),
        ("ftp", "pop3-good", "POP3 answers here, not FTP"),
    ],
)
async def test_another_service_is_expected(dovecot, probe, scheme, port, found):
    result, _ = await visit(dovecot, probe, scheme, port)
    assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL)
    assert result.detail == found


@pytest.mark.parametrize(("scheme", "port"), [("imaps", "imap-good"), ("pop3s", "pop3-good")])
async def test_tls_is_expected_on_the_plain_port(dovecot, probe, scheme, port):
    result, _ = await visit(dovecot, probe, scheme, port)
    assert seen(result) == (Status.DOWN, Failure.TLS_NOT_TLS, Phase.TLS)


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
async def test_the_tls_port_is_silent_in_clear_text(dovecot, probe, scheme):
    result, _ = await visit(dovecot, probe, scheme, f"{scheme}s-good", limit="1s")
    assert seen(result) == (Status.DOWN, Failure.NO_GREETING, Phase.PROTOCOL)


@pytest.mark.parametrize("scheme", PROTOCOLS)
async def test_ssh_answers(sshd, probe, scheme):
    result = await probe(sshd.target(scheme, "ssh"))
    wanted = (Failure.TLS_NOT_TLS, Phase.TLS) if scheme.endswith("s") else (Failure.WRONG_SERVICE, Phase.PROTOCOL)
    assert seen(result) == (Status.DOWN, *wanted)
    assert "SSH" in result.detail


async def test_fail2ban_counts_it_in_aggressive_mode_only(dovecot, probe):
    """100 probes; the logs also hold the refused certificates and the full server of the other tests."""
    for number in range(100):
        scheme = PROTOCOLS[number % 4]
        await visit(dovecot, probe, scheme, f"{scheme}-good")
    said = "".join(log.since(0) for log in dovecot.logs.values())
    assert matched(said, "dovecot[mode=normal]") == 0
    assert matched(said, "dovecot[mode=aggressive]") >= 100
