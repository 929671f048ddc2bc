"""What is said when a server shows another certificate, also across a restart of the engine."""

import msgspec
import pytest

from support.fleets import monitor, result
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.engine.certificates import Certificates
from uptime_tui.journal.reader import Reader
from uptime_tui.journal.writer import Journal
from uptime_tui.model.certificate import Certificate
from uptime_tui.model.events import EventKind
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.monitor import HttpRequest
from uptime_tui.vantage.base import Plan

FIRST = Certificate("a.test", "CA", ("a.test",), 0, 100_000, "1" * 64, key="EC P-256", key_id="k1")
RENEWED = msgspec.structs.replace(FIRST, not_after=200_000, sha256="2" * 64, key_id="k2")
STRANGER = msgspec.structs.replace(FIRST, issuer="Stranger", sha256="3" * 64, key_id="k3")
SITE = monitor(1, "shop", target=("https", "a.test", 443))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def journal(path):
    made = Journal(path)
    made.open()
    yield made
    made.close()


def seen(certificates, certificate, site=SITE, **changes):
    events = certificates.take(site, result(certificate=certificate, **changes), Status.UP)
    return [event.kind for event in events]


def again(journal, path, site=SITE):
    assert journal.flush()
    reader = Reader(path)
    restarted = Certificates(journal)
    restarted.restore(reader.certificates(), [site])
    reader.close()
    return restarted


def test_each_change_is_said_once(journal):
    certificates = Certificates(journal)
    assert seen(certificates, FIRST) == []
    assert seen(certificates, FIRST) == []
    assert seen(certificates, None) == []
    assert seen(certificates, RENEWED) == [EventKind.CERTIFICATE_RENEWED]
    assert seen(certificates, STRANGER) == [EventKind.CERTIFICATE_CHANGED]
    # two machines behind one name: each has its own, and that is no news every minute
    assert seen(certificates, RENEWED) == []
    assert seen(certificates, STRANGER) == []
    assert certificates.get(SITE.id) is STRANGER


def test_a_restart_forgets_nothing(journal, path):
    assert seen(Certificates(journal), FIRST) == []
    restarted = again(journal, path)
    assert restarted.get(SITE.id) == FIRST
    assert seen(restarted, FIRST) == []
    assert seen(restarted, STRANGER) == [EventKind.CERTIFICATE_CHANGED]
    assert seen(again(journal, path), FIRST) == []


def test_another_target_begins_anew(journal, path):
    certificates = Certificates(journal)
    seen(certificates, FIRST)
    moved = monitor(1, "shop", target=("https", "b.test", 443))
    assert again(journal, path, moved).get(SITE.id) is None
    certificates.settle(SITE)
    assert certificates.get(SITE.id) is FIRST
    certificates.settle(moved)
    assert seen(certificates, STRANGER, moved) == []


def test_the_certificate_of_another_server_after_a_redirect_does_not_count(journal):
    follows = msgspec.structs.replace(SITE, request=HttpRequest(follow=True))
    certificates = Certificates(journal)
    seen(certificates, FIRST, follows)
    assert seen(certificates, STRANGER, follows, failure=Failure.TLS_UNTRUSTED, phase=Phase.TLS) == []
    assert certificates.get(SITE.id) is FIRST


def test_more_certificates_are_awaited_before_our_clock_alone_condemns_one(journal):
    sites = [monitor(number, f"m{number}", target=("https", f"{number}.test", 443)) for number in range(1, 5)]
    plans = {site.id: Plan(site, load_catalogue().get("https")) for site in sites}
    certificates = Certificates(journal)

    def late(number):
        mine = msgspec.structs.replace(FIRST, names=(f"{number}.test",), sha256=f"{number}" * 64)
        failure = {"failure": Failure.TLS_EXPIRED, "phase": Phase.TLS}
        return sites[number - 1], result(number=number, certificate=mine, **failure)

    assert certificates.are_awaited(*late(1), plans)
    assert not certificates.are_awaited(sites[0], result(failure=Failure.REFUSED, phase=Phase.CONNECT), plans)
    assert certificates.are_awaited(*late(2), plans)
    assert certificates.get(sites[1].id) is not None, "it is a witness itself"
    assert not certificates.are_awaited(*late(3), plans), "three are enough"
    few = {number: plans[number] for number in list(plans)[:2]}
    alone = Certificates(journal)
    assert alone.are_awaited(*late(1), few)
    assert not alone.are_awaited(*late(2), few), "nobody else is to come"
