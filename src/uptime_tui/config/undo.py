"""The undo log: one JSON line per change, undo and redo; appended, bounded, and readable after a kill -9."""

import hashlib
from pathlib import Path
from typing import Final

import msgspec

from uptime_tui.config.step import Step
from uptime_tui.config.write import append_line, replace_file
from uptime_tui.model.errors import UserError

KEEP: Final = 200
_MAX_LINES: Final = 4 * KEEP
_MAX_BYTES: Final = 32 * 1024 * 1024


class Change(msgspec.Struct, frozen=True):
    """What was done in one go."""

    id: int
    label: str
    """As in `delete mx1 smtp`."""
    old: str
    """Digest of the whole text before."""
    new: str
    """Digest of the whole text after."""
    steps: tuple[Step, ...]
    undone: bool = False


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    change: Change | None = None
    undone: int | None = None
    redone: int | None = None


class UndoLog:
    """The changes in their order; those that are undone come last and are what redo does again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._changes: list[Change] = []
        self._lines = 0

    def changes(self) -> list[Change]:
        """All changes as they are on disk now (another process may have added some).

        Raises:
            UserError: the log cannot be read.
        """
        try:
            facts = self._path.stat()
        except OSError:
            self._stamp, self._changes, self._lines = None, [], 0
            return []
        stamp = (facts.st_mtime_ns, facts.st_size)
        if stamp != self._stamp:
            self._read()
            self._stamp = stamp
        return list(self._changes)

    def _read(self) -> None:
        self._changes, self._lines = [], 0
        decoder = msgspec.json.Decoder(_Line)
        try:
            data = self._path.read_bytes()
        except OSError as error:
            todo = f"move {self._path} away, or correct its permissions"
            raise UserError(f"cannot be read: {error.strerror}", where=self._path.name, todo=todo) from error
        for raw in data.split(b"\n"):
            self._lines += 1
            try:
                line = decoder.decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # torn by a kill, or the empty one behind the last line end
            self._take(line)

    def _take(self, line: _Line) -> None:
        if line.change is not None:
            kept = [change for change in self._changes if not change.undone]
            self._changes = [*kept, line.change][-KEEP:]
        for wanted, undone in ((line.undone, True), (line.redone, False)):
            if wanted is not None:
                self._changes = [
                    msgspec.structs.replace(c, undone=undone) if c.id == wanted else c for c in self._changes
                ]

    def newest_done(self) -> Change | None:
        """What undo would undo."""
        return next((c for c in reversed(self.changes()) if not c.undone), None)

    def oldest_undone(self) -> Change | None:
        """What redo would do again."""
        return next((c for c in self.changes() if c.undone), None)

    def add(self, label: str, old: str, new: str, steps: tuple[Step, ...]) -> None:
        """Keep a change; what was undone before it can no longer be redone."""
        changes = self.changes()
        number = max((c.id for c in changes), default=0) + 1
        self._append(_Line(change=Change(number, label, digest(old), digest(new), steps)))

    def mark(self, change: Change, *, undone: bool) -> None:
        """Keep that a change was undone or done again."""
        self._append(_Line(undone=change.id) if undone else _Line(redone=change.id))

    def _append(self, line: _Line) -> None:
        append_line(self._path, msgspec.json.encode(line))
        self.changes()
        if self._lines > _MAX_LINES or self._path.stat().st_size > _MAX_BYTES:
            self._compact()

    def _compact(self) -> None:
        encoded = [msgspec.json.encode(_Line(change=change)) for change in self._changes]
        while len(encoded) > 1 and sum(map(len, encoded)) > _MAX_BYTES // 2:
            encoded.pop(0)
        replace_file(self._path, b"".join(line + b"\n" for line in encoded))
        self._stamp = None


def digest(text: str) -> str:
    """A short digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]
