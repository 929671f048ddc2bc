"""Probes against the distribution's own nginx: what is seen of web pages and certificates."""

import pytest

from support.certificates import NAME, authority
from support.fail2ban import matched
from support.servers import UP, converse, seen
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]

VISITS = 100
GET = "GET {} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n{}\r\n"
ATTACKS = {
    "nginx-http-auth": ("error", GET.format("/private", "Authorization: Basic Ym9iOmJvYg==\r\n")),
    "nginx-limit-req": ("error", GET.format("/limited", "")),
    "nginx-botsearch": ("access", GET.format("/phpmyadmin", "")),
    "nginx-bad-request": ("access", "nonsense\r\n\r\n"),
}
"""fail2ban's filters for nginx: which log they read, and what they are there for."""


@pytest.mark.parametrize(
    ("path", "expect", "wanted"),
    [
        ("/", {}, UP),
        ("/", {"keyword": "Welcome to the shop"}, UP),
        ("/", {"keyword": "Buy"}, (Status.DOWN, Failure.KEYWORD_MISSING, Phase.CONTENT)),
        ("/", {"keyword_absent": "Welcome"}, (Status.DOWN, Failure.KEYWORD_PRESENT, Phase.CONTENT)),
        ("/json", {"json": True}, UP),
        ("/", {"json": True}, (Status.DOWN, Failure.JSON_INVALID, Phase.CONTENT)),
        ("/503", {}, (Status.DEGRADED, Failure.BUSY, Phase.CONTENT)),
        ("/no_backend", {}, (Status.DOWN, Failure.HTTP_STATUS, Phase.CONTENT)),
        ("/503", {"status": "503"}, UP),
        ("/moved", {"redirect": "https://www.example.test/"}, UP),
        ("/moved", {"redirect": "https://elsewhere.test/"}, (Status.DOWN, Failure.REDIRECT, Phase.CONTENT)),
    ],
)
async def test_http(nginx, probe, path, expect, wanted):
    offset = nginx.logs["access"].size
    result = await probe(nginx.target("http", "http", path), **expect)
    assert seen(result) == wanted, result.detail
    assert result.banner.startswith("nginx")
    line = nginx.logs["access"].wait_for("\n", offset)
    assert f'"GET {path} HTTP/1.1"' in line
    assert '"uptime-tui/' in line


@pytest.mark.parametrize("scheme", ["http", "plesk"])
async def test_a_rate_limit(nginx, probe, scheme):
    """Degraded, also where every status below 500 is fine."""
    target = nginx.target(scheme, "http" if scheme == "http" else "good", "/once_a_minute")
    await probe(target)
    result = await probe(target)
    assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.CONTENT)
    assert result.detail == "HTTP 429 Too Many Requests"
    assert seen(await probe(target, status="429")) == UP


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
        ("expiring_critical", (Status.DOWN, Failure.TLS_EXPIRING, Phase.TLS), (Failure.TLS_EXPIRING,)),
        ("self_signed", (Status.DOWN, Failure.TLS_SELF_SIGNED, Phase.TLS), (Failure.TLS_SELF_SIGNED,)),
        ("untrusted", (Status.DOWN, Failure.TLS_UNTRUSTED, Phase.TLS), (Failure.TLS_UNTRUSTED,)),
        ("missing_intermediate", (Status.DOWN, Failure.TLS_UNTRUSTED, Phase.TLS), (Failure.TLS_UNTRUSTED,)),
        ("short_lived", (Status.DEGRADED, Failure.TLS_EXPIRING, Phase.TLS), (Failure.TLS_EXPIRING,)),
    ],
)
async def test_https(nginx, probe, state, wanted, problems):
    result = await probe(nginx.target("https", state, "/json"), json=True)
    assert seen(result) == wanted, result.detail
    assert result.certificate.problems == problems
    assert result.timings.tls > 0


async def test_an_intermediate_that_is_not_sent_is_no_unknown_issuer(nginx, probe):
    missing, unknown = [await probe(nginx.target("https", each)) for each in ("missing_intermediate", "untrusted")]
    assert missing.certificate.missing_intermediate
    assert "intermediate" in missing.detail
    assert not unknown.certificate.missing_intermediate
    assert unknown.detail == "issuer is not trusted here: Other Root"


async def test_certificate_facts(nginx, probe):
    certificate = (await probe(nginx.target("https", "good"))).certificate
    assert NAME in certificate.names
    assert "Test Intermediate" in certificate.issuer
    assert certificate.chain_length == 2
    assert certificate.protocol == "TLSv1.3"
    assert certificate.cipher
    assert 85 < (certificate.not_after - certificate.not_before) / 86400 - 10 < 95
    assert len(certificate.sha256) == 64


async def test_a_pinned_certificate_needs_no_issuer(nginx, probe):
    pin = (await probe(nginx.target("https", "self_signed"))).certificate.sha256
    assert seen(await probe(nginx.target("https", "self_signed"), tls_pin=pin)) == UP
    other = await probe(nginx.target("https", "good"), tls_pin=pin)
    assert seen(other) == (Status.DOWN, Failure.TLS_UNTRUSTED, Phase.TLS)
    assert other.certificate.sha256 in other.detail


async def test_an_authority_of_its_own(nginx, probe, tmp_path):
    file = tmp_path / "ca.pem"
    file.write_bytes(authority.leaf("self_signed").pem())
    refused = await probe(nginx.target("https", "good"), tls_ca_file=str(file))
    assert seen(refused) == (Status.DOWN, Failure.TLS_UNTRUSTED, Phase.TLS)
    file.write_bytes(authority.root.pem() + b"\n")
    assert seen(await probe(nginx.target("https", "good"), tls_ca_file=str(file))) == UP


async def test_unverified_certificates_are_shown_and_not_judged(nginx, probe):
    result = await probe(nginx.target("https", "self_signed"), tls_verify=False)
    assert seen(result) == UP
    assert result.certificate is not None


async def test_https_to_the_plain_port(nginx, probe):
    offset = nginx.logs["access"].size
    result = await probe(nginx.target("https", "http"))
    nginx.logs["access"].wait_for('" 400 ', offset)  # which comes after the answer: no other test is to see it
    assert seen(result) == (Status.DOWN, Failure.TLS_NOT_TLS, Phase.TLS)


@pytest.mark.parametrize("scheme", ["http", "elasticsearch"])
async def test_http_to_the_tls_port(nginx, probe, scheme):
    offset = nginx.logs["access"].size
    result = await probe(nginx.target(scheme, "good"))
    nginx.logs["access"].wait_for('" 400 ', offset)  # which comes after the answer: no other test is to see it
    assert seen(result) == (Status.DOWN, Failure.HTTP_STATUS, Phase.CONTENT)
    assert "wants HTTPS" in result.detail


async def test_redis_expected(nginx, probe):
    offset = nginx.logs["access"].size
    result = await probe(nginx.target("redis", "http"))
    nginx.logs["access"].wait_for('" 400 ', offset)  # which comes after the answer: no other test is to see it
    assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL)
    assert "HTTP" in result.detail


async def test_smtp_expected(nginx, probe):
    result = await probe(nginx.target("smtp", "http"), limit="1s")
    assert seen(result) == (Status.DOWN, Failure.NO_GREETING, Phase.PROTOCOL)


async def test_no_error_is_logged(nginx, probe):
    offset = nginx.logs["error"].size
    for variant in ("good", "expired"):
        await probe(nginx.target("https", variant))
    assert "[error]" not in nginx.logs["error"].since(offset)


@pytest.mark.parametrize(
    ("scheme", "variant"),
    [("http", "http"), ("https", "good"), ("https", "expired"), ("plesk", "good"), ("cpanel", "good"), ("tcp", "http")],
)
async def test_fail2ban_counts_nothing(nginx, probe, scheme, variant):
    offsets = {name: log.size for name, log in nginx.logs.items()}
    for _ in range(VISITS):
        await probe(nginx.target(scheme, variant))
    if (scheme, variant) in {("http", "http"), ("https", "good")}:  # a line is written when its answer is gone already
        nginx.logs["access"].wait_until(lambda said: said.count('"uptime-tui/') == VISITS, offsets["access"])
    said = {name: log.since(offsets[name]) for name, log in nginx.logs.items()}
    assert {name: matched(said[log], name) for name, (log, _) in ATTACKS.items()} == dict.fromkeys(ATTACKS, 0)


@pytest.mark.parametrize("name", ATTACKS)
async def test_fail2ban_would_count_an_attack(nginx, name):
    """The control: the same logs, read by the same filters."""
    kind, attack = ATTACKS[name]
    log = nginx.logs[kind]
    offset = log.size
    for _ in range(2):
        converse(nginx.address, nginx.ports["http"], attack.encode(), until=b"never", goodbye=b"")
    log.wait_until(lambda said: matched(said, name) > 0, offset, name)


@pytest.mark.parametrize(("scheme", "variant"), [("http", "good"), ("https", "http")])
async def test_fail2ban_counts_the_wrong_scheme(nginx, probe, scheme, variant):
    offset = nginx.logs["access"].size
    await probe(nginx.target(scheme, variant))
    said = nginx.logs["access"].wait_for('" 400 ', offset)
    assert matched(said, "nginx-bad-request") == 1
