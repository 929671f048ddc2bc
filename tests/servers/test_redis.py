"""Probes against the distribution's own Redis: what is seen, and that no attack is logged."""

import pytest

from support.servers import UP, converse, seen
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


@pytest.mark.parametrize("variant", ["plain", "password"])
async def test_a_hundred_probes_leave_no_line(redis, probe, variant):
    offset = redis.logs[variant].size
    for _ in range(100):
        assert seen(await probe(redis.target("redis", variant))) == UP
    assert redis.logs[variant].since(offset) == ""


async def test_another_visitor_would_leave_one(redis):
    """The control: the same log tells of visitors that speak another protocol."""
    offset = redis.logs["plain"].size
    converse(redis.address, redis.ports["plain"], b"POST / HTTP/1.1\r\nHost: shop\r\n\r\n", until=b"never")
    redis.logs["plain"].wait_for("SECURITY ATTACK", offset)
