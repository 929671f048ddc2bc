"""Runs the rules, each found by its file's name, and leaves out what `lint_ignore` or `[lint] ignore` names."""

import pkgutil
from functools import cache
from importlib import import_module
from typing import Final, NamedTuple

from uptime_tui.lint import rules as folder
from uptime_tui.lint.rule import Fleet, Found, Level, Rule

LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "info")
"""Worst first."""


class Finding(NamedTuple):
    """What a rule has found, with the rule."""

    rule: str
    """Id."""
    level: Level
    found: Found
    why: str
    fix: str


@cache
def rule_ids() -> tuple[str, ...]:
    """The ids of all rules; none of them is imported for it."""
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(folder.__path__)))


@cache
def rules() -> dict[str, Rule]:
    """All rules by id."""
    return {each: import_module(f"{folder.__name__}.{each.replace('-', '_')}").RULE for each in rule_ids()}


def audit(fleet: Fleet) -> tuple[Finding, ...]:
    """Everything that the rules find, the worst level first, then in the order of the monitors."""
    ignored = {monitor.name: frozenset(monitor.lint_ignore) for monitor in fleet.monitors}
    places = {monitor.name: place for place, monitor in enumerate(fleet.monitors)}
    findings = [
        Finding(name, found.level or rule.level, found, rule.why, rule.fix)
        for name, rule in rules().items()
        if name not in fleet.ignored
        for found in rule.find(fleet)
        if name not in ignored.get(found.monitor, ())
    ]
    return tuple(sorted(findings, key=lambda f: (LEVELS.index(f.level), places.get(f.found.monitor, -1))))
