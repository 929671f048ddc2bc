"""When to call somebody who waits: a coarse wheel with one timer of the loop, whatever the number of waiters.

Most waiters never expire, so taking one out must cost next to nothing: buckets are dictionaries.
"""

import asyncio
import heapq
from typing import Final, Protocol

TICK_S: Final = 0.01


class Waiter(Protocol):
    """Who waits."""

    def on_time(self, now_s: float) -> None:
        """Time is up; the loop's clock shows `now_s`."""

    def break_off(self, error: Exception) -> None:
        """`on_time` raised: a bug, which must not stop the others' time."""


Ticket = dict[Waiter, None]
"""All that are due in the same tick: who does not want to wait any more takes himself out."""


class Deadlines:
    """Waiters that are due at a time of the loop's clock, told at most `TICK_S` late."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._buckets: dict[int, Ticket] = {}
        self._ticks: list[int] = []
        self._timer: asyncio.TimerHandle | None = None

    def put(self, due_s: float, waiter: Waiter) -> Ticket:
        """Have `waiter.on_time(now)` called at `due_s`, unless it takes itself out of the ticket before."""
        tick = int(due_s / TICK_S) + 1
        bucket = self._buckets.get(tick)
        if bucket is None:
            bucket = self._buckets[tick] = {}
            heapq.heappush(self._ticks, tick)
            if self._ticks[0] == tick:
                self._arm()
        bucket[waiter] = None
        return bucket

    def clear(self) -> None:
        """Forget everybody."""
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
            bucket = self._buckets.pop(heapq.heappop(self._ticks))
            while bucket:
                waiter, _ = bucket.popitem()
                try:
                    waiter.on_time(now_s)
                except Exception as error:  # noqa: BLE001 - its bug must not stop the others' time
                    waiter.break_off(error)
        while self._ticks and not self._buckets[self._ticks[0]]:
            del self._buckets[heapq.heappop(self._ticks)]  # nobody waits there any more: no need to wake up for it
        if self._ticks and self._timer is None:
            self._arm()
