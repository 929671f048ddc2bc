"""Probes against the distribution's own Apache: what its logs say of a visit, and what fail2ban makes of it."""

import pytest

from support.fail2ban import matched
from support.servers import UP, converse, seen
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]

VISITS = 100
GET = "GET {} HTTP/1.1\r\nHost: shop\r\nUser-Agent: {}\r\nConnection: close\r\n{}\r\n"
ATTACKS = {
    "apache-auth": ("error", GET.format("/private/", "x", "Authorization: Basic Ym9iOmJvYg==\r\n")),
    "apache-badbots": ("access", GET.format("/", "EmailCollector", "")),
    "apache-botsearch[webroot=/\\S*/]": ("error", GET.format("/phpmyadmin", "x", "")),
    "apache-nohome": ("error", GET.format("/~bob", "x", "")),
    "apache-noscript": ("error", GET.format("/shop.php", "x", "")),
}
"""fail2ban's filters for Apache: which log they read, and what they are there for.

`apache-overflows` is not among them: it knows no line of this Apache any more.
"""


async def test_a_probe_is_an_ordinary_visit(apache, probe):
    for scheme, variant in (("http", "http"), ("https", "tls")):
        offset = apache.logs["access"].size
        result = await probe(apache.target(scheme, variant), keyword="Welcome to the shop")
        assert seen(result) == UP, result.detail
        line = apache.logs["access"].wait_for("\n", offset)
        assert '"GET / HTTP/1.1" 200 ' in line
        assert '"uptime-tui/' in line


async def test_a_bad_certificate(apache, probe):
    result = await probe(apache.target("https", "expired"))
    assert seen(result) == (Status.DOWN, Failure.TLS_EXPIRED, Phase.TLS)


@pytest.mark.timeout(120)
async def test_fail2ban_counts_nothing(apache, probe):
    """A hundred visits of each kind, and a wrong scheme; then the control: attacks in the same logs, the same filters."""
    offsets = {name: log.size for name, log in apache.logs.items()}
    for _ in range(VISITS):
        for scheme, variant in (("http", "http"), ("https", "tls"), ("https", "expired"), ("tcp", "http")):
            await probe(apache.target(scheme, variant))
    for scheme, variant in (("http", "tls"), ("https", "http")):
        await probe(apache.target(scheme, variant))
    apache.logs["access"].wait_until(
        lambda said: said.count('" 400 ') == 2 and said.count('"uptime-tui/') == 2 * VISITS, offsets["access"]
    )
    logs = {name: log.since(offsets[name]) for name, log in apache.logs.items()}
    assert {name: matched(logs[log], name) for name, (log, _) in ATTACKS.items()} == dict.fromkeys(ATTACKS, 0)
    for name, (log, attack) in ATTACKS.items():
        offset = apache.logs[log].size
        converse(apache.address, apache.ports["http"], attack.encode(), until=b"never")
        apache.logs[log].wait_until(lambda said, name=name: matched(said, name) == 1, offset, name)
