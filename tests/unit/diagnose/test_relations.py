"""How far a fault reaches, and the one sentence that says it."""

import pytest

from support.cases import NOW_MS, case, neighbour
from uptime_tui.diagnose.relations import (
    domain_of,
    network_of,
    relations,
    same_certificate,
    same_domain,
    same_host,
    same_network,
    summary,
    word_of,
)
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.monitor import Expectations

F = Failure

MAIL = [
    neighbour("submission://mx1.example.net:587", F.REFUSED, 2),
    neighbour("imaps://mx1.example.net:993", F.REFUSED, 3),
    neighbour("pop3s://mx1.example.net:995", F.REFUSED, 4),
    neighbour("smtps://mx1.example.net:465", F.REFUSED, 5),
]
SSH = neighbour("ssh://mx1.example.net:22", None, 6)


def names(group):
    return [each.monitor.name for each in group]


def test_a_host_is_its_name_or_its_address():
    by_name = neighbour("ssh://mx1.example.net:22", number=2)
    by_address = neighbour("https://www.example.net:443", number=3, address="192.0.2.7")
    literal = neighbour("tcp://192.0.2.7:8080", number=4)
    other = neighbour("https://192.0.2.8:443", number=5)
    group = (by_name, by_address, literal, other)
    assert same_host(case(neighbours=group)) == (by_name, by_address, literal)
    assert same_network(case(neighbours=group)) == (other,)


def test_a_network_is_24_bits_of_ipv4_and_64_of_ipv6():
    assert network_of("192.0.2.77") == "192.0.2.0/24"
    assert network_of("2001:db8:1:2::77") == "2001:db8:1:2::/64"
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("127.0.0.1") == network_of("::1") == network_of("mx.example.net") == network_of("") == ""


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("mx1.example.net", "example.net"),
        ("example.net", "example.net"),
        ("www.example.co.uk", "example.co.uk"),
        ("localhost", ""),
        ("192.0.2.1", ""),
        ("2001:db8::1", ""),
        ("127.0.0.1", ""),
    ],
)
def test_a_domain_is_what_is_left_of_a_name(host, domain):
    assert domain_of(host) == domain


def test_names_of_a_domain_are_not_those_that_only_end_alike():
    www, evil = neighbour("https://www.example.net:443"), neighbour("https://notexample.net:443", number=3)
    assert same_domain(case(neighbours=(www, evil))) == (www,)


def test_without_a_certificate_nobody_has_the_same():
    assert same_certificate(case(neighbours=(neighbour("https://a.example.net:443"),))) == ()


@pytest.mark.parametrize(
    ("failure", "age_s", "word"),
    [
        (None, 0, "alive"),
        (F.REFUSED, 0, "alive"),
        (F.TLS_EXPIRED, 0, "alive"),
        (F.NO_GREETING, 0, "alive"),
        (F.TIMEOUT, 0, "silent"),
        (F.HOST_UNREACHABLE, 0, "silent"),
        (F.DNS_NXDOMAIN, 0, "unknown"),
        (F.PARTIAL, 0, "unknown"),
        (None, 20, "unknown"),
        (F.TIMEOUT, 20, "unknown"),
    ],
)
def test_a_neighbour_speaks_only_of_the_time_since_the_fault_began(failure, age_s, word):
    failed = case(since_ms=NOW_MS - 10_000)
    assert word_of(neighbour("ssh://mx1.example.net:22", failure, age_s=age_s), failed) == word


def test_what_was_seen_long_ago_says_nothing_however_long_the_fault_lasts():
    failed = case(since_ms=NOW_MS - 3_600_000)
    assert word_of(neighbour("ssh://mx1.example.net:22", age_s=100), failed) == "alive"
    assert word_of(neighbour("ssh://mx1.example.net:22", age_s=600), failed) == "unknown"


def test_a_paused_monitor_says_nothing():
    assert word_of(neighbour("ssh://mx1.example.net:22", status=Status.PAUSED), case()) == "unknown"


@pytest.mark.parametrize(
    ("failure", "neighbours", "said"),
    [
        (
            F.REFUSED,
            [*MAIL, SSH],
            "all five mail services on this host: connection refused, ssh fine: the mail stack, not the host",
        ),
        (
            F.REFUSED,
            MAIL,
            "all five services watched on this host: connection refused: the whole host, not one service",
        ),
        (
            F.TIMEOUT,
            [neighbour("ssh://mx1.example.net:22", F.TIMEOUT)],
            "both services watched on this host: timeout: the host or its path, not one service",
        ),
        (F.REFUSED, [SSH], "ssh on this host fine: this service, not the host"),
        (F.REFUSED, [MAIL[0], SSH], "both mail services on this host: connection refused, ssh fine: the mail stack"),
        (
            F.TIMEOUT,
            [neighbour(f"https://192.0.2.{each}:443", F.TIMEOUT, each) for each in (10, 11)],
            "two other monitors of 192.0.2.0/24 are silent too: the network, not the host",
        ),
        (
            F.TIMEOUT,
            [
                *(neighbour(f"https://192.0.2.{each}:443", F.TIMEOUT, each) for each in (10, 11)),
                neighbour("https://192.0.2.12:443", None, 12),
            ],
            "",
        ),
        (
            F.TIMEOUT,
            [neighbour("ssh://mx1.example.net:22", F.REFUSED), neighbour("imap://mx1.example.net:143", F.TIMEOUT, 3)],
            "smtp, imap on this host silent, ssh answers: the host is there",
        ),
        (F.TIMEOUT, [neighbour("https://198.51.100.1:443", F.TIMEOUT)], ""),
        (F.TIMEOUT, [], ""),
    ],
)
def test_one_sentence_says_how_far_it_reaches(failure, neighbours, said):
    text = summary(case(failure, neighbours=tuple(neighbours)))
    assert text.startswith(said)
    assert bool(text) == bool(said)


def test_a_port_that_must_not_answer_says_nothing_of_its_host_while_it_does_not():
    shut = neighbour("mysql://mx1.example.net:3306", expect=Expectations(closed=True))
    assert word_of(shut, case()) == "unknown"
    assert summary(case(F.TIMEOUT, neighbours=(shut,))) == ""
    open_ = neighbour("mysql://mx1.example.net:3306", F.EXPOSED, expect=Expectations(closed=True))
    assert word_of(open_, case()) == "alive"


def test_of_whom_nothing_is_known_yet_is_no_relation():
    unseen = neighbour("ssh://mx1.example.net:22", status=Status.PENDING)
    assert relations(case(neighbours=(unseen,))) == ()


def test_relations_name_who_fails_and_who_does_not():
    found = relations(case(F.REFUSED, neighbours=(*MAIL, SSH, neighbour("https://www.example.net:443", None, 9))))
    assert [(each.shared, len(each.failing), each.fine) for each in found] == [
        ("host mx1.example.net", 4, ("mx1.example.net ssh",)),
        ("domain example.net", 0, ("www.example.net https",)),
    ]
