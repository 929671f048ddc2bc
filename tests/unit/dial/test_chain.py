import pytest

from support.certificates import NAME, authority, issue
from uptime_tui.dial import chain
from uptime_tui.dial.chain import judge_trust, lacks_intermediate, read_certificate, read_window
from uptime_tui.model.certificate import TrustError


def test_same_certificate_is_parsed_once(monkeypatch):
    der = authority.leaf("good").der()
    first = read_certificate(der)
    monkeypatch.setattr(chain, "_parse", None)
    assert read_certificate(der) is first


def test_memory_is_bounded_and_keeps_what_is_used(monkeypatch):
    monkeypatch.setattr(chain, "_facts", {})
    monkeypatch.setattr(chain, "REMEMBERED", 2)
    one, two, three = (authority.leaf(state).der() for state in ("good", "expired", "not_yet"))
    kept = read_certificate(one)
    read_certificate(two)
    assert read_certificate(one) is kept
    read_certificate(three)
    assert len(chain._facts) == 2
    assert read_certificate(one) is kept


@pytest.mark.parametrize("der", [b"", b"\x30\x82", b"x" * 500])
def test_what_cannot_be_parsed(der):
    assert read_certificate(der) is None
    assert read_window(der) is None
    assert not lacks_intermediate(der)
    assert judge_trust([der], [der], set) is TrustError.OTHER


@pytest.mark.parametrize("cut", range(0, 360, 13))
def test_damaged_certificates_raise_nothing(cut):
    der = bytearray(authority.leaf("good").der())
    der[cut] ^= 0xFF
    read_certificate(bytes(der))
    lacks_intermediate(bytes(der))


def test_hostile_names_are_harmless():
    facts = read_certificate(issue("a\x1b[31m\u202eb", names=("x.test",)).der())
    assert facts is not None
    assert facts.subject == "a\\x1b[31m\\u202eb"


def test_window():
    window, facts = read_window(authority.root.der()), read_certificate(authority.root.der())
    assert (window.sha256, window.key_id) == (facts.sha256, facts.key_id)
    assert window is not None
    assert window.subject == "Test Root"
    assert window.not_before < window.not_after


@pytest.mark.parametrize(
    ("state", "after", "lacks"),
    [
        ("missing_intermediate", (), True),
        ("missing_intermediate", (authority.root,), True),  # another one is sent
        ("missing_intermediate", (authority.intermediate,), False),
        ("good", (), False),  # it does not say where its issuer is to be had
        ("self_signed", (), False),
    ],
)
def test_lacks_intermediate(state, after, lacks):
    assert lacks_intermediate(ders(authority.leaf(state), *after)) is lacks


def ders(*issued):
    return [each.der() for each in issued]


def test_trust_of_a_chain_openssl_built():
    leaf, middle, root = authority.leaf("good"), authority.intermediate, authority.root
    anchors = lambda: {root.der()}  # noqa: E731
    assert judge_trust(ders(leaf, middle), ders(leaf, middle, root), anchors) is TrustError.NONE
    assert judge_trust(ders(leaf), ders(leaf), anchors) is TrustError.NO_ISSUER
    assert judge_trust(ders(leaf, middle, root), ders(leaf, middle, root), set) is TrustError.UNTRUSTED_ROOT
    own = authority.leaf("self_signed")
    assert judge_trust(ders(own), ders(own), anchors) is TrustError.SELF_SIGNED
    assert judge_trust(ders(own), ders(own), lambda: {own.der()}) is TrustError.NONE


def test_a_chain_of_right_names_and_wrong_signatures_is_not_trusted():
    root = authority.root
    false_middle = issue("Test Intermediate", issue("Test Root", ca=True), ca=True)
    leaf = issue(NAME, false_middle)
    built = ders(leaf, false_middle, root)
    assert judge_trust(built[:2], built, lambda: {root.der()}) is TrustError.OTHER


def test_a_leaf_cannot_issue():
    root = authority.root
    no_ca = issue("leaf.test", root)
    built = ders(issue(NAME, no_ca), no_ca, root)
    assert judge_trust(built[:2], built, lambda: {root.der()}) is TrustError.OTHER
