"""`list` answers the dashboard's filter, with and without a running engine."""

from support.fleets import NOW_MS, monitor, row
from uptime_tui.cli.commands.list import _listed
from uptime_tui.model.filter import parse_filter

NOW_S = NOW_MS / 1000
SHOP = monitor(1, "Shop", tags=("prod",))


def holds(term, present, *, of=SHOP):
    return bool(parse_filter(term).select([_listed(of, "tcp://host1.example.net:9000", present)], NOW_S))


def test_what_the_configuration_says():
    for present in (None, row(1)):
        assert all(holds(term, present) for term in ("shop", "9000", "tag:prod", "cat:web", "svc:tcp", "host:host1"))
    assert not holds("state:up", None)
    assert holds("state:paused", row(1), of=monitor(1, paused=True))
    assert holds("state:paused", None, of=monitor(1, paused=True))


def test_what_the_engine_says():
    sick = row(1, "down", failure="refused", latency_ms=300.0, cert_not_after=int(NOW_S) + 5 * 86400)
    assert all(holds(term, sick) for term in ("state:down", "why:refused", "lat>200", "cert<14", "cert>4"))
    assert not any(holds(term, sick) for term in ("state:up", "lat<200", "cert<4", "state:suspected"))
    assert holds("state:suspected why:timeout", row(1, suspected="timeout"))
