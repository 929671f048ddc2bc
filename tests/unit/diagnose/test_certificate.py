"""What can be read from a refused certificate, the last good one and those next door; and which cause comes first."""

import pytest

from support.explained import DAY_S, HOST, NOW_S, case, causes, certificate, ids, neighbour, result, suspects
from uptime_tui.diagnose.evidence import certificate as collector
from uptime_tui.model.certificate import Window
from uptime_tui.model.failure import Failure, Status

EXPIRED = certificate(days=-2)
GOOD = certificate(days=60, key="b")


def of(failure, shown, **more):
    return case(failure, certificate=shown, **more)


def good(shown, **more):
    return result(certificate=shown, at_s=NOW_S - 3600, **more)


def first(asked):
    found = list(collector.facts(asked))
    assert set(ids(found)) <= set(collector.FACTS)
    return causes(asked, found)[0]


def next_door(**more):
    return neighbour("imaps", certificate="c" * 64, certificate_end=NOW_S + 80 * DAY_S, **more)


@pytest.mark.parametrize("service", ["https", "smtp", "submission", "cpanel"])
def test_a_newer_one_next_door_proves_that_the_renewal_did_not_reach_this_service(service):
    asked = of(
        Failure.TLS_EXPIRED, EXPIRED, service=service, last_good=good(EXPIRED), neighbours=(next_door(),)
    )  # fmt: skip
    found = list(collector.facts(asked))
    assert {"cert_as_before", "cert_newer_next_door", "cert_since"} <= set(ids(found))
    assert first(asked) == "not_reloaded"
    assert suspects(asked, found)[0].confidence > 0.7
    assert suspects(asked, found)[0].checks[0].verdict == "wrong"


def test_the_same_one_everywhere_was_not_renewed():
    same = neighbour("imaps", certificate=EXPIRED.sha256, certificate_end=EXPIRED.not_after)
    asked = of(Failure.TLS_EXPIRED, EXPIRED, last_good=good(EXPIRED), neighbours=(same,))
    assert "cert_same_next_door" in ids(collector.facts(asked))
    assert first(asked) == "renewal_failed"


def test_a_newer_one_on_another_host_says_nothing():
    elsewhere = neighbour("imaps", "other.example", certificate="c" * 64, certificate_end=NOW_S + 80 * DAY_S)
    assert "cert_newer_next_door" not in ids(collector.facts(of(Failure.TLS_EXPIRED, EXPIRED, neighbours=(elsewhere,))))


EXPIRED_CAUSES = [
    ("other_node", EXPIRED, GOOD),
    ("chain_expired", certificate(days=40, chain=(Window("Old CA", 0, NOW_S - DAY_S),)), None),
    ("not_ordered", certificate(days=-1, life=365, issuer="GeoTrust TLS RSA CA G1, DigiCert Inc"), None),
]


@pytest.mark.parametrize(("cause", "shown", "before"), EXPIRED_CAUSES)
def test_why_it_has_expired(cause, shown, before):
    last = None if before is None else good(before)
    assert first(of(Failure.TLS_EXPIRED, shown, last_good=last)) == cause


def test_a_clock_that_went_back_is_ours():
    early = certificate(days=120)
    asked = of(Failure.TLS_NOT_YET_VALID, early, last_good=result(certificate=early, at_s=NOW_S + 90_000))
    assert first(asked) == "clock_here"
    failing = tuple(
        neighbour("https", f"h{number}.example", number, Status.DOWN, failure=Failure.TLS_NOT_YET_VALID)
        for number in (2, 3)
    )
    assert first(of(Failure.TLS_NOT_YET_VALID, early, neighbours=failing)) == "clock_here"
    assert "cert_clock_wrong" in ids(collector.facts(of(Failure.TLS_NOT_YET_VALID, early), NOW_S + 10 * DAY_S))


@pytest.mark.parametrize(("ahead_days", "cause"), [(0.1, "clock_issuer"), (5, "installed_early")])
def test_a_clock_that_others_agree_with_is_right(ahead_days, cause):
    early = certificate(days=90 + ahead_days, issuer="Own CA")
    fine = neighbour("https", "other.example", certificate="d" * 64)
    asked = of(Failure.TLS_NOT_YET_VALID, early, neighbours=(fine,))
    assert "cert_clock_right" in ids(collector.facts(asked))
    assert first(asked) == cause


NAMES = [
    ("default_certificate", certificate(names=("shop.example.com",)), (neighbour(host="shop.example.com", address="192.0.2.7"),)),
    ("default_certificate", certificate(subject="TRAEFIK DEFAULT CERT", issuer="TRAEFIK DEFAULT CERT", names=("x.traefik.default",)), ()),
    ("name_not_included", certificate(names=("example.net", "www.example.net")), ()),
    ("no_alternative_name", certificate(names=()), ()),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "shown", "neighbours"), NAMES)
def test_whose_name_it_bears(cause, shown, neighbours):
    assert first(of(Failure.TLS_NAME_MISMATCH, shown, neighbours=neighbours)) == cause


def test_another_address_with_a_foreign_certificate_is_the_wrong_machine():
    shown = certificate(names=("parked.example",), key="b")
    asked = of(Failure.TLS_NAME_MISMATCH, shown, last_good=good(EXPIRED, address="192.0.2.99"))
    assert {"cert_address_moved", "cert_names_foreign"} <= set(ids(collector.facts(asked)))
    assert first(asked) == "wrong_address"


@pytest.mark.parametrize(
    ("service", "subject", "cause"),
    [
        ("https", "Kubernetes Ingress Controller Fake Certificate, Acme Co", "installer_default"),
        ("https", "localhost", "installer_default"),
        ("smtp", "debian, ssl-cert snakeoil", "installer_default"),
        ("plesk", "Plesk, Plesk", "panel_default"),
        ("mssql", "SSL_Self_Signed_Fallback", "mssql_fallback"),
    ],
)
def test_who_made_it(service, subject, cause):
    shown = certificate(subject=subject, issuer=subject)
    assert first(of(Failure.TLS_SELF_SIGNED, shown, service=service)) == cause


def test_a_real_one_before_and_a_made_up_one_now_is_a_fallback():
    made_up = certificate(subject=HOST, issuer=HOST, key="b")
    assert first(of(Failure.TLS_SELF_SIGNED, made_up, last_good=good(EXPIRED))) == "fallback"


UNTRUSTED = [
    ("missing_intermediate", certificate(missing_intermediate=True), ()),
    ("private_ca", certificate(issuer="Own CA", chain=(Window("Own CA", 0, NOW_S * 2, "Own CA"),)), ()),
    ("private_ca", certificate(issuer="Own CA"), ()),
    ("missing_intermediate", certificate(issuer="R11, Let's Encrypt"), ()),
    ("pin_outdated", certificate(pinned=False), ()),
    ("unfit_chain", certificate(unfit="the key of the certificate (RSA 1024) is too weak"), ()),
    ("missing_intermediate", certificate(missing_intermediate=True, chain=(Window("R3", 0, NOW_S * 2, "X1"),)), ()),
    ("interception", certificate(issuer="Filter CA"), tuple(
        neighbour("https", f"h{number}.example", number, Status.DOWN, failure=Failure.TLS_UNTRUSTED, since_ms=NOW_S * 1000)
        for number in (2, 3)
    )),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "shown", "neighbours"), UNTRUSTED)
def test_why_it_is_not_trusted(cause, shown, neighbours):
    assert first(of(Failure.TLS_UNTRUSTED, shown, neighbours=neighbours)) == cause


@pytest.mark.parametrize(
    ("cause", "shown", "neighbours"),
    [
        ("renewal_stuck", certificate(days=5), ()),
        ("not_reloaded", certificate(days=5), (next_door(),)),
        ("manual_certificate", certificate(days=5, life=365, issuer="Sectigo RSA CA, Sectigo Limited"), ()),
    ],
)
def test_why_it_is_not_renewed(cause, shown, neighbours):
    assert first(of(Failure.TLS_EXPIRING, shown, neighbours=neighbours)) == cause


async def test_it_wants_what_a_certificate_can_explain_and_asks_nobody():
    assert collector.wants(of(Failure.TLS_EXPIRED, EXPIRED))
    assert not collector.wants(case(Failure.TLS_HANDSHAKE))
    assert not collector.wants(case(Failure.REFUSED))
    asked = of(Failure.TLS_EXPIRED, EXPIRED)
    assert ids([fact async for fact in collector.collect(asked, None)]) == ids(collector.facts(asked))
