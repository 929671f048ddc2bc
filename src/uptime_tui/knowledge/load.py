"""Finds the knowledge about a failure by its code: one file each, read when it is first asked for.

The user's own files (`runbooks/<code>.toml` in the config folder) have the same form; their causes come first.
"""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from uptime_tui.knowledge.entry import Entry, Refinement
from uptime_tui.model.errors import UserError
from uptime_tui.model.failure import Failure
from uptime_tui.model.safetext import safe_text


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

    def _merged(self, failure: Failure, built_in: Entry) -> Entry:
        path = self._user_folder / f"{failure}.toml" if self._user_folder else None
        if path is None or not path.is_file():
            return built_in
        try:
            own = msgspec.convert(
                {"title": "", "meaning": "", "cause": [], **tomllib.loads(path.read_text("utf-8-sig"))}, Entry
            )
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError, OSError) as error:
            raise UserError(safe_text(str(error)), where=f"runbooks/{path.name}", todo="correct the file") from error
        return merge(built_in, own)


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
        )
    return Entry(
        title=own.title or built_in.title,
        meaning=own.meaning or built_in.meaning,
        cause=(*own.cause, *(cause for cause in built_in.cause if cause.id not in replaced)),
        service=services,
    )


@cache
def _built_in(failure: Failure) -> Entry:
    text = files("uptime_tui.knowledge").joinpath("failures", f"{failure}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Entry)


def load_knowledge(user_folder: Path | None = None) -> KnowledgeBase:
    """The knowledge base; nothing is read before it is asked for."""
    return KnowledgeBase(user_folder)
