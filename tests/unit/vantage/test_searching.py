import asyncio

import pytest

from uptime_tui.model.outcome import Search
from uptime_tui.vantage.searching import Searcher


@pytest.fixture
async def searcher():
    it = Searcher(asyncio.get_running_loop())
    yield it
    it.close()


async def search(searcher, pattern, text):
    answer = asyncio.get_running_loop().create_future()
    searcher.search(Search(pattern, text), answer.set_result)
    return await answer


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"[0-9]+ items", b"12 items", True),
        (r"^\w+$", "gr\u00fcn".encode(), True),
        ("ü{2}", "üü".encode(), True),
        (r"x", b"\xff\xfe", False),
        ("(?i)OK", b"ok", True),
        ("", b"", True),
    ],
)
async def test_searches(searcher, pattern, text, found):
    assert await search(searcher, pattern, text) is found


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(?:a*)*b", r"(?:(?:a?){500}){500}b", r"a*a*a*a*a*b"])
async def test_a_pattern_without_an_end_is_given_up_while_the_loop_goes_on(searcher, pattern):
    await search(searcher, "x", b"x")  # the helper stands
    turns = 0
    task = asyncio.ensure_future(search(searcher, pattern, b"a" * 100_000 + b"!"))
    while not task.done():
        turns += 1
        await asyncio.sleep(0.001)
    assert task.result() is None
    assert turns > 20, "the loop stood still"
    assert await search(searcher, "x", b"x") is True, "the next search finds a new helper"


async def test_memory_is_bounded(searcher):
    assert await search(searcher, r"(?:(.)|(.))*(?:(.)|(.))*!", b"a" * 262_144) in {None, False}
    assert await search(searcher, "x", b"x") is True


async def test_closing_ends_a_search_under_way():
    searcher = Searcher(asyncio.get_running_loop())
    await search(searcher, "x", b"x")
    helper = searcher._helper
    searcher.search(Search(r"(a+)+$", b"a" * 1000 + b"!"), lambda _: pytest.fail("called after the end"))
    searcher.close()
    assert helper.poll() is not None
    await asyncio.sleep(0)


async def test_nothing_runs_before_the_first_search():
    searcher = Searcher(asyncio.get_running_loop())
    searcher.close()
    assert searcher._helper is None
