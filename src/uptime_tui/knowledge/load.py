"""Finds the knowledge about a failure by its code: one file each, read when it is first asked for.

The user's own files (`runbooks/<code>.toml` in the config folder) have the same form; their causes come first.
"""

import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from pkgutil import get_data
from typing import Final

import msgspec

from uptime_tui.knowledge.entry import Cause, Entry, Hints, Refinement, hints_for
from uptime_tui.knowledge.facts import ServiceFacts, facts_for
from uptime_tui.model.errors import UserError
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import is_safe, safe_text
from uptime_tui.tomlfile.fields import Fault, Place, read_table
from uptime_tui.tomlfile.report import first_fault
from uptime_tui.tomlfile.source import parse, read_text

_MAX_TEXT: Final = 1000
_LINE_RULE: Final = f"a text must be one line of at most {_MAX_TEXT} visible characters"
_AFTER_CONNECT: Final = frozenset({Phase.TLS, Phase.PROTOCOL, Phase.CONTENT})
"""Where a timeout means: it was accepted, so that no packet filter and no dead machine is to blame."""
_BLANKS: Final = pattern(" {2,}")


class KnowledgeBase:
    """What is known about each failure code.

    Args:
        user_folder: `runbooks` of the config folder; a folder that does not exist is no fault.
    """

    def __init__(self, user_folder: Path | None = None) -> None:
        self._user_folder = user_folder
        self._entries: dict[Failure, Entry] = {}

    def entry(self, failure: Failure) -> Entry:
        """The entry of a failure code.

        Raises:
            UserError: the user's file for this code is wrong; the built-in entry is served from then on.
        """
        if failure not in self._entries:
            built_in = _built_in(failure)
            self._entries[failure] = built_in
            self._entries[failure] = self._merged(failure, built_in)
        return self._entries[failure]

    def hints(
        self,
        failure: Failure,
        monitor: Monitor,
        service: ServiceFacts,
        address: str | None,
        warn: Callable[[str], None],
        *,
        phase: Phase | None = None,
    ) -> Hints:
        """What is known of one failure of one monitor.

        Args:
            failure: why it failed.
            monitor: whose target is meant.
            service: the catalogue's word on it.
            address: the IP address of the probe; None before the name was resolved.
            warn: told, once, that the user's own file is wrong; the built-in knowledge serves then.
            phase: in which the probe failed, where that is known.
        """
        try:
            entry = self.entry(failure)
        except UserError as error:
            warn(str(error))
            entry = self.entry(failure)
        seen = ("accepted_silent",) if failure is Failure.TIMEOUT and phase in _AFTER_CONNECT else ()
        return hints_for(entry, failure, monitor.target.service, facts_for(monitor, service, address), seen)

    def problems(self) -> list[UserError]:
        """Everything wrong in the user's folder; `entry` serves the built-in text for those."""
        if self._user_folder is None:
            return []
        try:
            paths = sorted(path for path in self._user_folder.iterdir() if path.suffix == ".toml")
        except FileNotFoundError:
            return []
        except OSError as error:
            what = f"cannot be read: {error.strerror}"
            return [UserError(what, where="runbooks", todo="make it a folder that can be read")]
        found: list[UserError] = []
        for path in paths:
            if path.stem not in set(Failure):
                where = f"runbooks/{safe_text(path.name, 60)}"
                found.append(UserError("no failure code has this name", where=where, todo=_nearest(path.stem)))
                continue
            try:
                self.entry(Failure(path.stem))
            except UserError as error:
                found.append(error)
        return found

    def _merged(self, failure: Failure, built_in: Entry) -> Entry:
        if self._user_folder is None:
            return built_in
        path = self._user_folder / f"{failure}.toml"
        name = f"runbooks/{path.name}"
        text = read_text(path, name)
        own, faults = read_table({"title": "", "meaning": "", "cause": [], **parse(text, name)}, Entry)
        if own is not None and not faults:
            faults = list(_entry_faults(own))
        if own is None or faults:
            raise first_fault(faults, text, name)
        return merge(built_in, own)


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(Failure), 1)
    return f"did you mean {near[0]}.toml?" if near else "see the list of failure codes"


def _entry_faults(entry: Entry) -> Iterator[Fault]:
    """What is wrong in a user's file besides keys and types."""
    parts: list[tuple[Place, tuple[Cause, ...]]] = [((), entry.cause)]
    parts += [(("service", name), refinement.cause) for name, refinement in entry.service.items()]
    for place, causes in parts:
        for number, cause in enumerate(causes):
            yield from _cause_faults((*place, "cause", number), cause)
    for key in ("title", "meaning"):
        if not _is_line(getattr(entry, key)):
            yield Fault((key,), f"{key}: {_LINE_RULE}", "make it one line")


def _cause_faults(here: Place, cause: Cause) -> Iterator[Fault]:
    if not cause.id or not cause.text or not cause.check:
        yield Fault(here, "a cause needs an id, a text and at least one check", "add what is missing")
    if not 0 < cause.weight <= 1:
        yield Fault((*here, "weight"), "weight must be above 0, at most 1", "write weight = 0.5")
    for key, texts in (("text", (cause.text,)), ("check", _texts(cause)), ("commands", cause.commands)):
        if not all(_is_line(text) for text in texts):
            yield Fault((*here, key), f"{key}: {_LINE_RULE}", "make it one line")


def _texts(cause: Cause) -> tuple[str, ...]:
    return tuple(text for item in cause.items for text in (item.text, item.command, item.otherwise, item.where))


def _is_line(text: str) -> bool:
    """Several blanks in a row stand in many a command."""
    return len(text) <= _MAX_TEXT and is_safe(_BLANKS.sub(" ", text).strip(" "))


def merge(built_in: Entry, own: Entry) -> Entry:
    """The user's entry over the built-in one: texts replaced where given, causes put first or replaced by id."""
    replaced = {cause.id for cause in own.cause}
    services = dict(built_in.service)
    for name, refinement in own.service.items():
        base = services.get(name, Refinement())
        ids = {cause.id for cause in refinement.cause}
        services[name] = Refinement(
            cause=(*refinement.cause, *(cause for cause in base.cause if cause.id not in ids)),
            drop=(*base.drop, *refinement.drop),
            meaning=refinement.meaning or base.meaning,
            like=refinement.like or base.like,
        )
    return Entry(
        title=own.title or built_in.title,
        meaning=own.meaning or built_in.meaning,
        cause=(*own.cause, *(cause for cause in built_in.cause if cause.id not in replaced)),
        service=services,
    )


@cache
def _built_in(failure: Failure) -> Entry:
    text = get_data("uptime_tui.knowledge", f"failures/{failure}.toml")
    assert text is not None
    return msgspec.convert(tomllib.loads(text.decode()), Entry)


def load_knowledge(user_folder: Path | None = None) -> KnowledgeBase:
    """The knowledge base; nothing is read before it is asked for."""
    return KnowledgeBase(user_folder)
