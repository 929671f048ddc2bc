"""Bytes to bounded harmless text; the only place where bytes from the network become text.

Every control character, escape, bidirectional override (Unicode TR9), zero-width and unassigned character is
made visible as an escape (`\\x1b`, `\\u202e`), so that the result can be printed on any terminal, in any log.
Markup is not this function's business: nothing of ours parses markup from data.
"""

DEFAULT_LIMIT = 200


def safe_text(data: bytes | str, limit: int = DEFAULT_LIMIT) -> str:
    """One line of printable text of at most `limit` characters; `…` ends what was cut.

    Bytes are read as UTF-8; what is not UTF-8 shows as `\\xNN`. Line ends and tabs become one blank, leading and
    trailing blanks go. Idempotent on its own output unless that was cut.
    """
    raise NotImplementedError


def is_safe(text: str) -> bool:
    """Whether the text holds nothing that `safe_text` would make visible."""
    raise NotImplementedError
