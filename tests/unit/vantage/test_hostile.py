"""Servers that turn hostile in the middle of a dialogue: every probe ends, and nothing is left of it."""

from collections.abc import Iterator

import pytest

from support.hostile import DIALOGUES, hostile
from support.siege import besiege

DEADLINE_S = 0.3
PROBES = 160
ROOM = 32 * 2**20
"""A server that is heard without a bound brings hundreds of megabytes in that time."""


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, dict[str, int]]]:
    with hostile(DEADLINE_S, *DIALOGUES) as ports:
        yield ports


@pytest.mark.parametrize("scheme", DIALOGUES)
async def test_every_probe_ends_and_nothing_is_left(servers, scheme):
    toll = await besiege(scheme, servers[scheme], PROBES, rate=2000, deadline_s=DEADLINE_S)
    assert sum(found.total() for found in toll.outcomes.values()) == PROBES
    assert toll.outcomes["deaf"] == {"timeout": PROBES // len(toll.outcomes)}
    assert toll.descriptors[0] == toll.descriptors[1]
    assert toll.early == 0
    assert toll.peak[1] - toll.peak[0] < ROOM
