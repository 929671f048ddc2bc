"""Every port has a purpose."""

from collections.abc import Iterator

from uptime_tui.lint.rule import Fleet, Found, Rule


def _find(fleet: Fleet) -> Iterator[Found]:
    for monitor in fleet.monitors:
        if not monitor.purpose:
            yield Found(monitor.name, "it does not say what it is for", "purpose")


RULE = Rule(
    "warning",
    "a monitor without a purpose",
    "Whoever is woken by it must know at once who cannot work while it is down.",
    "Write in purpose whom it serves and what stops without it.",
    _find,
)
