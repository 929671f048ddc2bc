"""What the knowledge base says: a failure's meaning, its causes, what to check, commands. Pure.

Texts may hold placeholders that are filled from the monitor and the catalogue when shown: {host} {address}
{port} {name} {unit} {process} {log} {config} {config_key} {test} {title} (the service's title).
"""

from collections.abc import Mapping

import msgspec

from uptime_tui.model.failure import Failure


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One possible reason."""

    id: str
    """Stable, snake_case, unique within its failure."""
    text: str
    """The reason in one sentence."""
    check: tuple[str, ...]
    """What to check, one short sentence each."""
    commands: tuple[str, ...] = ()
    """Copyable shell commands."""
    weight: float = 0.5
    """Prior likelihood, 0 to 1; the order of causes before any evidence."""


class Refinement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is different for one service: causes put before the general ones, or dropped."""

    cause: tuple[Cause, ...] = ()
    drop: tuple[str, ...] = ()
    """Ids of general causes that make no sense for this service."""
    meaning: str = ""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file `failures/<code>.toml`."""

    title: str
    meaning: str
    cause: tuple[Cause, ...]
    service: dict[str, Refinement] = {}


class Hints(msgspec.Struct, frozen=True):
    """An entry made ready for one failure of one monitor: every placeholder filled."""

    failure: Failure
    title: str
    meaning: str
    causes: tuple[Cause, ...]


def hints_for(entry: Entry, failure: Failure, service: str, facts: Mapping[str, str]) -> Hints:
    """Causes for this service first, then the general ones, heaviest first, placeholders filled.

    A command with a placeholder that has no fact is left out rather than shown half-filled.
    """
    raise NotImplementedError
