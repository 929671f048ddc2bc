"""Probes against the distribution's own PgBouncer: what is seen, and what its log says of the visit."""

import pytest

from support.certificates import NAME
from support.servers import UP, seen
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]

BUSY = (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL)


@pytest.mark.parametrize(
    ("variant", "wanted", "words"),
    [
        ("login", UP, "asks for a login (SCRAM) (no TLS is offered)"),
        ("full", BUSY, "no more connections allowed (max_client_conn)"),
        ("unknown", UP, "no such database: postgres"),
        ("dead", BUSY, "query_wait_timeout"),
        ("rejecting", UP, "does not let us in: 08P01"),
    ],
)
async def test_pgbouncer(pgbouncer, probe, variant, wanted, words):
    result = await probe(pgbouncer.target("postgresql", variant))
    assert seen(result) == wanted, result.detail
    assert words in result.detail
    assert result.rest is None


async def test_in_tls(pgbouncer, probe):
    result = await probe(pgbouncer.target("postgresql", "tls"))
    assert seen(result) == UP, result.detail
    assert result.detail == "ready, asks for a login (SCRAM)"
    assert NAME in result.certificate.names


async def test_a_visit_is_two_lines_and_no_warning(pgbouncer, probe):
    log = pgbouncer.logs["login"]
    offset = log.size
    for _ in range(20):
        assert seen(await probe(pgbouncer.target("postgresql", "login"))) == UP
    said = log.wait_until(lambda said: said.count("login attempt: db=postgres user=uptime_tui tls=no") == 20, offset)
    assert said.count("no such user: uptime_tui") == 20
    assert not [line for line in said.splitlines() if "WARNING" in line or "ERROR" in line or "closing because" in line]


async def test_a_known_name_and_a_setting_make_it_silent(pgbouncer, probe):
    await probe(pgbouncer.target("postgresql", "tls"))
    offset = pgbouncer.logs["tls"].size  # whoever names a database of `*` first leaves a line, once
    for _ in range(20):
        assert seen(await probe(pgbouncer.target("postgresql", "tls"))) == UP
    assert pgbouncer.logs["tls"].since(offset) == ""


async def test_whoever_is_turned_away_is_warned_of(pgbouncer, probe):
    """The control: the same log tells of visits that end otherwise."""
    offset = pgbouncer.logs["full"].size
    await probe(pgbouncer.target("postgresql", "full"))
    pgbouncer.logs["full"].wait_for("pooler error: no more connections allowed", offset)
