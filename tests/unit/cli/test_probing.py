"""How `check` takes turns at one service of a host, under virtual time."""

import asyncio

import pytest

from uptime_tui.cli.probing import Lane

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime]


async def test_one_at_a_time_and_so_far_apart():
    loop, lane, starts = asyncio.get_running_loop(), Lane(1, 10.0), []
    running = 0

    async def visit():
        nonlocal running
        async with lane.turn:
            await lane.space()
            running += 1
            assert running == 1
            starts.append(loop.time())
            await asyncio.sleep(3)
            running -= 1

    await asyncio.gather(*(visit() for _ in range(3)))
    assert [start - starts[0] for start in starts] == pytest.approx([0, 10, 20], abs=0.01)


async def test_without_a_spacing_nobody_waits():
    lane = Lane(2, 0.0)
    before = asyncio.get_running_loop().time()
    for _ in range(5):
        await lane.space()
    assert asyncio.get_running_loop().time() == before
