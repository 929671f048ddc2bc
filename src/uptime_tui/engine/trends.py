"""The last results of every monitor as a sparkline's bytes, its last good time, and what single addresses said."""

from typing import Any

from uptime_tui.engine.backends import Backends
from uptime_tui.journal.pack import Point
from uptime_tui.journal.writer import Journal
from uptime_tui.model.failure import Status
from uptime_tui.model.result import Result
from uptime_tui.model.units import MonitorId
from uptime_tui.view.trend import FAILED, OURS, encode
from uptime_tui.wire.messages import TREND_LENGTH


class Trends:
    """At most `TREND_LENGTH` results per monitor, oldest first.

    Args:
        journal: keeps what single addresses said.
    """

    def __init__(self, journal: Journal) -> None:
        self.backends = Backends(journal)
        self.latency: dict[MonitorId, float] = {}
        """Milliseconds of the last probe that succeeded."""
        self._trends: dict[MonitorId, bytearray] = {}

    @property
    def tables(self) -> tuple[dict[MonitorId, Any], ...]:
        """All that is kept by monitor, for whoever forgets one."""
        return self.latency, self._trends, self.backends.past

    def of(self, number: MonitorId) -> bytes:
        """The sparkline's bytes (`view.trend`)."""
        return bytes(self._trends.get(number, b""))

    def add(self, result: Result) -> None:
        """Append a result."""
        number, total_ms = result.monitor, result.timings.total
        trend = self._trends.get(number)
        if trend is None:
            trend = self._trends[number] = bytearray()
        if result.failure is None:
            trend.append(encode(total_ms or 0.0))
            if total_ms is not None:
                self.latency[number] = total_ms
        else:
            trend.append(_encoded(result.status, 0.0))
        if len(trend) > TREND_LENGTH:
            del trend[0]
        if result.trials:
            self.backends.take(result)

    def recall(self, number: MonitorId, points: list[Point]) -> None:
        """Put what the journal knows before what came since the start."""
        trend = bytearray(_encoded(point.status, point.total_us / 1000) for point in points)
        trend += self._trends.get(number, b"")
        self._trends[number] = trend[-TREND_LENGTH:]


def _encoded(status: Status, total_ms: float) -> int:
    if status is Status.UP:
        return encode(total_ms)
    return OURS if status is Status.UNKNOWN else FAILED
