"""Causes ranked by the evidence for and against each. Pure.

Each cause begins with the odds of its weight in the knowledge base. Every fact that supports it multiplies them, every
fact that weakens it divides them; a proof or an exclusion counts for much more, and of the two the exclusion. The odds
of all, with a share for whatever nobody has thought of, become confidences.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from uptime_tui.knowledge.entry import Cause, Hints
from uptime_tui.model.diagnosis import Check, Suspect, Verdict
from uptime_tui.model.result import Evidence

CONCLUSIVE: Final = 0.9
"""A cause as likely as this needs no more evidence."""
_SUPPORT: Final = math.log(3)
_PROOF: Final = math.log(60)
_EXCLUSION: Final = math.log(60)
_WEIGHT: Final = (0.05, 0.9)
_UNTHOUGHT: Final = 0.3
"""Odds of a cause that the knowledge base does not know."""


def rank(hints: Hints, evidence: Sequence[Evidence]) -> tuple[Suspect, ...]:
    """Every cause of the failure, likeliest first.

    Args:
        hints: what the knowledge base says of this failure of this monitor.
        evidence: all facts so far.
    """
    ids = {seen.id for seen in evidence}
    odds = [_odds(cause, ids) for cause in hints.causes]
    whole = sum(odds) + _UNTHOUGHT
    suspects = [
        Suspect(
            id=cause.id,
            text=cause.text,
            confidence=round(share / whole, 3),
            speaks_for=_among((*cause.proved_by, *cause.supported_by), evidence),
            speaks_against=_among((*cause.excluded_by, *cause.weakened_by), evidence),
            checks=tuple(_checks(cause, evidence)),
        )
        for cause, share in zip(hints.causes, odds, strict=True)
    ]
    return tuple(sorted(suspects, key=lambda suspect: -suspect.confidence))


def is_conclusive(suspects: Sequence[Suspect]) -> bool:
    """Whether looking further would tell nothing new: the first cause is all but certain, by evidence."""
    return bool(suspects) and suspects[0].confidence >= CONCLUSIVE and bool(suspects[0].speaks_for)


def _odds(cause: Cause, ids: Collection[str]) -> float:
    low, high = _WEIGHT
    weight = min(max(cause.weight, low), high)
    log = math.log(weight / (1 - weight))
    log += _SUPPORT * (_count(cause.supported_by, ids) - _count(cause.weakened_by, ids))
    if _count(cause.excluded_by, ids):
        log -= _EXCLUSION  # what proves a cause elsewhere says nothing where it is out of the question
    elif _count(cause.proved_by, ids):
        log += _PROOF
    return math.exp(log)


def _count(wanted: Iterable[str], ids: Collection[str]) -> int:
    return sum(each in ids for each in wanted)


def _among(wanted: Collection[str], evidence: Sequence[Evidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(seen.id for seen in evidence if seen.id in wanted))


def _checks(cause: Cause, evidence: Sequence[Evidence]) -> Iterator[Check]:
    """The cause's checks, each answered by evidence or open, with what shows it; then commands of no single check."""
    for item in cause.items:
        wrong = _among(item.wrong, evidence)
        fine = _among(item.fine, evidence)
        verdict: Verdict = "wrong" if wrong else "fine" if fine else "open"
        yield Check(item.text, verdict, wrong or fine, item.command, item.where)
    for command in cause.commands:
        yield Check("", command=command)
