"""Probes against the distribution's own daemons: what is seen, and what the daemons say of the visit."""

import socket

import pytest

from support.certificates import NAME
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]

UP = (Status.UP, None, None)
IMPOLITE = ("lost connection", "improper command", "timeout after", "warning:", "SSL_accept error")
"""What Postfix says of visitors that fail2ban's filters count."""


def seen(result):
    return result.status, result.failure, result.phase


class TestNginx:
    @pytest.mark.parametrize(
        ("path", "expect", "wanted"),
        [
            ("/", {}, UP),
            ("/", {"keyword": "Welcome to the shop"}, UP),
            ("/", {"keyword": "Buy"}, (Status.DOWN, Failure.KEYWORD_MISSING, Phase.CONTENT)),
            ("/", {"keyword_absent": "Welcome"}, (Status.DOWN, Failure.KEYWORD_PRESENT, Phase.CONTENT)),
            ("/json", {"json": True}, UP),
            ("/", {"json": True}, (Status.DOWN, Failure.JSON_INVALID, Phase.CONTENT)),
            ("/503", {}, (Status.DOWN, Failure.HTTP_STATUS, Phase.CONTENT)),
            ("/503", {"status": "503"}, UP),
            ("/moved", {"redirect": "https://www.example.test/"}, UP),
            ("/moved", {"redirect": "https://elsewhere.test/"}, (Status.DOWN, Failure.REDIRECT, Phase.CONTENT)),
        ],
    )
    async def test_http(self, nginx, probe, path, expect, wanted):
        offset = nginx.logs["access"].size
        result = await probe(nginx.target("http", "http", path), **expect)
        assert seen(result) == wanted, result.detail
        assert result.banner.startswith("nginx")
        line = nginx.logs["access"].wait_for("\n", offset)
        assert f'"GET {path} HTTP/1.1"' in line
        assert '"uptime-tui/' in line

    @pytest.mark.parametrize(
        ("state", "wanted", "problems"),
        [
            ("good", UP, ()),
            ("expired", (Status.DOWN, Failure.TLS_EXPIRED, Phase.TLS), (Failure.TLS_EXPIRED,)),
            ("not_yet", (Status.DOWN, Failure.TLS_NOT_YET_VALID, Phase.TLS), (Failure.TLS_NOT_YET_VALID,)),
            ("wrong_name", (Status.DOWN, Failure.TLS_NAME_MISMATCH, Phase.TLS), (Failure.TLS_NAME_MISMATCH,)),
            (
                "expired_wrong_name",
                (Status.DOWN, Failure.TLS_EXPIRED, Phase.TLS),
                (Failure.TLS_EXPIRED, Failure.TLS_NAME_MISMATCH),
            ),
            ("expiring", (Status.DEGRADED, Failure.TLS_EXPIRING, Phase.TLS), (Failure.TLS_EXPIRING,)),
            ("self_signed", (Status.DOWN, Failure.TLS_SELF_SIGNED, Phase.TLS), (Failure.TLS_SELF_SIGNED,)),
            ("untrusted", (Status.DOWN, Failure.TLS_UNTRUSTED, Phase.TLS), (Failure.TLS_UNTRUSTED,)),
        ],
    )
    async def test_https(self, nginx, probe, state, wanted, problems):
        result = await probe(nginx.target("https", state, "/json"), json=True)
        assert seen(result) == wanted, result.detail
        assert result.certificate.problems == problems
        assert result.timings.tls > 0

    async def test_certificate_facts(self, nginx, probe):
        certificate = (await probe(nginx.target("https", "good"))).certificate
        assert NAME in certificate.names
        assert "Test Intermediate" in certificate.issuer
        assert certificate.chain_length == 2
        assert certificate.protocol == "TLSv1.3"
        assert certificate.cipher
        assert 85 < (certificate.not_after - certificate.not_before) / 86400 - 10 < 95
        assert len(certificate.sha256) == 64

    async def test_unverified_certificates_are_shown_and_not_judged(self, nginx, probe):
        result = await probe(nginx.target("https", "self_signed"), tls_verify=False)
        assert seen(result) == UP
        assert result.certificate is not None

    async def test_https_to_the_plain_port(self, nginx, probe):
        result = await probe(nginx.target("https", "http"))
        assert seen(result) == (Status.DOWN, Failure.TLS_NOT_TLS, Phase.TLS)

    async def test_http_to_the_tls_port(self, nginx, probe):
        result = await probe(nginx.target("http", "good"))
        assert seen(result) == (Status.DOWN, Failure.HTTP_STATUS, Phase.CONTENT)
        assert "wants HTTPS" in result.detail

    async def test_redis_expected(self, nginx, probe):
        result = await probe(nginx.target("redis", "http"))
        assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL)
        assert "HTTP" in result.detail

    async def test_smtp_expected(self, nginx, probe):
        result = await probe(nginx.target("smtp", "http"), limit="1s")
        assert seen(result) == (Status.DOWN, Failure.NO_GREETING, Phase.PROTOCOL)

    async def test_no_error_is_logged(self, nginx, probe):
        offset = nginx.logs["error"].size
        for variant in ("good", "expired"):
            await probe(nginx.target("https", variant))
        assert "[error]" not in nginx.logs["error"].since(offset)


class TestPostfix:
    @pytest.fixture(autouse=True)
    def _visits_end_in_the_log(self, postfix):
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
    async def test_a_probe_is_an_ordinary_visit(self, postfix, probe, scheme, variant, polite):
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

    async def test_submission_without_starttls(self, postfix, probe):
        result = await probe(postfix.target("submission", "plaintext"))
        assert seen(result) == (Status.DEGRADED, Failure.STARTTLS_MISSING, Phase.TLS)

    async def test_expired_certificate_behind_starttls(self, postfix, probe):
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

    async def test_too_many_connections(self, postfix, probe):
        place = (postfix.address, postfix.ports["busy"])
        with socket.create_connection(place, timeout=10) as visitor:
            assert visitor.recv(200).startswith(b"220 ")
            result = await probe(postfix.target("smtp", "busy"))
            visitor.sendall(b"QUIT\r\n")
            assert visitor.recv(200).startswith(b"221 ")
        assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL)
        assert "421" in result.detail

    async def test_smtps_expected_on_the_plain_port(self, postfix, probe):
        result = await probe(postfix.target("smtps", "plaintext"))
        assert seen(result) == (Status.DOWN, Failure.TLS_NOT_TLS, Phase.TLS)
        assert "SMTP" in result.detail


class TestRedis:
    @pytest.mark.parametrize(
        ("variant", "wanted", "words"),
        [
            ("plain", UP, "PONG"),
            ("password", UP, "password required"),
            ("full", (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL), "max number of clients"),
        ],
    )
    async def test_redis(self, redis, probe, variant, wanted, words):
        offset = redis.logs[variant].size
        result = await probe(redis.target("redis", variant))
        assert seen(result) == wanted, result.detail
        assert words in result.detail
        assert "SECURITY ATTACK" not in redis.logs[variant].since(offset)

    async def test_mail_expected(self, redis, probe):
        result = await probe(redis.target("smtp", "plain"), limit="1s")
        assert seen(result) == (Status.DOWN, Failure.NO_GREETING, Phase.PROTOCOL)


class TestSshd:
    @pytest.mark.parametrize("scheme", ["ssh", "sftp", "tcp"])
    async def test_it_accepts(self, sshd, probe, scheme):
        assert seen(await probe(sshd.target(scheme, "ssh"))) == UP

    @pytest.mark.parametrize("scheme", ["smtp", "submission", "redis", "http"])
    async def test_another_service_is_expected(self, sshd, probe, scheme):
        result = await probe(sshd.target(scheme, "ssh"))
        assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL)
        assert "SSH" in result.detail

    async def test_tls_is_expected(self, sshd, probe):
        result = await probe(sshd.target("https", "ssh"))
        assert seen(result) == (Status.DOWN, Failure.TLS_NOT_TLS, Phase.TLS)
