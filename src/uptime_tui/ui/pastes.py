"""A bracketed paste is text, whatever it holds.

Textual's parser looks for keys inside a paste too: an ESC in the pasted text (a log line with colours, a hostile page)
ends the paste for it, and the letters behind are done as keys. It gets pastes that hold nothing but text instead.
"""

from typing import Final

from uptime_tui.model.safetext import safe_text

START: Final = "\x1b[200~"
END: Final = "\x1b[201~"
MOST_CHARACTERS: Final = 8192
"""What is kept of a paste: fields have one line, and nobody reads a megabyte of it."""
_NO_KEY: Final = 3
"""From so many characters on, the beginning of a mark is that of no key that somebody pressed."""


class Pastes:
    """What stands before the parser of keys."""

    def __init__(self) -> None:
        self._inside = False
        self._tail = ""
        """What has come of a mark that may go on in the next read."""
        self._known = ""
        """What of it the parser holds as the beginning of a sequence."""
        self._text = ""

    @property
    def at_a_mark(self) -> bool:
        """Whether the last read ended within the mark of a beginning: no reason to take it for keys after a while."""
        return not self._inside and len(self._tail) >= _NO_KEY

    def timed_out(self) -> None:
        """The parser has taken for keys what it waited for."""
        self._known = ""

    def feed(self, data: str) -> str:
        """What the parser gets instead of the data; of a paste everything once its end has come."""
        parts: list[str] = []
        while data:
            part, data = self._within(data) if self._inside else self._before(data)
            parts.append(part)
        return "".join(parts)

    def _before(self, data: str) -> tuple[str, str]:
        """Keys up to the mark that begins a paste."""
        tail, known, text = self._tail, self._known, self._tail + data
        at = text.find(START)
        if at < 0:
            self._tail = _beginning(text, START)
            self._known = self._tail if len(self._tail) <= len(data) else known + data if known else ""
            return data, ""
        self._inside, self._tail, self._known, self._text = True, "", "", ""
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


def _beginning(text: str, mark: str) -> str:
    """The end of the text with which the mark could begin."""
    return next((mark[:size] for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), "")


def _harmless(text: str) -> str:
    """Its lines, those with something in them; what would not be seen is made visible."""
    lines = (line if line.isprintable() else safe_text(line, MOST_CHARACTERS) for line in text.splitlines())
    return "\n".join(line for line in lines if line.strip())
