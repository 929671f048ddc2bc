import asyncio
from functools import partial

import pytest

from uptime_tui.model.outcome import Search
from uptime_tui.vantage.searching import TOO_LATE, TOO_LONG, Searcher


@pytest.fixture
async def searcher():
    it = Searcher(asyncio.get_running_loop())
    yield it
    it.close()


async def search(searcher, pattern, text):
    answer = asyncio.get_running_loop().create_future()
    searcher.search(Search(pattern, text), asyncio.get_running_loop().time() + 30, answer.set_result)
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
    assert task.result() == TOO_LONG
    assert turns > 20, "the loop stood still"
    assert await search(searcher, "x", b"x") is True, "the next search finds a new helper"


async def test_memory_is_bounded(searcher):
    assert await search(searcher, r"(?:(.)|(.))*(?:(.)|(.))*!", b"a" * 262_144) in {TOO_LONG, False}
    assert await search(searcher, "x", b"x") is True


async def test_closing_ends_a_search_under_way():
    searcher = Searcher(asyncio.get_running_loop())
    await search(searcher, "x", b"x")
    helper = searcher._helper
    due_s = asyncio.get_running_loop().time() + 0.1
    searcher.search(Search(r"(a+)+$", b"a" * 1000 + b"!"), due_s, lambda _: pytest.fail("called after the end"))
    searcher.close()
    assert helper.poll() is not None
    await asyncio.sleep(0.2)  # past its deadline


async def test_nothing_runs_before_the_first_search():
    searcher = Searcher(asyncio.get_running_loop())
    searcher.close()
    assert searcher._helper is None


async def test_a_search_is_over_at_its_deadline_also_behind_others(searcher):
    loop, answers = asyncio.get_running_loop(), asyncio.Queue()
    await search(searcher, "x", b"x")  # the helper stands
    for name in ("first", "second"):
        told = partial(lambda name, found: answers.put_nowait((name, found)), name)
        searcher.search(Search(r"(a+)+$", b"a" * 1000 + b"!"), loop.time(), told)
    async with asyncio.timeout(10):
        assert {await answers.get() for _ in range(2)} == {("first", TOO_LATE), ("second", TOO_LATE)}
        assert await search(searcher, "x", b"x") is True
    assert answers.empty(), "told twice"
