"""Starts probes when they are due: one timer wheel, whatever the number of monitors.

Never two probes of a monitor at once, at most `lanes.PER_HOST` per host and what its service allows, at most `limit`
in all; never before a rest that was promised to a server is over. A start that is due while
the last probe still runs is skipped and counted; one that must wait for its host or for a free slot is queued. A
probe that never says that it is done is given up, so that nothing else has to wait for it.
"""

import asyncio
import heapq
import logging
import random
from collections import deque
from collections.abc import Callable
from typing import Final

from uptime_tui.engine.lanes import Lanes
from uptime_tui.model.schedule import Pace, first_due_s, next_due_s
from uptime_tui.model.units import MonitorId

TICK_S: Final = 0.05
HURRY_S: Final = 2.0
"""Least time between two starts of a monitor that the user asks for."""
PATIENCE_S: Final = 60.0
SETTLE_S: Final = 30.0
_SAMPLES: Final = 2048
_NO_LIMITS: Final = Pace()
_log: Final = logging.getLogger(__name__)

Token = int
"""One start of one probe; no other ever has the same."""
Launch = Callable[[MonitorId, Token], None]


class _Slot:
    """One monitor's place in the schedule.

    `tick` names the bucket that still means it; `running` is a token or 0; `share` is its place within an interval,
    0 to 1; `fresh` is True until its first start.
    """

    __slots__ = (
        "again", "due_s", "fresh", "host", "id", "interval_s", "pace", "patience_s", "queued", "running", "share",
        "started_s", "tick",
    )  # fmt: skip

    def __init__(self, number: MonitorId, name: str, host: str, interval_s: float) -> None:
        self.id = number
        self.share = first_due_s(name, 1.0)
        self.host = host
        self.interval_s = interval_s
        self.pace = _NO_LIMITS
        self.patience_s = PATIENCE_S
        self.due_s = 0.0
        self.started_s = -HURRY_S
        self.tick = -1
        self.running: Token = 0
        self.queued = False
        self.again = False
        self.fresh = False


class Scheduler:
    """Owns the wheel. `launch(id, token)` starts a probe; whoever launched says `finished(token)`.

    Args:
        loop: whose clock counts.
        launch: starts one probe; may call `finished` before it returns.
        limit: probes at once.
        lost: told the id of a monitor whose probe never ended.
        held_until_s: when the loop's clock allows the next probe of a monitor, whoever asks for it; 0: now.
        chance: uniform in [0, 1).
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        launch: Launch,
        *,
        limit: int,
        lost: Callable[[MonitorId], None] = lambda _: None,
        held_until_s: Callable[[MonitorId], float] = lambda _: 0.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._loop = loop
        self._launch = launch
        self._limit = limit
        self._lost = lost
        self._held_until_s = held_until_s
        self._chance = chance
        self._slots: dict[MonitorId, _Slot] = {}
        self._buckets: dict[int, list[_Slot]] = {}
        self._ticks: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._running: dict[Token, _Slot] = {}
        self._leaving: dict[MonitorId, _Slot] = {}
        """Dropped while a probe of theirs runs."""
        self._token = 0
        self._lanes = Lanes()
        self._waiting: dict[str, deque[_Slot]] = {}
        self._ready: deque[_Slot] = deque()
        self._freed: deque[str] = deque()
        self._handing_on = False
        self._late: deque[float] = deque(maxlen=_SAMPLES)
        self.skipped = 0

    @property
    def in_flight(self) -> int:
        """Probes started and not done."""
        return len(self._running)

    def now_s(self) -> float:
        """The clock that counts here."""
        return self._loop.time()

    # --- the fleet --------------------------------------------------------------------

    def put(  # noqa: PLR0913 - all that a schedule depends on
        self,
        number: MonitorId,
        name: str,
        host: str,
        interval_s: float,
        *,
        pace: Pace = _NO_LIMITS,
        within_s: float = SETTLE_S,
        patience_s: float = PATIENCE_S,
        soon: bool = False,
    ) -> None:
        """Schedule a monitor, or change how it is scheduled; its phase is kept unless the interval changes.

        The first start comes early, so that a row says something within seconds; from then on the starts of a fleet
        are spread over the whole interval.

        Args:
            number: its id.
            name: spreads first starts by a stable hash.
            host: of the target.
            interval_s: seconds between starts; never below the pace's.
            pace: what is polite to its service.
            within_s: the first start is due within these seconds.
            patience_s: a probe that runs for longer than this has been lost by a bug of ours.
            soon: probe at once: the user has just added or edited it.
        """
        interval_s = max(interval_s, pace.min_interval_s)
        slot = self._slots.get(number)
        if slot is not None and (slot.interval_s, slot.host, slot.pace) == (interval_s, host, pace) and not soon:
            slot.patience_s = patience_s
            return
        if slot is None or (slot.host, slot.pace) != (host, pace):
            self.drop(number)
            leaving = self._leaving.pop(number, None)
            same = leaving is not None and (leaving.host, leaving.pace) == (host, pace)
            slot = leaving if leaving is not None and same else _Slot(number, name, host, interval_s)
            slot.pace = pace
            self._slots[number] = slot
        slot.interval_s = interval_s
        self._lanes.join(number, host, pace, interval_s)
        slot.patience_s = patience_s
        slot.again = soon and slot.running != 0
        if soon and not slot.again:
            self._place(slot, self._loop.time())
        else:
            self._begin(slot, within_s)

    def drop(self, number: MonitorId) -> None:
        """Forget a monitor. A probe of it that runs counts for its host and the limit until it ends."""
        slot = self._slots.pop(number, None)
        if slot is not None:
            slot.tick = -1
            slot.queued = slot.again = False
            self._lanes.part(number, slot.host, slot.pace)
            if slot.running:
                self._leaving[number] = slot

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

    def spread(self, within_s: float = SETTLE_S) -> None:
        """Begin anew, as at the start: after a suspend nothing that is known is fresh."""
        for slot in self._slots.values():
            if not slot.running:
                self._begin(slot, within_s)

    def _begin(self, slot: _Slot, within_s: float) -> None:
        slot.fresh = True
        self._place(slot, self._loop.time() + slot.share * min(slot.interval_s, within_s))

    def due_in_s(self, number: MonitorId) -> float | None:
        """Seconds until the next start; None when the monitor is not scheduled."""
        slot = self._slots.get(number)
        if slot is None:
            return None
        return max(0.0, max(slot.due_s, self._held_until_s(number)) - self._loop.time())

    def allowed_interval_s(self, number: MonitorId) -> float:
        """The interval that politeness leaves a monitor; 0 when it is not scheduled."""
        slot = self._slots.get(number)
        return 0.0 if slot is None else self._lanes.interval_s(slot.host, slot.pace, slot.interval_s)

    def is_running(self, number: MonitorId) -> bool:
        """Whether a probe is under way or waits for its turn."""
        slot = self._slots.get(number)
        return slot is not None and (slot.running != 0 or slot.queued)

    def stop(self) -> None:
        """Start nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._slots.clear()
        self._buckets.clear()
        self._ticks.clear()
        self._ready.clear()
        self._waiting.clear()

    def lateness_p99_ms(self) -> float:
        """Of the last starts that had not to wait for their host: how long after their tick 99 of 100 had begun."""
        if not self._late:
            return 0.0
        ordered = sorted(self._late)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000

    # --- the course of a probe --------------------------------------------------------

    def holds(self, token: Token) -> bool:
        """Whether that probe is still waited for."""
        return token in self._running

    def finished(self, token: Token, retry_s: float | None) -> None:
        """A probe is done; the next one starts after `retry_s`, or when the interval says so."""
        slot = self._running.pop(token, None)
        if slot is None:
            return
        slot.running = 0
        if self._slots.get(slot.id) is slot:
            if slot.again:
                slot.again = False
                self._place(slot, self._loop.time())
            elif retry_s is not None:
                self._place(slot, self._loop.time() + retry_s)
        elif self._leaving.get(slot.id) is slot:
            del self._leaving[slot.id]
        self._lanes.leave(slot.host, slot.pace)
        if self._waiting or self._ready or self._handing_on:
            self._freed.append(slot.host)
            if not self._handing_on:
                self._hand_on()

    def _hand_on(self) -> None:
        """Give freed places to who waits: in a loop, because a probe may be done before its launch returns."""
        self._handing_on = True
        try:
            while self._freed:
                host = self._freed.popleft()
                for _ in range(len(self._waiting.get(host, ()))):
                    following = self._next_of(host)
                    if following is None or self._try(following):
                        break
                while self._ready and len(self._running) < self._limit:
                    following = self._ready.popleft()
                    if following.queued and self._slots.get(following.id) is following:
                        self._try(following)
                    else:
                        self._freed.append(following.host)  # dropped meanwhile: others may wait for its host
        finally:
            self._handing_on = False

    def _next_of(self, host: str) -> _Slot | None:
        """Who waits longest for this host and is still in the fleet."""
        waiting = self._waiting.get(host)
        while waiting:
            following = waiting.popleft()
            if not waiting:
                del self._waiting[host]
            if following.queued and self._slots.get(following.id) is following:
                return following
        return None

    def _try(self, slot: _Slot) -> bool:
        """Start a probe, or queue it for its host or for a free place; True when it was started."""
        slot.queued = False
        now_s = self._loop.time()
        free_s = max(self._held_until_s(slot.id), self._lanes.free_at_s(slot.host, slot.pace))
        if free_s > now_s:
            self._place(slot, free_s)
            return False
        if self._lanes.is_full(slot.host, slot.pace):
            slot.queued = True
            self._waiting.setdefault(slot.host, deque()).append(slot)
            return False
        if len(self._running) >= self._limit:
            slot.queued = True
            self._ready.append(slot)
            return False
        self._token = token = self._token + 1
        slot.running = token
        slot.started_s = now_s
        self._running[token] = slot
        self._lanes.enter(slot.host, slot.pace, now_s)
        try:
            self._launch(slot.id, token)
        except Exception:  # noqa: BLE001 - a bug of ours with one monitor must not stop the wheel
            _log.exception("start of monitor %d", slot.id)
            self.finished(token, None)
        return True

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
        try:
            while self._ticks and self._ticks[0] * TICK_S <= now_s:
                tick = heapq.heappop(self._ticks)
                for slot in self._buckets.pop(tick):
                    if slot.tick == tick:
                        self._due(slot, now_s)
        finally:
            if self._ticks and self._timer is None:
                self._arm()

    def _due(self, slot: _Slot, now_s: float) -> None:
        tick_s = slot.tick * TICK_S
        if slot.fresh:
            slot.fresh = False
            self._place(slot, now_s + slot.interval_s * (0.5 + slot.share))
        else:
            self._place(slot, next_due_s(slot.due_s, now_s, slot.interval_s, self._chance()))
        if slot.running and now_s - slot.started_s > slot.patience_s:
            _log.error("probe of monitor %d never ended", slot.id)
            self._lost(slot.id)
            self.finished(slot.running, None)
        if slot.running or slot.queued:
            self.skipped += 1
        elif self._try(slot):
            self._late.append(max(0.0, slot.started_s - tick_s))
