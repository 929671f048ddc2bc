"""For all tests: no event loop but those that pytest-asyncio makes, no example that fails by the clock, and bytecode."""

import asyncio
import os
import sys

from hypothesis import settings


def pytest_configure() -> None:
    """What holds for this process, and for all that it starts."""
    asyncio.set_event_loop(None)  # looptime asks for one around tests without a loop, and would leave it open
    # hundreds of children start: where this is set, as in many containers, each would compile the whole program anew
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    settings.register_profile("untimed", deadline=None)  # a busy machine proves nothing about a property
    settings.load_profile("untimed")


def pytest_unconfigure() -> None:
    """Let go of the engines that were started: Python would complain of each, in the midst of the results."""
    if "uptime_tui.client.spawn" in sys.modules:
        sys.modules["uptime_tui.client.spawn"].reap()
