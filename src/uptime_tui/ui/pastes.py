"""A bracketed paste is text, whatever it holds.

Textual's parser looks for keys inside a paste too: an ESC in the pasted text (a log line with colours, a hostile page)
ends the paste for it, and the letters behind are done as keys. It gets pastes that hold nothing but text instead.

The mark that ends a paste may never come: the terminal died in the middle, or something between lost it. Textual then
takes every key after it for pasted text, for ever. Here the paste ends when nothing has come for a while; what comes in
one piece soon after is its rest that was late, and no keys.
"""

import time
from collections.abc import Callable
from typing import Final

from uptime_tui.model.safetext import safe_text

START: Final = "\x1b[200~"
END: Final = "\x1b[201~"
MOST_CHARACTERS: Final = 8192
"""What is kept of a paste: fields have one line, and nobody reads a megabyte of it."""
PATIENCE_S: Final = 1.0
"""A paste that has begun is over when nothing more has come for so long."""
DOUBT_S: Final = 10.0
"""So long after that its rest may still come, as over a link that stood still."""
_A_PIECE: Final = 32
"""So many characters in one read nobody has typed."""
_NO_KEY: Final = 3
"""From so many characters on, the beginning of a mark is that of no key that somebody pressed."""


class Pastes:
    """What stands before the parser of keys.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_s = clock()
        """When something was read last."""
        self._doubt_until_s = self._last_s
        """Until then a piece without the mark of a beginning may be the rest of a paste."""
        self._inside = False
        self._half = ""
        """What had come of the mark that ends a paste when it was given up."""
        self._tail = ""
        """What has come of a mark that may go on in the next read."""
        self._known = ""
        """What of it the parser holds as the beginning of a sequence."""
        self._text = ""

    @property
    def at_a_mark(self) -> bool:
        """Whether the last read ended within the mark of a beginning: no reason to take it for keys after a while."""
        return not self._inside and len(self._tail) >= _NO_KEY and not self._is_late()

    def _is_late(self) -> bool:
        return self._clock() - self._last_s >= PATIENCE_S

    def timed_out(self) -> None:
        """The parser has taken for keys what it waited for."""
        self._known = ""

    def feed(self, data: str) -> str:
        """What the parser gets instead of the data; of a paste everything once its end has come."""
        parts: list[str] = []
        self._last_s = self._clock()
        if not self._inside and self._last_s < self._doubt_until_s and _is_rest(self._half + data):
            data = self._half + data
            self._begin()
            parts.append(START)
        self._half = ""
        while data:
            part, data = self._within(data) if self._inside else self._before(data)
            parts.append(part)
        return "".join(parts)

    def overdue(self) -> str:
        """Nothing was there to read: what the parser gets of a paste whose end seems lost; empty where none is."""
        if not self._inside or not self._is_late():
            return ""
        self._inside, self._tail, self._half = False, "", self._tail
        self._doubt_until_s = self._clock() + DOUBT_S
        return _harmless(self._text) + END

    def _begin(self) -> None:
        self._inside, self._tail, self._known, self._text, self._doubt_until_s = True, "", "", "", 0.0

    def _before(self, data: str) -> tuple[str, str]:
        """Keys up to the mark that begins a paste."""
        tail, known, text = self._tail, self._known, self._tail + data
        at = text.find(START)
        if at < 0:
            self._tail = _beginning(text, START)
            self._known = self._tail if len(self._tail) <= len(data) else known + data if known else ""
            return data, ""
        self._begin()
        rest = text[at + len(START) :]
        return (START[len(known) :] if at < len(tail) else data[: at - len(tail)] + START), rest

    def _within(self, data: str) -> tuple[str, str]:
        """Text up to the mark that ends it."""
        text = self._tail + data
        at = _last_end(text)
        self._tail = _beginning(text, END) if at < 0 else ""
        body = text[: len(text) - len(self._tail) if at < 0 else at]
        self._text += body[: MOST_CHARACTERS - len(self._text)]
        if at < 0:
            return "", ""
        self._inside = False
        return _harmless(self._text) + END, text[at + len(END) :]


def _last_end(text: str) -> int:
    """Where the paste ends: not at a mark that another follows without a beginning between, as pasted text may hold.

    Most terminals take such a mark out of what they paste, tmux does not. In one read it is found.
    """
    first = text.find(END)
    other = text.find(START, first) if first >= 0 else -1
    return text.rfind(END, 0, other if other >= 0 else len(text))


def _is_rest(data: str) -> bool:
    """Whether what comes after a paste without an end belongs to it."""
    end, start = data.find(END), data.find(START)
    return (end >= 0 or len(data) >= _A_PIECE) and (start < 0 or 0 <= end < start)


def _beginning(text: str, mark: str) -> str:
    """The end of the text with which the mark could begin."""
    return next((mark[:size] for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), "")


def _harmless(text: str) -> str:
    """Its lines, those with something in them; what would not be seen is made visible."""
    lines = (line if line.isprintable() else safe_text(line, MOST_CHARACTERS) for line in text.splitlines())
    return "\n".join(line for line in lines if line.strip())
