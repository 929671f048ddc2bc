"""An event loop in a thread of its own inside a network namespace: what is opened there listens there."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from support.netns import Namespace

T = TypeVar("T")
START_S = 20.0


class Backstage:
    """Runs coroutines on that loop, and waits for them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_S)


@contextmanager
def backstage(namespace: Namespace) -> Iterator[Backstage]:
    """One in that namespace until the block ends; whatever still runs then is cancelled."""
    loop = asyncio.new_event_loop()
    started = threading.Event()
    thread = threading.Thread(target=namespace.call, args=(_serve, loop, started), daemon=True)
    thread.start()
    assert started.wait(START_S), f"no loop in {namespace.name}"
    try:
        yield Backstage(loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _serve(loop: asyncio.AbstractEventLoop, started: threading.Event) -> None:
    loop.call_soon(started.set)
    loop.run_forever()
    loop.run_until_complete(_end(asyncio.all_tasks(loop)))
    loop.close()


async def _end(tasks: set[asyncio.Task]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
