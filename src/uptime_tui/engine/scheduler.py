"""Starts probes when they are due: one timer wheel, whatever the number of monitors.

Never two probes of a monitor at once, at most `PER_HOST` per host, at most `limit` in all. A start that is due while
the last probe still runs is skipped and counted; one that must wait for its host or for a free slot is queued.
"""

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable
from typing import Final

from uptime_tui.model.schedule import first_due_s, next_due_s
from uptime_tui.model.units import MonitorId

TICK_S: Final = 0.05
PER_HOST: Final = 2
HURRY_S: Final = 2.0
"""Least time between two starts of a monitor that the user asks for."""
_SAMPLES: Final = 2048

Launch = Callable[[MonitorId], None]


class _Slot:
    """One monitor's place in the schedule. `tick` names the bucket that still means it."""

    __slots__ = ("due_s", "host", "id", "interval_s", "queued", "running", "started_s", "tick")

    def __init__(self, number: MonitorId, host: str, interval_s: float) -> None:
        self.id = number
        self.host = host
        self.interval_s = interval_s
        self.due_s = 0.0
        self.started_s = -HURRY_S
        self.tick = -1
        self.running = False
        self.queued = False


class Scheduler:
    """Owns the wheel. `launch(id)` starts a probe; whoever launched says `finished(id)`.

    Args:
        loop: whose clock counts.
        launch: starts one probe; may call `finished` before it returns.
        limit: probes at once.
        chance: uniform in [0, 1).
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        launch: Launch,
        *,
        limit: int,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._loop = loop
        self._launch = launch
        self._limit = limit
        self._chance = chance
        self._slots: dict[MonitorId, _Slot] = {}
        self._buckets: dict[int, list[_Slot]] = {}
        self._ticks: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._hosts: dict[str, int] = {}
        self._waiting: dict[str, deque[_Slot]] = {}
        self._ready: deque[_Slot] = deque()
        self._late: deque[float] = deque(maxlen=_SAMPLES)
        self.in_flight = 0
        self.skipped = 0

    # --- the fleet --------------------------------------------------------------------

    def put(self, number: MonitorId, name: str, host: str, interval_s: float, *, soon: bool = False) -> None:
        """Schedule a monitor, or change how it is scheduled; its phase is kept unless the interval changes.

        Args:
            number: its id.
            name: spreads first starts by a stable hash.
            host: of the target: at most two probes at once for each.
            interval_s: seconds between starts.
            soon: probe at once: the user has just added or edited it.
        """
        slot = self._slots.get(number)
        if slot is not None and slot.interval_s == interval_s and slot.host == host and not soon:
            return
        if slot is None or slot.host != host:
            self.drop(number)
            slot = self._slots[number] = _Slot(number, host, interval_s)
        slot.interval_s = interval_s
        now_s = self._loop.time()
        self._place(slot, now_s if soon else now_s + first_due_s(name, interval_s))

    def drop(self, number: MonitorId) -> None:
        """Forget a monitor; a probe that runs is finished by nobody's account."""
        slot = self._slots.pop(number, None)
        if slot is None:
            return
        slot.tick = -1
        if slot.running:
            self._leave(slot)

    def hurry(self, number: MonitorId) -> bool:
        """Probe now, out of turn; False when one runs already or ran less than two seconds ago."""
        slot = self._slots.get(number)
        if slot is None or slot.running or slot.queued:
            return False
        now_s = self._loop.time()
        if now_s - slot.started_s < HURRY_S:
            return False
        self._place(slot, now_s)
        return True

    def spread(self, name_of: Callable[[MonitorId], str]) -> None:
        """Begin anew, as at the start: after a suspend everything would be due at once."""
        now_s = self._loop.time()
        for slot in self._slots.values():
            if not slot.running:
                self._place(slot, now_s + first_due_s(name_of(slot.id), slot.interval_s))

    def due_in_s(self, number: MonitorId) -> float | None:
        """Seconds until the next start; None when the monitor is not scheduled."""
        slot = self._slots.get(number)
        return None if slot is None else max(0.0, slot.due_s - self._loop.time())

    def is_running(self, number: MonitorId) -> bool:
        """Whether a probe is under way or waits for its turn."""
        slot = self._slots.get(number)
        return slot is not None and (slot.running or slot.queued)

    def stop(self) -> None:
        """Start nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._buckets.clear()
        self._ticks.clear()
        self._ready.clear()
        self._waiting.clear()

    def lateness_p99_ms(self) -> float:
        """Of the last starts: how long after they were due 99 of 100 had begun."""
        if not self._late:
            return 0.0
        ordered = sorted(self._late)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000

    # --- the course of a probe --------------------------------------------------------

    def finished(self, number: MonitorId, retry_s: float | None) -> None:
        """A probe is done; the next one starts after `retry_s`, or when the interval says so."""
        slot = self._slots.get(number)
        if slot is None or not slot.running:
            return
        now_s = self._loop.time()
        if retry_s is not None:
            self._place(slot, now_s + retry_s)
        self._leave(slot)

    def _leave(self, slot: _Slot) -> None:
        slot.running = False
        self.in_flight -= 1
        busy = self._hosts[slot.host] - 1
        if busy:
            self._hosts[slot.host] = busy
        else:
            del self._hosts[slot.host]
        waiting = self._waiting.get(slot.host)
        while waiting:
            following = waiting.popleft()
            if not waiting:
                del self._waiting[slot.host]
            if following.queued and self._slots.get(following.id) is following:
                self._try(following)
                break
        while self._ready and self.in_flight < self._limit:
            following = self._ready.popleft()
            if following.queued and self._slots.get(following.id) is following:
                self._try(following)

    def _try(self, slot: _Slot) -> None:
        """Start a probe, or queue it for its host or for a free slot."""
        if self._hosts.get(slot.host, 0) >= PER_HOST:
            slot.queued = True
            self._waiting.setdefault(slot.host, deque()).append(slot)
            return
        if self.in_flight >= self._limit:
            slot.queued = True
            self._ready.append(slot)
            return
        slot.queued = False
        slot.running = True
        slot.started_s = self._loop.time()
        self.in_flight += 1
        self._hosts[slot.host] = self._hosts.get(slot.host, 0) + 1
        self._launch(slot.id)

    # --- the wheel --------------------------------------------------------------------

    def _place(self, slot: _Slot, due_s: float) -> None:
        slot.due_s = due_s
        tick = slot.tick = int(due_s / TICK_S) + 1
        bucket = self._buckets.get(tick)
        if bucket is None:
            bucket = self._buckets[tick] = []
            heapq.heappush(self._ticks, tick)
            if self._ticks[0] == tick:
                self._arm()
        bucket.append(slot)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._ticks[0] * TICK_S, self._turn)

    def _turn(self) -> None:
        self._timer = None
        now_s = self._loop.time()
        while self._ticks and self._ticks[0] * TICK_S <= now_s:
            tick = heapq.heappop(self._ticks)
            for slot in self._buckets.pop(tick):
                if slot.tick == tick:
                    self._due(slot, now_s)
        if self._ticks and self._timer is None:
            self._arm()

    def _due(self, slot: _Slot, now_s: float) -> None:
        due_s = slot.due_s
        self._late.append(max(0.0, now_s - slot.tick * TICK_S))
        self._place(slot, next_due_s(due_s, now_s, slot.interval_s, self._chance()))
        if slot.running or slot.queued:
            self.skipped += 1
        else:
            self._try(slot)
