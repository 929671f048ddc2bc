"""Probes against the distribution's own Redis: what is seen, and that no attack is logged."""

import socket
import sys
from pathlib import Path

import pytest

from support.certificates import NAME
from support.daemons.redis import PING
from support.netns import namespaces, need_namespaces
from support.servers import UP, ServerLog, converse, daemon, need, seen, server_folder
from uptime_tui.handshakes.redis import command
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]


BUSY = (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL)


@pytest.mark.parametrize(
    ("variant", "wanted", "words"),
    [
        ("plain", UP, "PONG"),
        ("password", UP, "password required"),
        ("full", BUSY, "max number of clients"),
        ("loading", BUSY, "-LOADING"),
        ("orphan", BUSY, "replica without its master"),
        ("unsaved", BUSY, "cannot save to disk, refuses writes: -MISCONF"),
    ],
)
async def test_redis(redis, probe, variant, wanted, words):
    offset = redis.logs[variant].size
    result = await probe(redis.target("redis", variant))
    assert seen(result) == wanted, result.detail
    assert words in result.detail
    assert "SECURITY ATTACK" not in redis.logs[variant].since(offset)


async def test_a_script_keeps_it_busy(redis, probe):
    place = (redis.address, redis.ports["plain"])
    with socket.create_connection(place, timeout=10) as visitor:
        visitor.sendall(command("EVAL", "while true do end", "0"))
        try:
            while b"-BUSY" not in converse(*place, PING, until=b"\r\n"):
                continue
            result = await probe(redis.target("redis", "plain"))
        finally:
            converse(*place, command("SCRIPT", "KILL"), until=b"\r\n")
        assert b"killed by user" in visitor.recv(200)
    assert seen(result) == BUSY, result.detail
    assert "running a script" in result.detail


@pytest.mark.parametrize(
    ("variant", "wanted"),
    [
        ("tls", UP),
        ("expired", (Status.DOWN, Failure.TLS_EXPIRED, Phase.TLS)),
        ("self_signed", (Status.DEGRADED, Failure.TLS_SELF_SIGNED, Phase.TLS)),
    ],
)
async def test_in_tls(redis, probe, variant, wanted):
    offset = redis.logs[variant].size
    result = await probe(redis.target("rediss", variant))
    assert seen(result) == wanted, result.detail
    assert NAME in result.certificate.names
    if wanted == UP:
        assert result.detail == "PONG"
        assert redis.logs[variant].since(offset) == ""


async def test_the_tls_port_in_clear_text(redis, probe):
    result = await probe(redis.target("redis", "tls"))
    assert seen(result) == (Status.DOWN, Failure.CLOSED_EARLY, Phase.PROTOCOL)


async def test_no_tls_on_the_plain_port(redis, probe):
    result = await probe(redis.target("rediss", "plain"), limit="1s")
    assert seen(result) == (Status.DOWN, Failure.TLS_HANDSHAKE, Phase.TLS)


def test_strangers_in_protected_mode():
    """Protected mode serves 127.0.0.0/8 alone, so that it takes another address to be a stranger."""
    binary = need("redis-server", "redis-server")
    need_namespaces()
    place = ("10.77.1.1", 6379)
    script = Path(__file__).parents[1] / "support" / "many_probes.py"
    with namespaces("redis") as (there,), server_folder() as folder:
        there.ip(f"address add {place[0]}/32 dev lo")
        words = [binary, "--bind", place[0], "--save", "", "--dir", str(folder), "--logfile", str(folder / "redis.log")]

        def ready():
            return there.call(converse, *place, PING, until=b"\r\n").startswith(b"-DENIED")

        with daemon(there.command(*words), folder, ready, as_root=True):
            log = ServerLog(folder / "redis.log")
            offset = log.size
            said = there.run(sys.executable, str(script), f"redis://{place[0]}", "3").stdout
            assert log.since(offset) == ""
    assert said.splitlines() == ["up answers, protected mode: strangers are not served"] * 3


@pytest.mark.parametrize(("scheme", "variant"), [("redis", "smtp"), ("rediss", "smtps")])
async def test_mail_answers(postfix, probe, scheme, variant):
    log = postfix.logs["mail"]
    result = await probe(postfix.target(scheme, variant))
    log.wait_until(lambda said: said.count(": connect from") == said.count(": disconnect from"))
    assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL), result.detail
    assert result.detail.startswith("SMTP answers here")


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
