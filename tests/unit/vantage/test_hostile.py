"""Servers that turn hostile in the middle of a dialogue: every probe ends, and nothing is left of it."""

from collections.abc import Iterator

import pytest

from support.hostile import hostile
from support.siege import siege
from support.siegecases import CASES

DEADLINE_S = 0.3
PROBES = 160
ROOM = 32 * 2**20
"""A server that is heard without a bound brings hundreds of megabytes in that time."""


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, dict[str, int]]]:
    with hostile(DEADLINE_S, *CASES) as ports:
        yield ports


@pytest.mark.parametrize("name", CASES)
async def test_every_probe_ends_and_nothing_is_left(servers, name):
    case = CASES[name]
    async with siege(case, servers[name], DEADLINE_S) as here:
        await here.run(len(servers[name]), rate=2000)  # what is loaded at the first probe stays
        toll = await here.run(PROBES // case.share, rate=2000 / case.share)
    assert sum(found.total() for found in toll.outcomes.values()) == PROBES // case.share
    assert toll.outcomes["deaf"] == {"timeout": PROBES // case.share // len(toll.outcomes)}
    assert toll.descriptors[0] == toll.descriptors[1]
    assert toll.early == 0
    assert toll.peak[1] - toll.peak[0] < ROOM
