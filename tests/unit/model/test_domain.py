"""The registered part of a name."""

import pytest

from uptime_tui.model.domain import registered, registers


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.shop.example", "shop.example"), ("shop.example", "shop.example"), ("a.b.c.example.de", "example.de"),
        ("www.example.co.uk", "example.co.uk"), ("www.example.com.au.", "example.com.au"), ("WWW.Example.ORG", "example.org"),
        ("co.uk", ""), ("localhost", ""), ("192.0.2.7", ""), ("2001:db8::7", ""), ("fe80::1%eth0", ""),
    ],
)  # fmt: skip
def test_what_a_registry_knows(host, domain):
    assert registered(host) == domain


@pytest.mark.parametrize(
    ("zone", "answer"), [("com", True), ("co.uk", True), ("example.com", False), ("net.com", False), ("ac.at", True)]
)
def test_below_which_zones_domains_are_registered(zone, answer):
    assert registers(zone.split(".")) is answer
