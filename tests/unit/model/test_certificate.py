import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.model.certificate import (
    DAY_S,
    Certificate,
    TrustError,
    Window,
    covers,
    explain,
    is_address,
    is_critical,
    judge,
)
from uptime_tui.model.failure import Failure

NOW = 1_800_000_000


def made(**changes) -> Certificate:
    values = {
        "subject": "a.test",
        "issuer": "CA",
        "names": ("a.test",),
        "not_before": NOW - 10 * DAY_S,
        "not_after": NOW + 80 * DAY_S,
        "sha256": "0" * 64,
    }
    return Certificate(**(values | changes))


def problems(certificate, *, trust=TrustError.NONE, name="a.test", warn_days=21, sent=()):
    return judge(certificate, trust=trust, name=name, now_s=NOW, warn_days=warn_days, sent=sent)


def test_no_problem():
    assert problems(made()) == ()


@pytest.mark.parametrize(
    ("names", "name", "covered"),
    [
        (("a.test",), "A.TEST.", True),
        (("*.a.test",), "b.a.test", True),
        (("*.a.test",), "B.A.test", True),
        (("*.a.test",), "a.test", False),
        (("*.a.test",), "c.b.a.test", False),
        (("*.test",), "a.test", False),
        (("w*.a.test",), "www.a.test", False),
        (("*",), "a", False),
        ((), "a.test", False),
        (("192.0.2.1",), "192.0.2.1", True),
        (("2001:db8::1",), "2001:DB8:0::1", True),
        (("fe80::1",), "fe80::1%eth0", True),
        (("DNS:192.0.2.1",), "192.0.2.1", False),
        (("*.0.2.1",), "192.0.2.1", False),
        (("xn--bcher-kva.test",), "xn--bcher-kva.test", True),
    ],
)
def test_names(names, name, covered):
    assert covers(names, name) is covered


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", True),
        ("::1", True),
        ("a.test", False),
        ("", False),
        ("1.2.3", False),
        ("a1", False),
        ("::x", False),
    ],
)
def test_is_address(text, address):
    assert is_address(text) is address


def test_every_problem_worst_first():
    certificate = made(names=("b.test",), not_after=NOW - DAY_S)
    assert problems(certificate, trust=TrustError.SELF_SIGNED) == (
        Failure.TLS_EXPIRED,
        Failure.TLS_NAME_MISMATCH,
        Failure.TLS_SELF_SIGNED,
    )


@pytest.mark.parametrize("trust", [TrustError.NO_ISSUER, TrustError.UNTRUSTED_ROOT, TrustError.OTHER])
def test_untrusted(trust):
    assert problems(made(), trust=trust) == (Failure.TLS_UNTRUSTED,)


@pytest.mark.parametrize(
    ("life", "left", "expiring"), [(90, 22, False), (90, 20, True), (29, 10, False), (29, 9, True), (6, 3, False)]
)
def test_expiring_by_days_or_by_share_of_a_short_life(life, left, expiring):
    certificate = made(not_before=NOW - (life - left) * DAY_S, not_after=NOW + left * DAY_S)
    assert problems(certificate) == ((Failure.TLS_EXPIRING,) if expiring else ())


def test_chain_counts_as_well():
    old = Window("Old CA", NOW - 900 * DAY_S, NOW - DAY_S)
    assert problems(made(), sent=(old,)) == (Failure.TLS_EXPIRED,)
    text = explain(Failure.TLS_EXPIRED, made(), name="a.test", now_s=NOW, sent=(old,))
    assert text == "certificate of the chain, Old CA, expired 24 hours ago, on 2027-01-14 08:00 UTC"
    young = Window("New CA", NOW + DAY_S, NOW + 900 * DAY_S)
    assert problems(made(), sent=(young,)) == (Failure.TLS_NOT_YET_VALID,)


def test_explanations():
    def say(problem, **changes):
        return explain(problem, made(**changes), name="x.test", now_s=NOW)

    assert say(Failure.TLS_EXPIRED, not_after=NOW - 3 * DAY_S) == "certificate expired 3 days ago, on 2027-01-12"
    assert say(Failure.TLS_NOT_YET_VALID, not_before=NOW + 3600).startswith(
        "certificate is not valid before 2027-01-15"
    )
    assert say(Failure.TLS_NAME_MISMATCH, names=(), subject="(empty)") == (
        "certificate is for no name at all, not for x.test"
    )
    many = tuple(f"{letter}.test" for letter in "abcde")
    assert (
        say(Failure.TLS_NAME_MISMATCH, names=many)
        == "certificate is for a.test, b.test, c.test and 2 more, not for x.test"
    )
    assert say(Failure.TLS_SELF_SIGNED) == "self-signed certificate (a.test)"
    assert say(Failure.TLS_UNTRUSTED) == "issuer is not trusted here: CA"
    assert "does not send its intermediate" in say(Failure.TLS_UNTRUSTED, missing_intermediate=True)
    assert say(Failure.TLS_EXPIRING, not_after=NOW + 5 * DAY_S) == "certificate expires in 5 days, on 2027-01-20"


def test_days_left():
    assert made().days_left(NOW) == 80


@pytest.mark.parametrize(
    ("life_days", "left_days", "expiring", "critical"),
    [
        (90, 21.01, False, False),
        (90, 20.99, True, False),
        (90, 7.01, True, False),
        (90, 6.99, True, True),
        (6, 2.01, False, False),  # a third and a sixth of a short life
        (6, 1.99, True, False),
        (6, 0.99, True, True),
        (30, 9.9, True, False),
        (29.9, 9.99, False, False),
    ],
)
def test_two_thresholds(life_days, left_days, expiring, critical):
    end = NOW + int(left_days * DAY_S)
    certificate = made(not_before=end - int(life_days * DAY_S), not_after=end)
    assert (Failure.TLS_EXPIRING in problems(certificate)) is expiring
    assert is_critical(certificate, now_s=NOW, critical_days=7) is critical


@given(st.integers(60, 4000 * DAY_S), st.integers(1, 4000 * DAY_S), st.integers(0, 365), st.integers(0, 365))
def test_critical_is_never_without_a_warning(life_s, left_s, warn_days, critical_days):
    critical_days = min(critical_days, warn_days)
    certificate = made(not_before=NOW + left_s - life_s, not_after=NOW + left_s)
    if is_critical(certificate, now_s=NOW, critical_days=critical_days):
        assert Failure.TLS_EXPIRING in problems(certificate, warn_days=warn_days)


def test_a_pin_is_instead_of_issuer_and_name():
    right, other = made(pinned=True), made(pinned=False)
    assert problems(right, name="b.test", trust=TrustError.SELF_SIGNED) == ()
    assert problems(other) == (Failure.TLS_UNTRUSTED,)
    assert other.sha256 in explain(Failure.TLS_UNTRUSTED, other, name="a.test", now_s=NOW)
