"""Not everything is worth the same pace."""

from collections.abc import Iterator
from typing import Final

from uptime_tui.lint.rule import Fleet, Found, Rule
from uptime_tui.model.units import format_duration

_FEW: Final = 5


def _find(fleet: Fleet) -> Iterator[Found]:
    paces = {monitor.interval_s for monitor in fleet.monitors}
    if len(fleet.monitors) >= _FEW and len(paces) == 1:
        yield Found(
            "", f"all {len(fleet.monitors)} monitors are probed every {format_duration(paces.pop())}", "interval"
        )


RULE = Rule(
    "info",
    "one interval for all monitors",
    "What takes the money is noticed as late as what nobody misses.",
    "Shorten the interval of what hurts first; leave it out elsewhere, and each service has its own.",
    _find,
)
