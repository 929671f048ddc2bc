"""Probes against the distribution's own Postfix: what is seen, and what the mail log says of the visit."""

import socket

import pytest

from support.certificates import NAME
from support.fail2ban import matched
from support.servers import UP, seen
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]
IMPOLITE = ("lost connection", "improper command", "timeout after", "warning:", "SSL_accept error")
"""What Postfix says of visitors that fail2ban's filters count."""


@pytest.fixture(autouse=True)
def _visits_end_in_the_log(postfix):
    """Postfix logs the end of a visit after the visitor has gone: no test sees the last lines of another's."""
    yield
    log = postfix.logs["mail"]
    log.wait_until(lambda said: said.count(": connect from") == said.count(": disconnect from"))


@pytest.mark.parametrize(
    ("scheme", "variant", "polite"),
    [
        ("smtp", "smtp", "ehlo=2 starttls=1 quit=1 commands=4"),
        ("submission", "submission", "ehlo=2 starttls=1 quit=1 commands=4"),
        ("smtps", "smtps", "ehlo=1 quit=1 commands=2"),
        ("smtp", "plaintext", "ehlo=1 quit=1 commands=2"),
    ],
)
async def test_a_probe_is_an_ordinary_visit(postfix, probe, scheme, variant, polite):
    offset = postfix.logs["mail"].size
    result = await probe(postfix.target(scheme, variant))
    assert seen(result) == UP, result.detail
    assert result.banner == "220 mx.example.test ESMTP Postfix"
    said = postfix.logs["mail"].wait_for("disconnect from", offset)
    assert f"postfix/{variant}/smtpd" in said
    assert said.count("disconnect from") == 1
    assert polite in said
    assert not [line for line in said.splitlines() if any(word in line for word in IMPOLITE)]
    if scheme != "smtp":
        assert NAME in result.certificate.names


async def test_submission_without_starttls(postfix, probe):
    result = await probe(postfix.target("submission", "plaintext"))
    assert seen(result) == (Status.DEGRADED, Failure.STARTTLS_MISSING, Phase.TLS)


async def test_expired_certificate_behind_starttls(postfix, probe):
    offset = postfix.logs["mail"].size
    result = await probe(postfix.target("submission", "expired"))
    assert seen(result) == (Status.DOWN, Failure.TLS_EXPIRED, Phase.TLS)
    assert result.certificate.problems == (Failure.TLS_EXPIRED,)
    # whoever verifies breaks the handshake off with an alert; Postfix tells so, and names the reason
    assert "alert certificate expired" in postfix.logs["mail"].wait_for("disconnect from", offset)
    # once the verdict on this chain is known, a probe takes its leave in order
    offset = postfix.logs["mail"].size
    again = await probe(postfix.target("submission", "expired"))
    assert seen(again) == seen(result)
    assert again.detail == result.detail
    said = postfix.logs["mail"].wait_for("disconnect from", offset)
    assert "ehlo=1 starttls=1 quit=1 commands=3" in said
    assert not [line for line in said.splitlines() if any(word in line for word in IMPOLITE)]


@pytest.mark.parametrize(("critical_days", "status"), [(7, Status.DEGRADED), (14, Status.DOWN)])
async def test_a_certificate_that_ends_soon_behind_starttls(postfix, probe, critical_days, status):
    offset = postfix.logs["mail"].size
    result = await probe(postfix.target("submission", "expiring"), tls_critical_days=critical_days)
    assert seen(result) == (status, Failure.TLS_EXPIRING, Phase.TLS)
    assert "certificate expires in 11 days" in result.detail
    # it is a whole visit all the same: the warning is no reason to break off
    said = postfix.logs["mail"].wait_for("disconnect from", offset)
    assert "ehlo=2 starttls=1 quit=1 commands=4" in said


async def test_too_many_connections(postfix, probe):
    place = (postfix.address, postfix.ports["busy"])
    with socket.create_connection(place, timeout=10) as visitor:
        assert visitor.recv(200).startswith(b"220 ")
        result = await probe(postfix.target("smtp", "busy"))
        visitor.sendall(b"QUIT\r\n")
        assert visitor.recv(200).startswith(b"221 ")
    assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL)
    assert "421" in result.detail


@pytest.mark.parametrize(
    ("variant", "wanted", "words"),
    [
        ("rejecting", (Status.DEGRADED, Failure.WATCHER_BLOCKED, Phase.PROTOCOL), "554 5.7.1"),
        ("helo", (Status.DEGRADED, Failure.WATCHER_BLOCKED, Phase.PROTOCOL), "Helo command rejected"),
        ("deferring", (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL), "450 4.3.2"),
    ],
)
async def test_nobody_is_let_in(postfix, probe, variant, wanted, words):
    offset = postfix.logs["mail"].size
    result = await probe(postfix.target("smtp", variant))
    assert seen(result) == wanted, result.detail
    assert words in result.detail
    assert "quit=1" in postfix.logs["mail"].wait_for("disconnect from", offset)


@pytest.mark.parametrize(
    ("scheme", "words"), [("submission", "passwords would travel"), ("smtp", "senders that insist on TLS")]
)
async def test_starttls_is_offered_and_refused(postfix, probe, scheme, words):
    offset = postfix.logs["mail"].size
    result = await probe(postfix.target(scheme, "keyless"))
    assert seen(result) == (Status.DEGRADED, Failure.STARTTLS_MISSING, Phase.TLS)
    assert "454 4.7.0 TLS not available" in result.detail
    assert words in result.detail
    assert "ehlo=1 starttls=0/1 quit=1" in postfix.logs["mail"].wait_for("disconnect from", offset)


async def test_who_means_it_so_is_not_warned_of_refused_starttls(postfix, probe):
    assert seen(await probe(postfix.target("smtp", "keyless"), plaintext_ok=True)) == UP


@pytest.mark.parametrize(
    ("scheme", "variant", "name"),
    [
        ("imap", "smtp", "IMAP"), ("pop3", "smtp", "POP3"), ("ftp", "smtp", "FTP"), ("ssh", "smtp", "SSH"),
        ("mysql", "smtp", "MySQL"), ("http", "smtp", "HTTP"), ("postgresql", "smtp", "PostgreSQL"),
        ("mssql", "smtp", "SQL Server"), ("mongodb", "smtp", "MongoDB"), ("elasticsearch", "smtp", "Elasticsearch"),
        ("imaps", "smtps", "IMAP"), ("pop3s", "smtps", "POP3"), ("ftps", "smtps", "FTP"), ("https", "smtps", "HTTP"),
        ("elasticsearch-tls", "smtps", "Elasticsearch"),
    ],
)  # fmt: skip
async def test_another_service_is_expected(postfix, probe, scheme, variant, name):
    result = await probe(postfix.target(scheme, variant))
    assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL), result.detail
    assert result.detail == f"SMTP answers here, not {name}"


async def test_smtps_expected_on_the_plain_port(postfix, probe):
    result = await probe(postfix.target("smtps", "plaintext"))
    assert seen(result) == (Status.DOWN, Failure.TLS_NOT_TLS, Phase.TLS)
    assert "SMTP" in result.detail


async def test_fail2ban_counts_nothing(postfix, probe):
    log = postfix.logs["mail"]
    offset = log.size
    roles = ("smtp", "submission", "smtps")
    for number in range(100):
        role = roles[number % 3]
        assert seen(await probe(postfix.target(role, role))) == UP
    said = log.wait_until(lambda said: said.count(": disconnect from") == 100, offset)
    assert matched(said, "postfix[mode=normal]") == 0
    assert matched(said, "postfix[mode=aggressive]") == 0
