"""Reads a TOML file of the user's: bytes to text to tables, every fault with file and line."""

import errno
import os
import re
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from uptime_tui.model.errors import UserError
from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import safe_text

MAX_FILE_BYTES: Final = 16 * 1024 * 1024
_PIECE: Final = 50
"""Blocks that are read in one call: two milliseconds."""
_BOM: Final = "\ufeff"
_PLACE: Final = pattern(r" \((?:at line (\d+), column \d+|at end of document)\)$")
_DIGITS: Final = pattern(r"[0-9_]+")
_WORDS: Final = (
    # what tomllib says, what we say, what to do
    ("Cannot overwrite a value", "this key is written twice", "keep one of the two"),
    ("Cannot declare", "this table is written twice, or its name is already a key's", "keep one of the two"),
    ("Cannot mutate immutable", "an inline table or array cannot be added to", "write it in one place"),
    ("Invalid value", "not a TOML value", 'put text between double quotes: name = "mx1"'),
    ("Unterminated string", "a string is not closed", "close it with the quote it began with"),
    ("Illegal character '\\n'", "a string is not closed on its line", "close it with the quote it began with"),
    ("Illegal character", "a character that must not stand here", "remove it, or write it as an escape like \\u0007"),
    ("Found invalid character", "a character that must not stand here", "remove it, or escape it like \\u0007"),
    ("Unescaped '\\'", "a backslash that begins no escape", "double it, or use single quotes"),
    ("Unclosed array", "a list is not closed", "close it with ]"),
    ("Expected '=' after a key", "a key without =", 'write key = "value"'),
    ("Expected ']", "a header is not closed", "a header ends as it begins: [name] or [[name]]"),
    ("Expected newline or end of document", "something behind the value", "one key and one value on a line"),
    ("Invalid initial character for a key part", "no key can begin like this", 'write key = "value"'),
    ("Invalid statement", "no key, header or comment", 'write key = "value"'),
)


def read_text(path: Path, name: str = "") -> str:
    """The file's text with its byte order mark and line ends as they are; empty when there is no file.

    Args:
        path: of the file.
        name: for the message; the file's own when left out.

    Raises:
        UserError: no regular file, a link to nothing, unreadable, too large, not UTF-8.
    """
    name = name or path.name
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise UserError("is a folder, not a file", where=name, todo=f"move {path} away")
        if not stat.S_ISREG(facts.st_mode):
            raise UserError("is no regular file", where=name, todo=f"replace {path} by a file")
        if facts.st_size > MAX_FILE_BYTES:
            raise UserError(
                f"is larger than {MAX_FILE_BYTES >> 20} MiB", where=name, todo="remove what does not belong"
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        if path.is_symlink():
            todo = f"make the file {os.path.realpath(path)}, or remove the link"
            raise UserError("is a link to a file that does not exist", where=name, todo=todo) from error
        return ""
    except OSError as error:
        todo = "correct its permissions" if error.errno in {errno.EACCES, errno.EPERM} else f"check {path}"
        raise UserError(f"cannot be read: {error.strerror}", where=name, todo=todo) from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError("is UTF-16, not UTF-8", where=f"{name}:1", todo="save the file as UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"not UTF-8: byte {error.start + 1} of the file is 0x{data[error.start]:02x}",
            where=f"{name}:{line}",
            todo="save the file as UTF-8",
        ) from error


def without_mark(text: str) -> str:
    """The text without a byte order mark; offsets count from here."""
    return text.removeprefix(_BOM)


def parse(text: str, name: str) -> dict[str, Any]:
    """The tables of a text.

    Args:
        text: may begin with a byte order mark.
        name: of the file, for the message.

    Raises:
        UserError: not TOML, with the line.
    """
    body = without_mark(text)
    try:
        return tomllib.loads(body)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _PLACE.search(message)
        line = int(place[1]) if place and place[1] else len(body.rstrip().splitlines()) or 1
        what, todo = _in_words(message[: place.start()] if place else message)
        raise UserError(what, where=f"{name}:{line}", todo=todo) from error
    except (RecursionError, ValueError) as error:
        from uptime_tui.tomlfile.locate import deepest

        deep = isinstance(error, RecursionError)
        what = "lists nested too deeply" if deep else "a number with too many digits"
        offset = deepest(body) if deep else _longest_number(body)
        line = body.count("\n", 0, offset) + 1
        raise UserError(what, where=f"{name}:{line}", todo="no key of ours needs this") from error


def parse_slowly(text: str, name: str, array: str, breathe: Callable[[], None]) -> dict[str, Any]:
    """The same tables as `parse`, in pieces of a few blocks.

    tomllib reads a file in one call, half a second for ten thousand blocks, and nobody can break that off. A piece ends
    before a line that begins with `[[array]]`. Where such a line is no header (in a string of many lines), where other
    tables stand between the blocks, and where anything is wrong, the text is read as a whole.

    Args:
        text: may begin with a byte order mark.
        name: of the file, for the message.
        array: name of the array of tables that the file holds.
        breathe: called between the pieces; what it raises goes through.

    Raises:
        UserError: not TOML, with the line.
    """
    head, *blocks = re.split(rf"^(?=\[\[{array}\]\])", without_mark(text), flags=re.MULTILINE)
    tables: list[Any] = []
    try:
        whole = not blocks or bool(tomllib.loads(head))
        for first in range(0, len(blocks), _PIECE):
            breathe()
            piece = {} if whole else tomllib.loads("".join(blocks[first : first + _PIECE]))
            whole = whole or piece.keys() != {array}
            tables += piece.get(array, ())
    except (RecursionError, ValueError):
        whole = True
    return parse(text, name) if whole else {array: tables}


def _longest_number(body: str) -> int:
    """Offset of the longest row of digits."""
    return max(_DIGITS.finditer(body), key=lambda match: len(match[0])).start()


def _in_words(message: str) -> tuple[str, str]:
    for theirs, ours, todo in _WORDS:
        if message.startswith(theirs):
            return f"not valid TOML: {ours}", todo
    return f"not valid TOML: {safe_text(message, 80)}", "correct that line"
