"""From one place, down and unreachable look the same."""

from collections.abc import Iterator

from uptime_tui.lint.rule import Fleet, Found, Rule


def _find(fleet: Fleet) -> Iterator[Found]:
    if fleet.monitors:
        yield Found("", "all is seen from this machine alone: this version has no vantage but local")


RULE = Rule(
    "info",
    "no second vantage",
    "What breaks on the way from here looks like a fault of the server; what the world alone cannot reach is not seen.",
    "Until there is another vantage: run a second uptime-tui in another network with the same monitors.toml.",
    _find,
)
