"""Distinct types for ids and names, and the one grammar for durations (`90s`, `5m`, `1h30m`)."""

import functools
import re
from typing import Final, NewType

from uptime_tui.model.pattern import pattern

MonitorId = NewType("MonitorId", int)
"""A monitor's number, given by the journal to its unique name; never reused. At most 19 bits: a signed 64-bit key
holds it and 44 bits of milliseconds."""

VantageName = NewType("VantageName", str)
"""Where a probe starts from; `local` is this machine."""

MAX_MONITOR_ID: Final = (1 << 19) - 1
LOCAL: Final = VantageName("local")

_PART: Final = pattern(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@functools.lru_cache(maxsize=256)
def parse_duration(text: str) -> float:
    """Seconds of `500ms`, `5s`, `1m30s`, `2h`, `1d`; a bare number means seconds.

    Raises:
        ValueError: the text is no duration, or not longer than zero.
    """
    stripped = text.strip().lower()
    bare = re.fullmatch(r"\d+(?:\.\d+)?", stripped)
    if bare:
        seconds = float(stripped)
    elif stripped and _PART.sub("", stripped) == "":
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(stripped))
    else:
        raise ValueError(f"not a duration: {text[:40]!r}")
    if not 0 < seconds <= 366 * 86400:
        raise ValueError(f"a duration must be longer than zero and at most 366 days: {text[:40]!r}")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads back: 90.0 gives `1m30s`, 0.5 gives `500ms`."""
    milliseconds = round(seconds * 1000)
    parts: list[str] = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
