"""How results become numbers and bytes on disk. Pure.

A failure's number is its place in the fixed list of codes plus one; new codes are added at the end of that list,
so a journal stays readable. The highest of its eight bits says that our side was at fault, whatever the code usually
means: a name server that is silent to every question, a firewall of this machine.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from uptime_tui.model.failure import FACTS, Failure, Status
from uptime_tui.model.result import Result

MONITOR_BITS: Final = 20
MONITOR_MASK: Final = (1 << MONITOR_BITS) - 1
HOUR_MS: Final = 3_600_000
SPAN_BITS: Final = 24
"""Hours (or days) in the key of a block or rollup."""
EVENT_BITS: Final = 44
_RECORD: Final = struct.Struct("<IIB")
_MAX_US: Final = 0xFFFFFFFF

_OURS: Final = 0x80
"""Of the number of a failure."""

NUMBERS: Final = {failure: number for number, failure in enumerate(Failure, 1)}
FAILURES: Final[tuple[Failure | None, ...]] = (None, *Failure)


class Point(NamedTuple):
    """One result as history keeps it."""

    at_ms: int
    failure: Failure | None
    total_us: int
    ours: bool = False
    """The watcher itself was at fault, although the code usually means the target."""

    @property
    def status(self) -> Status:
        """What it spoke for."""
        if self.failure is None:
            return Status.UP
        return Status.UNKNOWN if self.ours else FACTS[self.failure].status


class Tally(NamedTuple):
    """Counts of a span of time."""

    good: int = 0
    degraded: int = 0
    down: int = 0
    ours: int = 0
    sum_us: int = 0
    max_us: int = 0


def result_row(result: Result) -> tuple[int, int]:
    """Key and value of the append table."""
    number = 0
    if result.failure is not None:
        number = NUMBERS[result.failure] | (_OURS if result.severity is Status.UNKNOWN else 0)
    total_us = min(_MAX_US, int((result.timings.total or 0.0) * 1000))
    return result.at_ms << MONITOR_BITS | result.monitor, total_us << 8 | number


def row_point(key: int, value: int) -> Point:
    """The point of a row of the append table."""
    return _point(key >> MONITOR_BITS, value & 0xFF, value >> 8)


def span_key(monitor: int, span: int) -> int:
    """Key of a block, rollup or daily row."""
    return monitor << SPAN_BITS | span


def pack_records(rows: Iterable[tuple[int, int]]) -> bytes:
    """Rows of one monitor and one hour as records: offset within the hour in ms, microseconds, failure number."""
    return b"".join(
        _RECORD.pack((key >> MONITOR_BITS) % HOUR_MS, min(value >> 8, _MAX_US), value & 0xFF) for key, value in rows
    )


def unpack_records(data: bytes, hour: int) -> Iterator[Point]:
    """Points of a block, in the order in which they were sealed. A torn record at the end is left out."""
    whole = len(data) - len(data) % _RECORD.size
    start = hour * HOUR_MS
    for offset, total_us, number in _RECORD.iter_unpack(data[:whole]):
        yield _point(start + offset, number, total_us)


def tally(rows: Iterable[tuple[int, int]]) -> Tally:
    """Counts of rows of the append table."""
    good = degraded = down = ours = sum_us = max_us = 0
    for _, value in rows:
        number, total_us = value & 0xFF, value >> 8
        if number == 0:
            good += 1
            sum_us += total_us
            max_us = max(max_us, total_us)
            continue
        kind = "ours" if number & _OURS else _KINDS[number] if number < len(_KINDS) else "down"
        if kind == "ours":
            ours += 1
        elif kind == "degraded":
            degraded += 1
        else:
            down += 1
    return Tally(good, degraded, down, ours, sum_us, max_us)


def _point(at_ms: int, number: int, total_us: int) -> Point:
    code = number & ~_OURS
    failure = FAILURES[code] if code < len(FAILURES) else Failure.BAD_PROTOCOL
    return Point(at_ms, failure, total_us, ours=code != number)


def _kind(failure: Failure) -> str:
    status = FACTS[failure].status
    return "ours" if status is Status.UNKNOWN else status.value


_KINDS: Final = ("good", *(_kind(failure) for failure in Failure))
