"""Evidence moves causes as a person would: proof first, exclusion last, and never out of bounds."""

from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.diagnose.rank import is_conclusive, rank
from uptime_tui.knowledge.entry import Cause, CheckItem, Hints
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence

A = Cause("a", "A.", ("Look at a.",), weight=0.8)
B = Cause("b", "B.", ("Look at b.",), weight=0.3, proved_by=("seen",), weakened_by=("doubt",))


def hints(*causes):
    return Hints(Failure.TIMEOUT, "t", "m", causes)


def facts(*ids):
    return [Evidence(each, Phase.CONNECT, ok=None, text=each) for each in ids]


def order(found):
    return [suspect.id for suspect in found]


def test_without_evidence_the_weights_decide_and_nothing_is_certain():
    found = rank(hints(B, A), [])
    assert order(found) == ["a", "b"]
    assert not is_conclusive(found)


def test_proof_outdoes_a_heavier_cause():
    found = rank(hints(A, B), facts("seen"))
    assert order(found) == ["b", "a"]
    assert found[0].speaks_for == ("seen",)
    assert found[0].confidence > 0.7


def test_what_speaks_against_is_told():
    found = rank(hints(A, B), facts("doubt"))
    assert found[1].speaks_against == ("doubt",)
    assert found[1].confidence < rank(hints(A, B), [])[1].confidence


def test_an_excluded_cause_comes_last():
    heavy = Cause("heavy", "H.", ("x",), weight=0.9, excluded_by=("alive",))
    assert order(rank(hints(heavy, A, B), facts("alive"))) == ["a", "b", "heavy"]


def test_no_proof_saves_an_excluded_cause():
    """An open port beside it proves a packet filter where a connect is not answered, not where the server has spoken."""
    filtered = Cause("filter", "F.", ("x",), weight=0.7, proved_by=("beside",), excluded_by=("spoke",))
    hung = Cause("hung", "H.", ("x",), weight=0.15, proved_by=("spoke",))
    assert order(rank(hints(filtered, hung), facts("beside"))) == ["filter", "hung"]
    assert order(rank(hints(filtered, hung), facts("beside", "spoke"))) == ["hung", "filter"]


def test_a_weight_alone_is_never_conclusive():
    assert not is_conclusive(rank(hints(Cause("only", "O.", ("x",), weight=1.0)), []))


def test_a_check_is_answered_by_evidence_or_has_its_command():
    cause = Cause(
        "c", "C.",
        (CheckItem("Is it up?", fine=("up",), wrong=("off",)), "Its log?", CheckItem("Own?", command="third", where="there")),
        ("more",),
    )  # fmt: skip
    checks = rank(hints(cause), facts("off"))[0].checks
    assert [(c.text, c.verdict, c.command, c.where) for c in checks] == [
        ("Is it up?", "wrong", "", ""),
        ("Its log?", "open", "", ""),
        ("Own?", "open", "third", "there"),
        ("", "open", "more", ""),
    ]
    assert rank(hints(cause), facts("up"))[0].checks[0].verdict == "fine"


IDS = st.sampled_from(["seen", "doubt", "alive", "lost", "other"])
CAUSES = st.builds(
    Cause,
    id=st.text("abc", min_size=1), text=st.just("T."), check=st.just(("x",)), weight=st.floats(0, 1),
    proved_by=st.lists(IDS).map(tuple), supported_by=st.lists(IDS).map(tuple),
    weakened_by=st.lists(IDS).map(tuple), excluded_by=st.lists(IDS).map(tuple),
)  # fmt: skip


@given(st.lists(CAUSES, max_size=8), st.lists(IDS, max_size=8))
def test_confidences_are_shares_of_one(causes, ids):
    found = rank(hints(*causes), facts(*ids))
    assert len(found) == len(causes)
    assert all(0 <= suspect.confidence <= 1 for suspect in found)
    assert sum(suspect.confidence for suspect in found) <= 1.01
