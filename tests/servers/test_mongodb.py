"""Probes against SecantusDB, which is not mongod, but no code of ours either."""

import pytest

from support.certificates import NAME
from support.servers import UP, converse, seen
from uptime_tui.handshakes.mongodb import IS_MASTER
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ("replica", "primary of replica set secantus"),
        ("standalone", "standalone"),
        ("login", "primary of replica set secantus"),  # hello needs no login
    ],
)
async def test_a_probe_is_an_ordinary_visit(mongodb, probe, variant, words):
    offset = mongodb.logs[variant].size
    result = await probe(mongodb.target("mongodb", variant))
    assert seen(result) == UP, result.detail
    assert result.detail.startswith(words)
    said = mongodb.logs[variant].since(offset)
    assert "ERROR" not in said
    assert "WARNING" not in said


def test_the_older_question_is_understood_too(mongodb):
    heard = converse(mongodb.address, mongodb.ports["replica"], IS_MASTER, until=b"ismaster")
    assert heard[12:16] == b"\x01\0\0\0"  # OP_REPLY


async def test_a_server_that_wants_tls(mongodb, probe):
    result = await probe(mongodb.target("mongodb", "tls"))
    assert seen(result) == (Status.DOWN, Failure.CLOSED_EARLY, Phase.PROTOCOL)


async def test_in_tls(mongodb, probe):
    result = await probe(mongodb.target("mongodb-tls", "tls"))
    assert seen(result) == UP, result.detail
    assert NAME in result.certificate.names


async def test_another_service_is_expected(mongodb, probe):
    result = await probe(mongodb.target("smtp", "replica"), limit="1s")
    assert seen(result) == (Status.DOWN, Failure.NO_GREETING, Phase.PROTOCOL)
