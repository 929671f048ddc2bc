"""What only the journal knows, read in a thread of its own: a long query must not make a probe late."""

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from uptime_tui.journal.pack import Point
from uptime_tui.journal.reader import Reader
from uptime_tui.model.units import MonitorId
from uptime_tui.wire.messages import TREND_LENGTH

_DAY_MS: Final = 86_400_000
_FRESH_S: Final = 60.0
"""How long an uptime is good for."""


class History:
    """Asks one question after the other.

    Args:
        loop: on which answers arrive.
        reader: this thread's own.
        changed: told the id of a monitor of which more is known.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, reader: Reader, changed: Callable[[MonitorId], None]) -> None:
        self._loop = loop
        self._reader = reader
        self._changed = changed
        self._thread = ThreadPoolExecutor(1, "history")
        self._uptimes: dict[MonitorId, tuple[float, float | None]] = {}
        """By monitor: when it was asked for, and what was answered last."""

    def uptime_day(self, number: MonitorId) -> float | None:
        """Share of the last day's known probes that were not down, as far as it is known; asked anew now and then."""
        now_s = self._loop.time()
        asked_s, share = self._uptimes.get(number, (-_FRESH_S, None))
        if now_s - asked_s >= _FRESH_S:
            self._uptimes[number] = (now_s, share)
            asked = self._loop.run_in_executor(self._thread, self._uptime, number)
            asked.add_done_callback(partial(self._arrived, number))
        return share

    async def recent(self, monitors: Iterable[MonitorId]) -> dict[MonitorId, list[Point]]:
        """The newest points of these monitors from before this call, oldest first."""
        now_ms = time.time_ns() // 1_000_000
        found = await self._loop.run_in_executor(
            self._thread, self._reader.recent, tuple(monitors), TREND_LENGTH, now_ms
        )
        return {number: [point for point in points if point.at_ms < now_ms] for number, points in found.items()}

    def forget(self, gone: Iterable[MonitorId]) -> None:
        """These are watched no more."""
        for number in gone:
            self._uptimes.pop(number, None)

    def stop(self) -> None:
        """End whatever is being asked."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._reader.interrupt()

    def _uptime(self, number: MonitorId) -> float | None:
        now_ms = time.time_ns() // 1_000_000
        return self._reader.uptime(number, now_ms - _DAY_MS, now_ms)

    def _arrived(self, number: MonitorId, answer: asyncio.Future[float | None]) -> None:
        if number not in self._uptimes or answer.cancelled():
            return
        share = answer.result()
        asked_s, before = self._uptimes[number]
        self._uptimes[number] = (asked_s, share)
        if share != before:
            self._changed(number)
