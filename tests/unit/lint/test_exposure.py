"""Which ports may be open to the world and should not be."""

import pytest

from support.fleets import monitor, row
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.lint.exposure import is_exposed, is_sensitive, warning, warns
from uptime_tui.model.monitor import Expectations

CATALOGUE = load_catalogue()


@pytest.mark.parametrize(
    ("exposure", "status", "address", "exposed"),
    [
        ("private", "up", "8.8.8.8", True),
        ("restricted", "degraded", "2a00:1450:4001::1", True),
        ("private", "up", "::ffff:8.8.8.8", True),
        ("public", "up", "8.8.8.8", False),
        ("private", "down", "8.8.8.8", False),
        ("private", "up", None, False),
        ("private", "up", "10.0.0.7", False),
        ("private", "up", "::ffff:10.0.0.7", False),
        ("private", "up", "100.64.1.1", False),
        ("private", "up", "fe80::1%eth0", False),
        ("private", "up", "::1", False),
        ("private", "up", "no address", False),
    ],
)
def test_exposure(exposure, status, address, exposed):
    assert is_exposed(exposure, row(1, status), address) is exposed


def test_databases_caches_and_panels_are_worth_a_mark_and_ssh_is_not():
    found = {name for name, service in CATALOGUE.services.items() if is_sensitive(service)}
    spoken = {"mysql", "postgresql", "mssql", "redis", "mongodb", "elasticsearch", "cpanel", "whm", "plesk"}
    assert found >= spoken | {"rediss", "mongodb-tls", "elasticsearch-tls"}
    assert not found & {"http", "https", "smtp", "imap", "ftp", "ssh", "sftp", "tcp"}


@pytest.mark.parametrize(
    ("changes", "marked"),
    [({}, True), ({"lint_ignore": ("exposed",)}, False), ({"expect": Expectations(closed=True)}, False)],
)
def test_who_says_that_it_is_meant_so_is_not_warned(changes, marked):
    redis = CATALOGUE.get("redis")
    watched = monitor(1, target=("redis", "cache.example.net", 6379), **changes)
    open_row = row(1, "up", address="8.8.8.8")
    assert warns(watched, redis, open_row) is marked
    assert warning(watched, redis, open_row).startswith("Redis answers at the public address 8.8.8.8.") is marked
    assert warning(watched, None, open_row) == ""
