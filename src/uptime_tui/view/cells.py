"""Text in terminal cells: how wide it is, and how it is made to fit. Widths follow Unicode TR11 (wide = 2 cells)."""

import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import Final

_ZERO: Final = frozenset({"Mn", "Me", "Mc", "Cf"})
_JOINED: Final = ((0x1160, 0x11FF), (0xD7B0, 0xD7FF), (0x1F3FB, 0x1F3FF))
"""Drawn into the character before: vowels and finals of a Hangul syllable, skin tones."""
_WIDE: Final = ((0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D376))
"""Wide since Unicode 16, which this Python may not know."""


def cell_width(text: str) -> int:
    """Cells the text takes."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    code = ord(character)
    if unicodedata.category(character) in _ZERO or any(first <= code <= last for first, last in _JOINED):
        return 0
    if unicodedata.east_asian_width(character) in "WF" or any(first <= code <= last for first, last in _WIDE):
        return 2
    return 1


def fit(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` cells: padded, or cut with `…`."""
    if text.isascii():
        if len(text) <= width:
            return text.rjust(width) if right else text.ljust(width)
        return text[: width - 1] + "…" if width > 0 else ""
    taken = cell_width(text)
    if taken > width:
        text = cut(text, width)
        taken = cell_width(text)
    blanks = " " * (width - taken)
    return blanks + text if right else text + blanks


def cut(text: str, width: int) -> str:
    """At most `width` cells; `…` ends what was cut."""
    if cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    return _head(text, width - 1) + "…"


def _head(text: str, width: int) -> str:
    """As many characters as fit into `width` cells."""
    return text[: sum(1 for taken in accumulate(map(_width, text)) if taken <= width)]


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells, broken at blanks; a longer word behind a slash, or where it must be."""
    width = max(width, 1)
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cell_width(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while cell_width(word) > width:
            head = _head(word, width) or word[:1]
            slash = head.rfind("/") + 1
            head = head[:slash] if slash > len(head) // 2 else head
            lines.append(head)
            word = word[len(head) :]  # noqa: PLW2901 - the rest of the same word
        line = word
    if line or not lines:
        lines.append(line)
    return lines
