"""What the knowledge base says: a failure's meaning, its causes, what to check, commands. Pure.

Texts may hold placeholders that are filled from the monitor and the catalogue when shown: {host} {domain} (the part of
the host's name that is registered) {address} {port} {name} {unit} (with its instances) {unit_file} (without them)
{process} {log} {config} {config_key} {test} {title} (the service's title) {logs} (a command that shows the log) {url}
(the target as curl takes it) {place} (`host:port` with the brackets that IPv6 wants) {scheme} (http or https) {client}
(the program of the test command, `redis-cli --tls`) {tls} (an openssl command that shows the certificate, with STARTTLS
where the service wants it).
"""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from uptime_tui.model.failure import Failure
from uptime_tui.model.pattern import pattern

PLACEHOLDERS: Final = (
    "host", "domain", "address", "port", "name", "title", "unit", "unit_file", "process", "log", "config", "config_key",
    "test", "logs", "url", "place", "scheme", "client", "tls",
)  # fmt: skip
_BARE: Final = pattern(r"\bnc\b.*\{port\}")
_PLACEHOLDER: Final = pattern(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


class CheckItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A thing to check that evidence can answer."""

    text: str
    """One short sentence."""
    fine: tuple[str, ...] = ()
    """Ids of evidence (`FACTS` of the collectors) that say: nothing wrong there."""
    wrong: tuple[str, ...] = ()
    """Ids of evidence that say: this is it."""
    command: str = ""
    """Shows exactly this by hand, where it can be seen. It only reads, and prints no secrets."""
    otherwise: str = ""
    """The command for a service that lacks a fact (a unit, a log) which `command` needs."""
    where: str = ""
    """Where a person looks, for what no command shows: the provider's console, a colleague."""


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One possible reason."""

    id: str
    """Stable, snake_case, unique within its failure."""
    text: str
    """The reason in one sentence."""
    check: tuple[str | CheckItem, ...]
    """What to check: a short sentence each, or a table that says which evidence answers it."""
    commands: tuple[str, ...] = ()
    """Copyable shell commands that belong to no single check."""
    weight: float = 0.5
    """Prior likelihood, 0 to 1; the order of causes before any evidence."""
    proved_by: tuple[str, ...] = ()
    """Ids of evidence of which one is all but proof."""
    supported_by: tuple[str, ...] = ()
    """Ids of evidence that make it likelier, each by the same factor."""
    weakened_by: tuple[str, ...] = ()
    """Ids of evidence that make it less likely, each by the same factor."""
    excluded_by: tuple[str, ...] = ()
    """Ids of evidence of which one all but rules it out."""

    @property
    def items(self) -> tuple[CheckItem, ...]:
        """What to check, all in one form."""
        return tuple(CheckItem(each) if isinstance(each, str) else each for each in self.check)

    @property
    def every_command(self) -> tuple[str, ...]:
        """Those of the checks, then the cause's own, each once."""
        return tuple(dict.fromkeys((*(item.command for item in self.items if item.command), *self.commands)))

    @property
    def checks(self) -> tuple[str, ...]:
        """What to check, as sentences."""
        return tuple(item.text for item in self.items)


class Refinement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is different for one service: causes put before the general ones, or dropped."""

    cause: tuple[Cause, ...] = ()
    drop: tuple[str, ...] = ()
    """Ids of general causes that make no sense for this service."""
    meaning: str = ""
    like: str = ""
    """Another service of this file: what is said of it counts here too."""


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


def hints_for(
    entry: Entry, failure: Failure, service: str, facts: Mapping[str, str], seen: Collection[str] = ()
) -> Hints:
    """Causes for this service first, then the general ones, heaviest first, placeholders filled.

    What the probe itself has `seen` (ids of evidence) puts a cause that it proves first, one that it excludes last.

    A command or check with a placeholder that has no fact is left out rather than shown half-filled.
    """
    special = _refinement(entry, service)
    general = [cause for cause in entry.cause if cause.id not in special.drop]
    causes = sorted((*special.cause, *general), key=lambda cause: (_against(cause, seen), -cause.weight))
    return Hints(
        failure,
        _fill(entry.title, facts) or entry.title,
        _fill(special.meaning or entry.meaning, facts) or entry.meaning,
        tuple(_filled(cause, facts) for cause in causes),
    )


def _against(cause: Cause, seen: Collection[str]) -> int:
    return any(each in seen for each in cause.excluded_by) - any(each in seen for each in cause.proved_by)


def _refinement(entry: Entry, service: str) -> Refinement:
    """The service's own, then what it is `like`, and what that is like; one that comes round again ends the line."""
    found, names = Refinement(), [service]
    for name in names:
        own = entry.service.get(name, Refinement())
        found = Refinement((*found.cause, *own.cause), (*found.drop, *own.drop), found.meaning or own.meaning)
        if own.like and own.like not in names:
            names.append(own.like)
    return found


def _filled(cause: Cause, facts: Mapping[str, str]) -> Cause:
    return msgspec.structs.replace(
        cause,
        text=_fill(cause.text, facts) or cause.text,
        check=tuple(item for item in (_filled_item(item, facts) for item in cause.items) if item.text),
        commands=tuple(text for text in (_command(text, facts) for text in cause.commands) if text),
    )


def _filled_item(item: CheckItem, facts: Mapping[str, str]) -> CheckItem:
    """The text is empty where a fact is missing."""
    text, where = _fill(item.text, facts) or "", _fill(item.where, facts) or ""
    command = _command(item.command, facts) or _command(item.otherwise, facts) or ""
    return msgspec.structs.replace(item, text=text, command=command, otherwise="", where=where)


def _command(text: str, facts: Mapping[str, str]) -> str | None:
    """A command filled; a bare connect only where the server does not count it against whoever makes it."""
    visit = facts.get("visit")
    return visit if visit and _BARE.search(text) else _fill(text, facts)


def placeholders(text: str) -> tuple[str, ...]:
    """Names of the placeholders in a text; `{{` is not special, because commands are full of braces."""
    return tuple(_PLACEHOLDER.findall(text))


def _fill(text: str, facts: Mapping[str, str]) -> str | None:
    if any(not facts.get(name) for name in _PLACEHOLDER.findall(text)):
        return None
    return _PLACEHOLDER.sub(lambda match: facts[match[1]], text)
