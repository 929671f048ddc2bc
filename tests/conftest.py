"""For all tests: no event loop but those that pytest-asyncio makes, and no example that fails by the clock."""

import asyncio

from hypothesis import settings


def pytest_configure() -> None:
    """Have `get_event_loop` make none: looptime asks for one around tests without a loop, and would leave it open."""
    asyncio.set_event_loop(None)
    settings.register_profile("untimed", deadline=None)  # a busy machine proves nothing about a property
    settings.load_profile("untimed")
