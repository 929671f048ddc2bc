"""The trend of a row: one byte a result on its way over the wire, one character on the screen."""

import math
from typing import Final

from uptime_tui.view.words import Glyphs

FAILED: Final = 0
OURS: Final = 1
_LOWEST: Final = 2
_STEPS: Final = 253
_DECADES: Final = 6.0
_FLOOR_MS: Final = 0.05
_MIN_SPAN: Final = _STEPS // 6
"""A tenfold range fills the eight levels at least, so that noise is not drawn as mountains."""


def encode(latency_ms: float) -> int:
    """A latency as a byte from 2 to 255: logarithmic from 0.05 ms to 50 s."""
    if latency_ms <= _FLOOR_MS:
        return _LOWEST
    return _LOWEST + min(_STEPS, round(math.log10(latency_ms / _FLOOR_MS) / _DECADES * _STEPS))


def trend_text(trend: bytes, width: int, glyphs: Glyphs) -> str:
    """The newest results, right-aligned in `width` cells: a level each, `×` for failed, `?` for ours."""
    if width <= 0:
        return ""
    shown = trend[-width:]
    answered = [byte for byte in shown if byte >= _LOWEST]
    low = min(answered, default=_LOWEST)
    span = max(max(answered, default=low) - low, _MIN_SPAN)
    levels = glyphs.levels
    marks = {FAILED: glyphs.failed, OURS: glyphs.ours}
    text = "".join(marks.get(byte) or levels[min(7, (byte - low) * 8 // (span + 1))] for byte in shown)
    return text.rjust(width)
