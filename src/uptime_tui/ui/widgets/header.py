"""The first line: counts and the view on the left; lateness, what the screen costs and the clock on the right."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from uptime_tui.ui.widgets.lines import Line
from uptime_tui.view.columns import counts_text
from uptime_tui.view.rows import count
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.view.words import Glyphs

LATE_S: Final = 2.0
RENEWED_S: Final = 5.0


class Header(Line):
    """Says how the fleet is.

    Args:
        roles: style text of each role.
        glyphs: characters.
        written: bytes sent to the terminal so far.
        clock: whether the time of day is wanted.
    """

    def __init__(
        self, roles: dict[str, str], glyphs: Glyphs, written: Callable[[], int], *, clock: bool, **kwargs: Any
    ) -> None:
        super().__init__(roles, **kwargs)
        self._glyphs = glyphs
        self._meter = Meter(written)
        self._clock = clock

    def tell(self, snapshot: Snapshot, view: Sequence[str], *, wide: bool) -> None:
        """Say it anew.

        Args:
            snapshot: the fleet.
            view: words about what is shown of it, and how.
            wide: there is room for what the screen costs.
        """
        counts = count(snapshot.rows.values())
        role = "bad" if counts.down else "warn" if counts.degraded else "good"
        left = ((f" {counts_text(counts, self._glyphs)}", role), (f"   {'   '.join(view)}", "plain"))
        late_s = snapshot.vitals.lateness_p99_ms / 1000
        parts = [f"probes {late_s:.0f} s late"] if late_s >= LATE_S else []
        if wide:
            parts.append(self._meter.text())
        if self._clock:
            parts.append(time.strftime("%H:%M"))
        self.show(left, "  ".join((*parts, "")))


class Meter:
    """Kilobytes a second: coarse, and renewed rarely, or it would be the cost itself.

    Args:
        written: bytes sent so far.
    """

    def __init__(self, written: Callable[[], int]) -> None:
        self._written = written
        self._before = 0
        self._at_s = time.monotonic()
        self._text = ""

    def text(self) -> str:
        """The rate; empty for the first seconds."""
        now_s = time.monotonic()
        took_s = now_s - self._at_s
        if took_s >= RENEWED_S:
            written = self._written()
            rate = (written - self._before) / took_s / 1000
            self._at_s, self._before = now_s, written
            self._text = "<1 kB/s" if rate < 1 else f"{rate:.0f} kB/s"
        return self._text
