import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.model.certificate import DAY_S, Certificate
from uptime_tui.model.failure import Failure
from uptime_tui.model.succession import LATELY, Shown, Succession, judge_succession, tell_succession

NOW = 1_800_000_000
OLD = Certificate(
    "a.test", "R10, Let's Encrypt", ("a.test", "b.test"), NOW - 60 * DAY_S, NOW + 30 * DAY_S, "0" * 64,
    key="EC P-256", key_id="k1",
)  # fmt: skip
NEW = {"not_before": NOW, "not_after": NOW + 90 * DAY_S, "sha256": "1" * 64, "key_id": "k2"}


def after(**changes):
    return msgspec.structs.replace(OLD, **(NEW | changes))


@pytest.mark.parametrize(
    ("changes", "succession"),
    [
        ({}, Succession.RENEWED),
        ({"issuer": "E7, Let's Encrypt"}, Succession.RENEWED),
        ({"names": ("b.test", "a.test")}, Succession.RENEWED),
        ({"problems": (Failure.TLS_EXPIRING,)}, Succession.RENEWED),
        ({"issuer": "R10, Another"}, Succession.CHANGED),
        ({"names": ("a.test",)}, Succession.CHANGED),
        ({"key": "RSA 2048"}, Succession.CHANGED),
        ({"problems": (Failure.TLS_UNTRUSTED,)}, Succession.CHANGED),
        ({"problems": (Failure.TLS_SELF_SIGNED,), "issuer": "a.test"}, Succession.CHANGED),
        ({"key_id": "k1", "issuer": "Another"}, Succession.RENEWED),
    ],
)
def test_renewed_or_changed(changes, succession):
    assert judge_succession(OLD, after(**changes)) is succession


def test_a_self_signed_one_is_renewed_by_its_key_alone():
    own = msgspec.structs.replace(OLD, issuer="a.test")
    assert judge_succession(own, msgspec.structs.replace(own, **NEW)) is Succession.CHANGED
    assert judge_succession(own, msgspec.structs.replace(own, **NEW | {"key_id": "k1"})) is Succession.RENEWED


def test_the_sentence_says_what_is_different():
    assert tell_succession(OLD, after()) == "certificate renewed until 2027-04-15 (was 2027-02-14)"
    said = tell_succession(OLD, after(issuer="Stranger", names=()))
    assert (
        said
        == "another certificate: issuer Stranger instead of R10, Let's Encrypt; names none instead of a.test, b.test"
    )
    own = msgspec.structs.replace(OLD, issuer="a.test")
    assert tell_succession(own, msgspec.structs.replace(own, **NEW)) == "another certificate: a new key"


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60))
def test_what_was_shown_is_bounded_and_the_newest_is_always_among_it(numbers):
    shown = Shown("a", OLD, (OLD.sha256,))
    for number in numbers:
        certificate = after(sha256=f"{number:064}")
        known = certificate.sha256 in shown.lately
        before, shown = shown, shown.followed_by(certificate)
        assert shown.newest is certificate
        assert certificate.sha256 in shown.lately
        assert len(shown.lately) <= LATELY
        assert (shown.lately is before.lately) is known
