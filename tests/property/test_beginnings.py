"""A recorded exchange up to any place, within TLS and after a login too, then any bytes: an Outcome, in bounded memory."""

import itertools
import tracemalloc
from collections.abc import Iterable, Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from support.bytescript import Script, all_scripts
from uptime_tui.dial.drive import RECEIVE_LIMIT
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.safetext import is_safe
from uptime_tui.model.steps import Handshake, Mark, Receive, Send

SCRIPTS = all_scripts()
STEPS = 200_000
"""More than any byte of what is fed could ask for; a handshake that takes more goes round in circles."""
ROOM = 16 * RECEIVE_LIMIT
"""What one exchange may bring, joined, cut and joined once more; and lists in lists: Python 3.13 reads 10,000 deep."""

beginnings = st.tuples(st.sampled_from(SCRIPTS), st.integers(0, 5))
noise = st.binary(max_size=300)
known = st.sampled_from([data for script in SCRIPTS for kind, data in script.dialogue if kind == "peer"])
torn = st.builds(lambda data, cut, more: data[: cut % (len(data) + 1)] + more, known, st.integers(0, 2000), noise)
flood = st.one_of(st.binary(min_size=1, max_size=40), known)


def heard(script: Script, messages: int) -> list[bytes]:
    """What the peer has said up to there."""
    return [data for kind, data in script.dialogue if kind == "peer" and data][:messages]


def converse(talk: Handshake, incoming: Iterable[bytes]) -> Outcome | None:
    """Play the stream: TLS is granted when it is asked for, and after the incoming the peer has closed.

    None where more came than one exchange may bring: there the driver concludes (`dial.drive`).
    """
    coming: Iterator[bytes] = iter(incoming)
    waiting, room, answer = b"", RECEIVE_LIMIT, None
    for _ in range(STEPS):
        try:
            step = talk.send(answer)
        except StopIteration as end:
            return end.value
        answer = b""
        match step:
            case Receive(limit):
                waiting = waiting or next(coming, b"")
                answer, waiting = waiting[:limit], waiting[limit:]
                room -= len(answer)
                if room < 0:
                    return None
            case Send():
                room = max(room, RECEIVE_LIMIT)
            case Mark(_, allow_bytes):
                room += allow_bytes
    raise AssertionError("goes round in circles")


@given(beginnings, st.lists(st.one_of(known, noise, torn), max_size=8))
@settings(max_examples=300)
def test_any_bytes_after_any_beginning(beginning, rest):
    script, messages = beginning
    outcome = converse(script.handshake(), [*heard(script, messages), *rest])
    if outcome is not None:
        assert outcome.detail
        assert is_safe(outcome.detail)
        assert is_safe(outcome.banner)
        assert len(outcome.detail) <= 600
        assert len(outcome.banner) <= 200


@given(beginnings, flood)
@settings(max_examples=150)
def test_a_flood_after_any_beginning_stays_within_its_bounds(beginning, drop):
    script, messages = beginning
    opening, wave = heard(script, messages), drop * (4096 // len(drop) + 1)
    waves = (wave for _ in range(200 * RECEIVE_LIMIT // len(wave)))
    tracemalloc.start()
    try:
        converse(script.handshake(), itertools.chain(opening, waves))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < ROOM + sum(map(len, opening)) + len(wave)
