"""When to call somebody who waits: a coarse wheel with one timer of the loop, whatever the number of waiters.

Most waiters never expire, so taking one out must cost next to nothing: buckets are dictionaries.
"""

import asyncio
import heapq
from collections.abc import Callable
from typing import Final

TICK_S: Final = 0.05

Expire = Callable[[float], None]


class Deadlines:
    """Callbacks that are due at a time of the loop's clock, at most `TICK_S` late."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._buckets: dict[int, dict[Expire, None]] = {}
        self._ticks: list[int] = []
        self._timer: asyncio.TimerHandle | None = None

    def put(self, due_s: float, expire: Expire) -> int:
        """Have `expire(now)` called at `due_s`; returns the ticket for `take`."""
        tick = int(due_s / TICK_S) + 1
        bucket = self._buckets.get(tick)
        if bucket is None:
            bucket = self._buckets[tick] = {}
            heapq.heappush(self._ticks, tick)
            if self._ticks[0] == tick:
                self._arm()
        bucket[expire] = None
        return tick

    def take(self, ticket: int, expire: Expire) -> None:
        """Forget a callback that was put; one that is gone already is no fault."""
        bucket = self._buckets.get(ticket)
        if bucket is not None:
            bucket.pop(expire, None)

    def clear(self) -> None:
        """Forget everything."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._buckets.clear()
        self._ticks.clear()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._ticks[0] * TICK_S, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now_s = self._loop.time()
        while self._ticks and self._ticks[0] * TICK_S <= now_s:
            tick = heapq.heappop(self._ticks)
            for expire in list(self._buckets.pop(tick)):
                expire(now_s)
        if self._ticks:
            self._arm()
