"""Is our clock right? What it says of certificates is not believed where it is the clock that looks wrong.

By what is known already, nothing is sent: the clock shows a time before this program was written; the certificates of
several unrelated servers would all have left their time; or it was set by more than a day while the engine ran, and
nobody keeps it right.
"""

import ctypes
import itertools
import random
import struct
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from uptime_tui.engine.doubt import network_of
from uptime_tui.model.certificate import DAY_S, Certificate, date_text
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.result import Result
from uptime_tui.model.succession import Shown
from uptime_tui.model.units import MonitorId

BY_THE_CLOCK: Final = frozenset({Failure.TLS_EXPIRED, Failure.TLS_NOT_YET_VALID, Failure.TLS_EXPIRING})
"""Failures that nothing but our clock tells."""
WRITTEN_S: Final = 1_795_000_000
"""Unix time after which this was written."""
SEVERAL_EARLY: Final = 2
"""Unrelated certificates whose time has not come: nobody issues such."""
SEVERAL_LATE: Final = 3
"""Unrelated ones that are over, and most of all: one or two may be forgotten."""
_LOOKED_AT: Final = 256
_SAME_S: Final = 1.0
"""So long a look at all certificates counts."""
_TIMEX: Final = struct.Struct("@Illlli")
"""The begin of `struct timex`, up to its status."""
_TIMEX_BYTES: Final = 512
_STA_UNSYNC: Final = 0x40
_UNVOUCHED: Final = frozenset({Failure.TLS_SELF_SIGNED, Failure.TLS_UNTRUSTED})


def is_kept_right() -> bool:
    """Whether the kernel says that its clock is synchronized, by NTP for instance (adjtimex(2), STA_UNSYNC)."""
    reading = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        state = ctypes.CDLL(None).adjtimex(reading)
    except (OSError, AttributeError):
        return False
    status: int = _TIMEX.unpack_from(reading)[-1]
    return state >= 0 and not status & _STA_UNSYNC


class WallClock:
    """Judges it.

    Args:
        shown: the certificates that are known, by monitor; read, never changed.
        wall: Unix time in seconds.
        steady: seconds that nobody sets and no sleep stops (CLOCK_BOOTTIME).
        kept: whether somebody keeps the clock right.
    """

    def __init__(
        self,
        shown: Mapping[MonitorId, Shown],
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
        kept: Callable[[], bool] = is_kept_right,
    ) -> None:
        self._shown = shown
        self._wall = wall
        self._steady = steady
        self._kept = kept
        self._began_s = wall() - steady()
        self._set_s: float | None = None
        self._looked = (-_SAME_S, 0.0)
        """When all certificates were looked at, on both clocks."""
        self.why = ""
        """What was found last."""

    def judge(self, result: Result) -> Result:
        """The result as it is, or unknown where only a clock that looks wrong is against the target."""
        if result.failure not in BY_THE_CLOCK:
            return result
        why, then_s = self.why_wrong(), result.at_ms / 1000
        if not why and abs(self._wall() - then_s) > DAY_S:
            why = self._look(then_s, self._steady())  # it was set right while the probe was under way
        if not why:
            return result
        detail = f"{why}; what was seen: {result.detail}"
        return msgspec.structs.replace(result, detail=detail, severity=Status.UNKNOWN)

    def why_wrong(self) -> str:
        """Why the clock is not believed, one sentence; empty where nothing speaks against it."""
        now_s, wall_s = self._steady(), self._wall()
        since_s, shown_s = now_s - self._looked[0], wall_s - self._looked[1]
        if since_s >= _SAME_S or abs(shown_s - since_s) >= _SAME_S:
            self._looked, self.why = (now_s, wall_s), self._look(wall_s, now_s)
        return self.why

    @property
    def has_witnesses(self) -> bool:
        """Whether enough unrelated certificates are known to tell that it is wrong; looks at some hundred at most."""
        some = [shown.newest for shown in itertools.islice(self._shown.values(), _LOOKED_AT)]
        return len(_unrelated(some)) >= SEVERAL_LATE

    def _look(self, wall_s: float, now_s: float) -> str:
        wrong = f"this machine's clock is wrong: it shows {date_text(int(wall_s))}"
        if wall_s < WRITTEN_S:
            return f"{wrong}, and this program is younger"
        numbers = list(self._shown)
        some = numbers if len(numbers) <= _LOOKED_AT else random.sample(numbers, _LOOKED_AT)
        every = _unrelated([self._shown[number].newest for number in some])
        early = sum(each.not_before > wall_s + DAY_S for each in every)
        late = sum(each.not_after < wall_s for each in every)
        if early >= SEVERAL_EARLY:
            return f"{wrong}, and {early} of {len(every)} certificates would not be valid yet"
        if late >= SEVERAL_LATE and 2 * late > len(every):
            return f"{wrong}, and {late} of {len(every)} certificates would have expired"
        set_by_s = self._set_by_s(wall_s, now_s)
        if set_by_s and not self._kept():
            return f"this machine's clock may be wrong: it was set by {set_by_s / DAY_S:+.0f} days within the last day"
        return ""

    def _set_by_s(self, wall_s: float, now_s: float) -> float:
        """By how much the clock was set within the last day while the engine ran; 0.0 for less than a day."""
        set_by_s = wall_s - now_s - self._began_s
        if abs(set_by_s) < DAY_S:
            self._set_s = None
            return 0.0
        if self._set_s is None:
            self._set_s = now_s
        if now_s - self._set_s < DAY_S:
            return set_by_s
        self._began_s, self._set_s = wall_s - now_s, None
        return 0.0


def _unrelated(every: list[Certificate]) -> list[Certificate]:
    """One for each domain and begin: who forgets one certificate may well forget its sisters."""
    vouched = [each for each in every if not _UNVOUCHED.intersection(each.problems)]
    return list(
        {
            (network_of(each.names[0] if each.names else each.subject), each.not_before // DAY_S): each
            for each in vouched
        }.values()
    )
