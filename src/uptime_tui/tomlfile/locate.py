"""Where things stand in a TOML text: headers, pairs, comments, with offsets and lines; no value is interpreted.

The text must be valid TOML 1.0 (`tomllib` has read it before): then a handful of tokens is enough to know where
each statement begins and ends, whatever strings, multi-line strings, arrays and quoted keys hold.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, NamedTuple

from uptime_tui.model.pattern import pattern
from uptime_tui.tomlfile.fields import Place

Kind = Literal["blank", "comment", "table", "array", "pair"]
Path = tuple[str, ...]

_TOKEN: Final = pattern(
    r'(?P<string>"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3,5}'
    r"|'''[^']*(?:'(?!'')[^']*)*'{3,5}"
    r'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    r"|'[^'\n]*')"
    r"|(?P<comment>\#[^\n]*)"
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<equals>=)|(?P<newline>\n)"
    r"|[^\"'\#\[\]{}=\n]+",
    re.DOTALL,
)
_KEY_PART: Final = pattern(r"[ \t]*(?:(?P<bare>[A-Za-z0-9_-]+)|(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'[^']*'))[ \t]*\.?")


class Statement(NamedTuple):
    """One statement with its line end and the comment behind it."""

    kind: Kind
    path: Path
    """Of a header: the table's; of a pair: the key's, relative to its table."""
    start: int
    end: int
    value: tuple[int, int] = (0, 0)
    """Of a pair: where the value begins and ends, blanks and comment left out."""


@dataclass(frozen=True)
class Block:
    """One `[[monitor]]` with its sub-tables."""

    statements: tuple[Statement, ...]
    """From the header to the last line that belongs to it."""
    lead: int
    """Where the comment lines directly above the header begin; the header's own start when there are none."""

    @property
    def start(self) -> int:
        """Offset of the header's line."""
        return self.statements[0].start

    @property
    def end(self) -> int:
        """Offset behind the last line that belongs to the block."""
        return self.statements[-1].end


@dataclass(frozen=True)
class Layout:
    """All statements of a text."""

    text: str
    statements: tuple[Statement, ...] = field(repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def line(self, offset: int) -> int:
        """Line of an offset, counted from 1."""
        return bisect_right(self._line_starts, offset)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The `[[monitor]]` blocks in their order."""
        starts = [i for i, s in enumerate(self.statements) if s.kind == "array" and s.path == ("monitor",)]
        return tuple(self._block(start) for start in starts)

    @cached_property
    def is_regular(self) -> bool:
        """Whether every statement stands in a `[[monitor]]` block: such a text can be edited block by block."""
        inside = False
        for statement in self.statements:
            if statement.kind == "array":
                inside = statement.path[0] == "monitor"
            elif statement.kind == "table":
                inside = inside and statement.path[0] == "monitor"
            elif statement.kind == "pair" and not inside:
                return False
            if statement.kind in {"array", "table"} and not inside:
                return False
        return True

    def _block(self, first: int) -> Block:
        last = first
        for i in range(first + 1, len(self.statements)):
            statement = self.statements[i]
            if statement.kind in {"array", "table"} and not _below_monitor(statement):
                break
            if statement.kind != "blank":
                last = i
        last = self._without_next_lead(last, first)
        lead = self.statements[first].start
        above = first - 1
        while above >= 0 and self.statements[above].kind == "comment":
            lead = self.statements[above].start
            above -= 1
        # a comment on the very first line is the heading of the file, not of its first block
        return Block(self.statements[first : last + 1], self.statements[first].start if above < 0 else lead)

    def _without_next_lead(self, last: int, first: int) -> int:
        """Comment lines directly above the next header are that block's; so are those behind a blank line."""
        content = last
        while content > first and self.statements[content].kind in {"comment", "blank"}:
            content -= 1
        after = content + 1
        while after < len(self.statements) and self.statements[after].kind == "comment":
            after += 1
        at_header = after < len(self.statements) and self.statements[after].kind in {"array", "table"}
        return content if at_header else after - 1

    def line_of(self, index: int, path: Place) -> int:
        """Line of a key in the n-th monitor; the nearest there is: its table, the block's header, the file's start."""
        if index < len(self.blocks):
            block = self.blocks[index]
            return self.line(_find(block.statements, path, ("monitor",)) or block.start)
        return self.line_at(("monitor",))

    def line_at(self, path: Place) -> int:
        """Line of a key by its full path from the top of the file, or of the nearest table there is."""
        return self.line(_find(self.statements, path, ()) or 0)


def scan(text: str) -> Layout:
    """Take a valid TOML text apart."""
    statements: list[Statement] = []
    position = 0
    while position < len(text):
        statement = _statement(text, position)
        statements.append(statement)
        position = statement.end
    return Layout(text, tuple(statements))


def parse_key(text: str) -> Path:
    """The parts of a bare, quoted or dotted key."""
    return tuple(
        match["bare"] or next(iter(tomllib.loads(f"{match['quoted']} = 0"))) for match in _KEY_PART.finditer(text)
    )


def _statement(text: str, start: int) -> Statement:
    depth, equals, content_end = 0, -1, start
    position = start
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None, "not valid TOML"
        kind, position = match.lastgroup, match.end()
        if kind == "newline" and depth == 0:
            break
        if kind in {"comment", "newline"}:
            continue
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "equals" and equals < 0:
            equals = match.start()
        content_end = match.start() + len(match[0].rstrip()) if match[0].strip() else content_end
    content = text[start:content_end].strip()
    if not content:
        is_comment = text[start:position].lstrip().startswith("#")
        return Statement("comment" if is_comment else "blank", (), start, position)
    if equals < 0:
        kind_of: Kind = "array" if content.startswith("[[") else "table"
        return Statement(kind_of, parse_key(content.strip("[] \t")), start, position)
    value = text[equals + 1 : content_end]
    begin = content_end - len(value.lstrip())
    return Statement("pair", parse_key(text[start:equals].strip()), start, position, (begin, content_end))


def _below_monitor(statement: Statement) -> bool:
    return statement.path[0] == "monitor" and len(statement.path) > 1


def _find(statements: tuple[Statement, ...], path: Place, root: Path) -> int | None:
    """Offset of the longest prefix of the path that is written."""
    table: Place = root
    counts: dict[Path, int] = {}
    best, depth = None, 0
    for statement in statements:
        if statement.kind in {"table", "array"}:
            if statement.kind == "array" and statement.path != root:
                counts = {
                    p: n for p, n in counts.items() if p[: len(statement.path)] != statement.path or p == statement.path
                }
                counts[statement.path] = counts.get(statement.path, -1) + 1
            table = _numbered(statement.path, counts)
            full = table
        elif statement.kind == "pair":
            full = (*table, *statement.path)
        else:
            continue
        relative = full[len(root) :]
        common = 0
        while common < min(len(relative), len(path)) and relative[common] == path[common]:
            common += 1
        if common > depth and full[: len(root)] == root:
            best, depth = statement.start, common
    return best


def _numbered(path: Path, counts: Mapping[Path, int]) -> Place:
    """The path with the number of each array's newest table behind the array's name."""
    places: list[str | int] = []
    for i, part in enumerate(path, 1):
        places.append(part)
        if path[:i] in counts:
            places.append(counts[path[:i]])
    return tuple(places)


def comments_in(text: str, start: int, end: int) -> list[str]:
    """The comments between two offsets of a valid text, without their line ends."""
    found: list[str] = []
    while start < end and (match := _TOKEN.match(text, start)) is not None:
        if match.lastgroup == "comment":
            found.append(match[0].rstrip())
        start = match.end()
    return found


def deepest(text: str) -> int:
    """Offset of the deepest bracket; the text need not be valid."""
    position, depth, best, offset = 0, 0, 0, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            break
        position = match.end()
        depth += {"open": 1, "close": -1}.get(match.lastgroup or "", 0)
        if depth > best:
            best, offset = depth, match.start()
    return offset
