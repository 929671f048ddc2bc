"""For all tests: no event loop but those that pytest-asyncio makes."""

import asyncio


def pytest_configure() -> None:
    """Have `get_event_loop` make none: looptime asks for one around tests without a loop, and would leave it open."""
    asyncio.set_event_loop(None)
