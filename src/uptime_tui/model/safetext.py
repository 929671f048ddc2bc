r"""Bytes to bounded harmless text; the only place where bytes from the network become text.

Every control character, escape, bidirectional override (Unicode TR9), zero-width, private and unassigned
character, and every letter that draws nothing, is made visible as an escape (`\x1b`, `\u202e`), so that the
result can be printed on any terminal, in any log. Markup is not this function's business: nothing of ours parses
markup from data.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

from uptime_tui.model.pattern import pattern

DEFAULT_LIMIT: Final = 200

_TIDY: Final = pattern(r"(?:[!-~]+(?: [!-~]+)*)?")
"""What most names are, and certainly safe."""
_BLANKS: Final = pattern(r"[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029 ]+")
_HARMLESS: Final = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No"}) | frozenset(
    {"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"}
)
_UNSEEN: Final = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164),
        (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)  # fmt: skip
"""Letters, marks and symbols that draw nothing (Unicode: Default_Ignorable_Code_Point; and the empty braille cell)."""
_MOST_MARKS: Final = 3
"""Combining marks in a row; more of them draw over other lines."""


def safe_text(data: bytes | str, limit: int = DEFAULT_LIMIT) -> str:
    r"""One line of printable text of at most `limit` characters; `…` ends what was cut.

    Bytes are read as UTF-8; what is not UTF-8 shows as `\xNN`. Line ends, tabs and runs of blanks become one blank,
    leading and trailing blanks go. Idempotent unless the text was cut.
    """
    # Bounded before anything is looked at: a megabyte of banner must not cost a megabyte of work.
    head = data[: limit * 4 + 16]
    text = head.decode("utf-8", "backslashreplace") if isinstance(head, bytes) else head
    cut = len(head) < len(data)
    if not (text.isascii() and text.isprintable()):
        text = _visible(text)
    elif "  " in text:
        text = _BLANKS.sub(" ", text)
    text = text.strip(" ")
    if cut or len(text) > limit:
        return text[: limit - 1].rstrip(" ") + "…" if limit > 0 else ""
    return text


def is_safe(text: str) -> bool:
    """Whether the text holds nothing that `safe_text` would make visible or take out."""
    return _TIDY.fullmatch(text) is not None or safe_text(text, len(text) + 1) == text


def one_form(text: str) -> str:
    """The text with each letter and its marks composed (Unicode's NFC): what looks the same is the same name."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def masked(text: str) -> str:
    """The text with U+FFFD for each character that would act on a terminal, or not be seen.

    As many characters as before, for a place where each has its cell, as in an input.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if shown == character else "\N{REPLACEMENT CHARACTER}" for character, shown in _shown(text)
    )


def _visible(text: str) -> str:
    return "".join(shown for _, shown in _shown(_BLANKS.sub(" ", text)))


def _shown(text: str) -> Iterator[tuple[str, str]]:
    """Each character with what is shown of it."""
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Mc"} else 0
        harmless = character == " " or (category in _HARMLESS and character not in _UNSEEN)
        yield character, character if harmless and marks <= _MOST_MARKS else _escaped(character)


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
