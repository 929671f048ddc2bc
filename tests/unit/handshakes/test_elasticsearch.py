import json

import pytest

from uptime_tui.dial.drive import Driver
from uptime_tui.handshakes import elasticsearch
from uptime_tui.model.failure import Failure
from uptime_tui.model.secret import Credentials, Secret
from uptime_tui.model.steps import Ask

ROOT = {"cluster_name": "shop", "version": {"number": "8.17.0"}}
LOGIN = Credentials(Secret("pass word"), "uptime")


def answer(code, body):
    data = json.dumps(body).encode()
    return b"HTTP/1.1 %d x\r\ncontent-length: %d\r\n\r\n%s" % (code, len(data), data)


def probe(*answers):
    """What was asked, and how it ended."""
    driver = Driver(elasticsearch.handshake(Ask("es.test", 9200, "elasticsearch", login=LOGIN)))
    asked = [driver.start(0.0)]
    asked += [driver.feed(each, 0.1) for each in answers]
    assert driver.over
    return asked, driver.ending.outcome


@pytest.mark.parametrize(
    ("code", "health", "failure", "words"),
    [
        (200, {"status": "green"}, None, "Elasticsearch 8.17.0, cluster shop, health green"),
        (200, {"status": "yellow", "unassigned_shards": 3}, Failure.BUSY, "replicas are missing, 3 shards unassigned"),
        (200, {"status": "red", "unassigned_shards": 9}, Failure.JSON_MISMATCH, "data is missing, 9 shards unassigned"),
        (403, {"status": 403}, None, "health not told (HTTP 403)"),
    ],
)
def test_with_a_login_the_health_is_asked_for(code, health, failure, words):
    asked, outcome = probe(answer(200, ROOT), answer(code, health))
    assert asked[0].startswith(b"GET / HTTP/1.1\r\nHost: es.test:9200\r\n")
    assert b"Connection: keep-alive\r\n" in asked[0]
    assert asked[1].startswith(b"GET /_cluster/health?local=true HTTP/1.1\r\n")
    assert b"Connection: close\r\n" in asked[1]
    assert all(b"Authorization: Basic dXB0aW1lOnBhc3Mgd29yZA==\r\n" in each for each in asked[:2])
    assert (outcome.failure, outcome.banner) == (failure, "Elasticsearch 8.17.0")
    assert words in outcome.detail


def test_a_login_that_is_refused():
    asked, outcome = probe(answer(401, {"status": 401}))
    assert (outcome.failure, outcome.detail) == (Failure.REFUSED_SERVICE, "HTTP 401: the login is refused")
    assert asked[1] == b""


def test_an_answer_without_an_end():
    driver = Driver(elasticsearch.handshake(Ask("es.test", 9200, "elasticsearch")))
    driver.start(0.0)
    driver.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n", 0.1)
    for _ in range(5):
        driver.feed(b"x" * 16384, 0.2)
    assert driver.over
    assert driver.ending.outcome.failure is Failure.BAD_PROTOCOL


@pytest.mark.parametrize(("line", "seconds"), [(b"Retry-After: 90\r\n", 90.0), (b"", None)])
def test_a_time_to_come_back_is_kept(line, seconds):
    _, outcome = probe(b"HTTP/1.1 429 x\r\n%bcontent-length: 0\r\n\r\n" % line)
    assert outcome.failure is Failure.BUSY
    assert (outcome.rest and outcome.rest.seconds) == seconds
