"""What is said when a server shows another certificate, also across a restart of the engine."""

import msgspec
import pytest

from support.fleets import monitor, result
from uptime_tui.engine.certificates import Certificates
from uptime_tui.journal.reader import Reader
from uptime_tui.journal.writer import Journal
from uptime_tui.model.certificate import Certificate
from uptime_tui.model.events import EventKind
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.monitor import HttpRequest

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
