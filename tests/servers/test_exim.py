"""Probes against the distribution's own Exim: what is seen, and what its log says of the visit."""

import asyncio
import socket

import pytest

from support.certificates import NAME
from support.fail2ban import matched
from support.servers import UP, seen
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]


async def visit(served, probe, scheme, variant):
    """Probe, and the lines of this visit once Exim has ended it."""
    log = served.logs[variant]
    offset = log.size
    result = await probe(served.target(scheme, variant))
    return result, log.wait_for("no MAIL in SMTP connection", offset)


@pytest.mark.parametrize(
    ("scheme", "variant", "commands"),
    [
        ("smtp", "smtp", "C=EHLO,STARTTLS,EHLO,QUIT"),
        ("submission", "smtp", "C=EHLO,STARTTLS,EHLO,QUIT"),
        ("smtps", "smtps", "C=EHLO,QUIT"),
        ("smtp", "plaintext", "C=EHLO,QUIT"),
    ],
)
async def test_a_probe_is_an_ordinary_visit(exim, probe, scheme, variant, commands):
    result, said = await visit(exim, probe, scheme, variant)
    assert seen(result) == UP, result.detail
    assert result.banner.startswith("220 mx2.example.test ESMTP Exim")
    assert "closed by QUIT" in said
    assert commands in said
    assert not [word for word in ("lost", "error", "unexpected", "synchronization", "syntax") if word in said]
    if variant != "plaintext":
        assert NAME in result.certificate.names


async def test_submission_without_starttls(exim, probe):
    result, _ = await visit(exim, probe, "submission", "plaintext")
    assert seen(result) == (Status.DEGRADED, Failure.STARTTLS_MISSING, Phase.TLS)


async def test_expired_certificate_behind_starttls(exim, probe):
    offset = exim.logs["expired"].size
    result = await probe(exim.target("submission", "expired"))
    assert seen(result) == (Status.DOWN, Failure.TLS_EXPIRED, Phase.TLS)
    exim.logs["expired"].wait_for("TLS error", offset)
    exim.logs["expired"].wait_for("no MAIL in SMTP connection", offset)
    # once the verdict on this chain is known, a probe takes its leave in order
    again, said = await visit(exim, probe, "submission", "expired")
    assert seen(again) == seen(result)
    assert "C=EHLO,STARTTLS,QUIT" in said
    assert "closed by QUIT" in said


async def only_visitor(exim):
    """The one connection that is allowed, once Exim has seen that the one before it is over."""
    async with asyncio.timeout(20):
        while True:
            visitor = socket.create_connection((exim.address, exim.ports["busy"]), timeout=10)
            if visitor.recv(200).startswith(b"220 "):
                return visitor
            visitor.close()
            await asyncio.sleep(0.05)


async def test_too_many_connections(exim, probe):
    with await only_visitor(exim) as visitor:
        result = await probe(exim.target("smtp", "busy"))
        visitor.sendall(b"QUIT\r\n")
        assert visitor.recv(200).startswith(b"221 ")
    assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL)
    assert "421 Too many concurrent SMTP connections" in result.detail


@pytest.mark.parametrize(
    ("variant", "words", "logged"),
    [
        ("listed", "turns this machine away: 550 127.0.0.1 is listed at zen.spamhaus.org", "rejected connection in"),
        ("unnamed", ": 550 we do not know that name", "rejected EHLO"),
    ],
)
async def test_visitors_are_turned_away_by_rules_without_a_code(exim, probe, variant, words, logged):
    offset = exim.logs[variant].size
    result = await probe(exim.target("smtp", variant))
    assert seen(result) == (Status.DEGRADED, Failure.WATCHER_BLOCKED, Phase.PROTOCOL), result.detail
    assert words in result.detail
    exim.logs[variant].wait_for(logged, offset)


@pytest.mark.parametrize(("scheme", "name"), [("imap", "IMAP"), ("pop3", "POP3"), ("ftp", "FTP")])
async def test_another_service_is_expected(exim, probe, scheme, name):
    result = await probe(exim.target(scheme, "busy"))
    assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL)
    assert result.detail == f"SMTP answers here, not {name}"


async def test_fail2ban_counts_nothing_of_what_exim_usually_logs(exim, probe):
    for number in range(100):
        await visit(exim, probe, *(("smtp", "smtp"), ("smtps", "smtps"))[number % 2])
    said = [line for log in exim.logs.values() for line in log.since(0).splitlines()]
    usual = "\n".join(line for line in said if "no MAIL in SMTP connection" not in line) + "\n"
    assert usual.count("closed by QUIT") >= 100
    assert matched(usual, "exim[mode=normal]") == 0
    assert matched(usual, "exim[mode=aggressive]") == 0


async def test_fail2ban_counts_the_line_that_log_selector_smtp_no_mail_adds(exim, probe):
    _, said = await visit(exim, probe, "smtp", "plaintext")
    assert matched(said, "exim[mode=normal]") == 1
    _, said = await visit(exim, probe, "smtp", "smtp")
    assert matched(said, "exim[mode=normal]") == 0  # not when there was TLS
