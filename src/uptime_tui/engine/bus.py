"""Tells clients what changed: newest wins, at most five times a second, and never more than a client reads.

A client that does not read keeps a set of ids and nothing else: no bytes are made for it until its socket is empty.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from uptime_tui.model.units import MonitorId
from uptime_tui.wire.framing import encode
from uptime_tui.wire.messages import CertificateRow, Changes, Focus, MonitorRow, Notice, Vitals

FLUSH_S: Final = 0.2
VITALS_S: Final = 2.0
_log: Final = logging.getLogger(__name__)


class Source(Protocol):
    """Where the present comes from."""

    def row(self, number: MonitorId) -> MonitorRow | None:
        """A monitor's row; None when it is gone."""

    def certificate(self, number: MonitorId) -> CertificateRow | None:
        """The certificate of its server; None when there is none."""

    def focus(self, number: MonitorId) -> Focus | None:
        """What a panel shows of it."""

    def notices(self) -> tuple[Notice, ...]:
        """What the user must see."""

    def vitals(self) -> Vitals:
        """How the engine is."""

    def fleet_state(self) -> bytes:
        """The whole, as one frame."""


class Watcher:
    """One client that watches. `write` sends bytes, `backlog` counts those not yet taken."""

    __slots__ = ("_backlog", "_write", "certificates", "dirty", "fleet", "focus", "focus_dirty", "told", "vitals_due_s")

    def __init__(self, write: Callable[[bytes], None], backlog: Callable[[], int]) -> None:
        self._write = write
        self._backlog = backlog
        self.dirty: set[MonitorId] = set()
        self.certificates: set[MonitorId] = set()
        self.fleet = True
        self.focus: MonitorId | None = None
        self.focus_dirty = False
        self.told: tuple[Notice, ...] = ()
        self.vitals_due_s = 0.0

    def is_behind(self) -> bool:
        """Whether it has not taken what was sent."""
        return self._backlog() > 0

    def send(self, frame: bytes) -> None:
        """Write one frame."""
        self._write(frame)


class Bus:
    """Owns who is told what.

    Args:
        loop: runs the flushes.
        source: the present.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, source: Source) -> None:
        self._loop = loop
        self._source = source
        self._watchers: set[Watcher] = set()
        self._timer: asyncio.TimerHandle | None = None

    def join(self, watcher: Watcher) -> None:
        """Tell this one everything, then every change."""
        self._watchers.add(watcher)
        self._flush_one(watcher, _Shared(self._source))
        self._arm()

    def leave(self, watcher: Watcher) -> None:
        """Tell it nothing more."""
        self._watchers.discard(watcher)

    def mark(self, number: MonitorId) -> None:
        """A monitor's row changed."""
        for watcher in self._watchers:
            watcher.dirty.add(number)
            if watcher.focus == number:
                watcher.focus_dirty = True
        if self._watchers and self._timer is None:
            self._arm()

    def mark_certificate(self, number: MonitorId) -> None:
        """A monitor's certificate changed; its row is marked at the same time."""
        for watcher in self._watchers:
            watcher.certificates.add(number)

    def mark_fleet(self) -> None:
        """Monitors came, went or were edited."""
        for watcher in self._watchers:
            watcher.fleet = True
        self._arm()

    def focus_on(self, watcher: Watcher, number: MonitorId | None) -> None:
        """A client looks at this monitor now; it is told at once."""
        watcher.focus = number
        watcher.focus_dirty = number is not None
        if watcher in self._watchers and not watcher.is_behind():
            self._flush_one(watcher, _Shared(self._source))

    def stop(self) -> None:
        """No more flushes."""
        if self._timer is not None:
            self._timer.cancel()
        self._watchers.clear()

    def _arm(self) -> None:
        if self._timer is None and self._watchers:
            self._timer = self._loop.call_later(FLUSH_S, self._flush)

    def _flush(self) -> None:
        self._timer = None
        self._arm()
        shared = _Shared(self._source)
        for watcher in list(self._watchers):
            if not watcher.is_behind():
                try:
                    self._flush_one(watcher, shared)
                except Exception:  # noqa: BLE001 - a bug of ours with one client's focus must not stop the others
                    _log.exception("flush")

    def _flush_one(self, watcher: Watcher, shared: "_Shared") -> None:
        if watcher.fleet:
            watcher.fleet = False
            watcher.dirty.clear()
            watcher.certificates.clear()
            watcher.told = self._source.notices()
            watcher.send(shared.fleet_state())
        changed = [row for number in watcher.dirty if (row := shared.row(number)) is not None]
        watcher.dirty.clear()
        shown = [one for number in watcher.certificates if (one := self._source.certificate(number)) is not None]
        watcher.certificates.clear()
        focus = None
        if watcher.focus_dirty and watcher.focus is not None:
            watcher.focus_dirty = False
            focus = self._source.focus(watcher.focus)
        notices = self._source.notices()
        news = notices if notices != watcher.told else None
        watcher.told = notices
        now_s = self._loop.time()
        vitals = None
        if now_s >= watcher.vitals_due_s:
            watcher.vitals_due_s = now_s + VITALS_S
            vitals = self._source.vitals()
        if changed or focus is not None or news is not None or vitals is not None:
            watcher.send(encode(Changes(tuple(changed), focus, news, vitals, tuple(shown))))


class _Shared:
    """What several clients are told in one flush is made once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rows: dict[MonitorId, MonitorRow | None] = {}
        self._whole = b""

    def row(self, number: MonitorId) -> MonitorRow | None:
        if number not in self._rows:
            self._rows[number] = self._source.row(number)
        return self._rows[number]

    def fleet_state(self) -> bytes:
        self._whole = self._whole or self._source.fleet_state()
        return self._whole
