import hashlib
import re
import ssl

import pytest

from support.certificates import NAME, authority, issue
from support.peers import TlsPeer, converse, server_context, setup
from uptime_tui.dial.drive import Driver
from uptime_tui.dial.tls import TlsFault, TlsLayer, context_for
from uptime_tui.handshakes import tcp
from uptime_tui.model.errors import UserError
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.steps import Ask

ASK = Ask(NAME, 443, "tcp", tls="implicit")


def probe(state: str, **changes):
    driver = Driver(tcp.handshake(ASK), tls=setup(**changes))
    return converse(driver, lambda _: b"", tls=server_context(authority.leaf(state)))


@pytest.mark.parametrize(
    ("state", "problems"),
    [
        ("good", ()),
        ("rsa", ()),
        ("stray_expired", ()),
        ("expired", (Failure.TLS_EXPIRED,)),
        ("not_yet", (Failure.TLS_NOT_YET_VALID,)),
        ("wrong_name", (Failure.TLS_NAME_MISMATCH,)),
        ("expired_wrong_name", (Failure.TLS_EXPIRED, Failure.TLS_NAME_MISMATCH)),
        ("self_signed", (Failure.TLS_SELF_SIGNED,)),
        ("self_signed_expired", (Failure.TLS_EXPIRED, Failure.TLS_SELF_SIGNED)),
        ("missing_intermediate", (Failure.TLS_UNTRUSTED,)),
        ("untrusted", (Failure.TLS_UNTRUSTED,)),
        ("untrusted_root_sent", (Failure.TLS_UNTRUSTED,)),
        ("expired_intermediate", (Failure.TLS_EXPIRED,)),
        ("expiring", (Failure.TLS_EXPIRING,)),
    ],
)
@pytest.mark.parametrize("tolerate", [False, True])
def test_all_problems_in_one_handshake(state, problems, tolerate):
    tolerated = frozenset({Failure.TLS_SELF_SIGNED, Failure.TLS_UNTRUSTED}) if tolerate else frozenset()
    ending = probe(state, tolerate=tolerated)
    assert ending.certificate is not None
    assert ending.certificate.problems == problems
    assert ending.outcome.failure == (problems[0] if problems else None)
    assert ending.phase == (Phase.TLS if problems else None)
    assert ending.certificate.missing_intermediate == (state == "missing_intermediate")
    assert ending.certificate.protocol == "TLSv1.3"
    assert ending.certificate.cipher.startswith("TLS_")
    assert ending.tls_ms is not None
    session, certificate = ending.evidence[:2]
    assert (session.id, session.ok) == ("tls_session", True)
    assert (certificate.id, certificate.ok) == ("tls_certificate", not problems)


@pytest.mark.parametrize("tolerate", [False, True])
def test_a_name_counts_less_where_a_certificate_may_sign_itself(tolerate):
    tolerated = frozenset({Failure.TLS_SELF_SIGNED, Failure.TLS_UNTRUSTED}) if tolerate else frozenset()
    ending = probe("installers", tolerate=tolerated)
    both = (Failure.TLS_SELF_SIGNED, Failure.TLS_NAME_MISMATCH)
    assert ending.certificate.problems == (both if tolerate else both[::-1])
    assert ending.outcome.failure is ending.certificate.problems[0]
    assert ("protocol" in [each.id for each in ending.evidence]) == tolerate


def test_facts_of_the_certificate():
    certificate = probe("good").certificate
    assert certificate is not None
    assert certificate.subject == NAME
    assert certificate.issuer == "Test Intermediate"
    assert certificate.names == (NAME, "*.wild.test", "192.0.2.7")
    assert certificate.key == "EC P-256"
    assert certificate.chain_length == 2
    assert len(certificate.sha256) == 64
    assert probe("rsa").certificate.key == "RSA 2048"


def test_details_name_the_fact():
    assert "expired 3 days ago" in probe("expired").outcome.detail
    assert "is for other.test, not for mx.example.test" in probe("expired_wrong_name").outcome.detail
    assert (
        "does not send its intermediate certificate (Test Intermediate)" in probe("missing_intermediate").outcome.detail
    )
    assert "Old Intermediate" in probe("expired_intermediate").outcome.detail


@pytest.mark.parametrize(
    ("state", "detail"),
    [
        ("weak_key", "the key of the certificate (RSA 1024) is too weak"),
        ("no_authority", "a certificate of the chain that signed another one is no authority's (CA:TRUE is missing)"),
        ("other_intermediate", "does not send its intermediate certificate (Test Intermediate, but Old Intermediate)"),
        (
            "no_names",
            f"certificate is not for {NAME}: it has no subject alternative name, and its subject ({NAME}) does",
        ),
    ],
)
@pytest.mark.parametrize("probes", [1, 2])
def test_what_is_no_matter_of_trust_is_called_what_it_is(state, detail, probes):
    """The second time OpenSSL is not asked again: what it said is remembered."""
    endings = [probe(state, peer=f"{state}{probes}") for _ in range(probes)]
    assert detail in endings[-1].outcome.detail
    assert "not trusted" not in endings[-1].outcome.detail


def test_the_last_hours_are_counted_and_the_hour_is_said():
    detail = probe("ending_soon").outcome.detail
    assert re.fullmatch(r"certificate expires in 2 hours, on \d{4}-\d\d-\d\d \d\d:\d\d UTC", detail)


def test_unverified_shows_and_does_not_judge():
    ending = probe("self_signed_expired", verify=False)
    assert ending.outcome.failure is None
    assert ending.certificate is not None
    assert ending.certificate.problems == ()


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("192.0.2.7", None),
        ("a.wild.test", None),
        ("192.0.2.8", Failure.TLS_NAME_MISMATCH),
        ("wild.test", Failure.TLS_NAME_MISMATCH),
        ("a.b.wild.test", Failure.TLS_NAME_MISMATCH),
        ("2001:db8::1", Failure.TLS_NAME_MISMATCH),
    ],
)
def test_name_asked_for(name, failure):
    assert probe("good", server_name=name).outcome.failure is failure


def test_address_is_never_sent_as_server_name():
    seen = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _tls, name, _context: seen.append(name)
    for name in ("192.0.2.7", "2001:db8::1", f"{NAME}."):  # without the dot: RFC 6066 section 3
        TlsPeer(context).feed(Driver(tcp.handshake(ASK), tls=setup(server_name=name)).start(0.0))
    assert seen == [None, None, NAME]


def test_nothing_older_than_tls_1_2_is_tried():
    assert context_for(verify=True, ca_file=None).minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (ssl.SSLError(1, "[SSL] legacy sigalg disallowed or unsupported (_ssl.c:992)"), "legacy sigalg disallowed"),
        (ssl.SSLError(), "no reason given"),
    ],
)
def test_a_fault_without_a_name_is_told_in_openssls_words(fault, detail):
    fault.reason = None  # as it is when the ssl module knows no name for it
    layer = TlsLayer(setup())

    class Broken:
        def do_handshake(self):
            raise fault

    layer._object = Broken()
    with pytest.raises(TlsFault, match=f"^TLS handshake failed: {detail}"):
        layer.handshake(b"")


def test_tls_1_2_peer():
    context = server_context(authority.leaf("good"), maximum=ssl.TLSVersion.TLSv1_2)
    ending = converse(Driver(tcp.handshake(ASK), tls=setup()), lambda _: b"", tls=context)
    assert ending.outcome.failure is None
    assert ending.certificate.protocol == "TLSv1.2"


def test_peer_hears_an_end_and_not_a_cut():
    peer = TlsPeer(server_context(authority.leaf("good")))
    driver = Driver(tcp.handshake(ASK), tls=setup())
    peer.feed(driver.start(0.0))
    assert peer.feed(driver.feed(peer.flush(), 0.1)) == b""
    assert driver.over
    assert peer.done
    assert peer.ended


def test_refused_certificate_is_answered_with_an_alert():
    peer = TlsPeer(server_context(authority.leaf("self_signed")))
    driver = Driver(tcp.handshake(ASK), tls=setup())
    peer.feed(driver.start(0.0))
    peer.feed(driver.feed(peer.flush(), 0.1))
    assert "UNKNOWN_CA" in peer.alert


def test_contexts_are_kept_per_trust_setting():
    one = context_for(verify=True, ca_file=authority.ca_file)
    assert context_for(verify=True, ca_file=authority.ca_file) is one
    assert context_for(verify=False, ca_file=authority.ca_file) is not one


def test_unusable_trust_anchors_are_the_users_fault(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        context_for(verify=True, ca_file=str(tmp_path / "none.pem"))
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate\n")
    with pytest.raises(UserError, match=r"empty\.pem"):
        TlsLayer(setup(ca_file=str(empty)))


def test_changed_trust_anchors_are_read_again(tmp_path):
    file = tmp_path / "ca.pem"
    file.write_bytes(issue("Another Root", ca=True).pem())
    here = {"ca_file": str(file), "only_ca_file": True, "peer": "127.0.0.1 4430"}
    assert probe("good", **here).outcome.failure is Failure.TLS_UNTRUSTED
    file.write_bytes(authority.root.pem() + b"\n")
    assert probe("good", **here).outcome.failure is None, "the refusal of other anchors must not be remembered"
    file.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        probe("good", **here)


def test_anchors_of_its_own_are_the_only_ones():
    assert context_for(verify=True, ca_file=authority.ca_file, alone=True).cert_store_stats()["x509_ca"] == 1


@pytest.mark.parametrize("verify", [True, False])
def test_a_pin_replaces_issuer_and_name_and_nothing_else(verify):
    def pinned(state, at=None):
        pin = hashlib.sha256(authority.leaf(at or state).der()).hexdigest()
        return probe(state, pins=("0" * 64, pin), verify=verify)

    ending = pinned("self_signed")
    assert (ending.outcome.failure, ending.certificate.pinned) == (None, True)
    ending = pinned("good", at="rsa")
    assert ending.outcome.failure is Failure.TLS_UNTRUSTED
    assert ending.certificate.sha256 in ending.outcome.detail
    assert ending.phase is Phase.TLS
    ending = pinned("self_signed_expired")
    assert ending.outcome.failure is (Failure.TLS_EXPIRED if verify else None)


def test_what_is_tolerated_without_a_pin_is_not_with_another_one():
    tolerate = frozenset({Failure.TLS_UNTRUSTED, Failure.TLS_SELF_SIGNED})
    said = []
    driver = Driver(tcp.handshake(ASK), tls=setup(tolerate=tolerate, pins=("0" * 64,)))
    ending = converse(driver, said.append, tls=server_context(authority.leaf("self_signed")))
    assert (ending.outcome.failure, ending.phase, said) == (Failure.TLS_UNTRUSTED, Phase.TLS, [])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_an_old_version_is_spoken_where_it_is_asked_for_and_said(version):
    peer = server_context(authority.leaf("good"), maximum=version)

    def against(least):
        return converse(Driver(tcp.handshake(ASK), tls=setup(least=least)), lambda _: b"", tls=peer)

    refused = against("1.2")
    assert refused.outcome.failure is Failure.TLS_HANDSHAKE
    assert "1.1" in refused.outcome.detail or "1.2" in refused.outcome.detail
    spoken = against("1.0")
    assert spoken.outcome.failure is None
    assert spoken.certificate.is_obsolete
    assert any("obsolete" in seen.text and seen.ok is False for seen in spoken.evidence)


def test_a_newer_version_can_be_demanded():
    peer = server_context(authority.leaf("good"), maximum=ssl.TLSVersion.TLSv1_2)
    ending = converse(Driver(tcp.handshake(ASK), tls=setup(least="1.3")), lambda _: b"", tls=peer)
    assert ending.outcome.failure is Failure.TLS_HANDSHAKE
    assert "TLS 1.3" in ending.outcome.detail or "TLS 1.2" in ending.outcome.detail


def test_the_chain_is_shown_link_by_link():
    certificate = probe("good").certificate
    assert [(link.subject, link.issuer) for link in certificate.chain] == [("Test Intermediate", "Test Root")]
    assert certificate.chain[0] is probe("rsa").certificate.chain[0], "one object for all servers that send it"
