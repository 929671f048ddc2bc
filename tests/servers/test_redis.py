"""Probes against the distribution's own Redis: what is seen, and that no attack is logged."""

import pytest

from support.servers import UP, seen
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]


@pytest.mark.parametrize(
    ("variant", "wanted", "words"),
    [
        ("plain", UP, "PONG"),
        ("password", UP, "password required"),
        ("full", (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL), "max number of clients"),
    ],
)
async def test_redis(redis, probe, variant, wanted, words):
    offset = redis.logs[variant].size
    result = await probe(redis.target("redis", variant))
    assert seen(result) == wanted, result.detail
    assert words in result.detail
    assert "SECURITY ATTACK" not in redis.logs[variant].since(offset)


async def test_mail_expected(redis, probe):
    result = await probe(redis.target("smtp", "plain"), limit="1s")
    assert seen(result) == (Status.DOWN, Failure.NO_GREETING, Phase.PROTOCOL)
