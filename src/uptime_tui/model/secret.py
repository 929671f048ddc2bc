"""Secrets: where one is kept (a reference), the value in a wrapper that does not print, and what hides it in texts.

A reference may be shown, sent and stored; a value never leaves the process that probes. Pure: who reads the
places is `config.secrets`.
"""

import base64
import re
from typing import Final, NamedTuple, NoReturn
from urllib.parse import quote

import msgspec

from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import is_safe, safe_text

HIDDEN: Final = "‹secret›"
LONGEST: Final = 4096
"""Characters of a secret's value."""
LONGEST_KEY: Final = 16384
"""Characters of a private key."""
_PIECE: Final = 6
"""So many characters of a secret in a row are one too many: a text may have been cut in the middle of it."""
_MAX_REFERENCE: Final = 500
_ENV: Final = pattern(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_CRED: Final = pattern(r"(?!\.)[A-Za-z0-9_.-]{1,100}")
_HOW: Final = "write env:NAME, file:/path, cred:name or keyring:service/user"


class Secret:
    """A value that is shown by nothing: not by `repr`, `str`, a format, a pickle or msgspec."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Wrap."""
        self._value = value

    def reveal(self) -> str:
        """The value, for the wire and for hiding it in texts; nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not copied out of its process")


class Credentials(msgspec.Struct, frozen=True):
    """A login with its value at hand: a user with a password, or a token."""

    secret: Secret
    user: str = ""
    """Empty: the secret is a token (Redis: a password without a user)."""
    header: str = ""
    """HTTP: the header that carries the token instead of `Authorization: Bearer`."""

    def basic(self) -> str:
        """The value of `Authorization` for user and password (RFC 7617 §2, UTF-8)."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.secret.reveal()}".encode()).decode("ascii")


class Reference(NamedTuple):
    """Where a secret is kept."""

    kind: str
    """`env`, `file`, `cred` or `keyring`."""
    place: str
    """Name, absolute path, name, `service/user`."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}"


def parse_reference(text: str) -> Reference:
    """Read `env:NAME`, `file:/path`, `cred:name` or `keyring:service/user`.

    Raises:
        ValueError: what to write instead, in one line; the text, which may be the secret itself, is not in it.
    """
    kind, colon, place = text.partition(":")
    if not colon or kind not in {"env", "file", "cred", "keyring"}:
        raise ValueError(f"a secret itself does not stand in the file, only where it is kept: {_HOW}")
    if len(text) > _MAX_REFERENCE or not is_safe(place):
        raise ValueError(f"where the secret is kept must be one line of visible characters: {_HOW}")
    if kind == "env" and not _ENV.fullmatch(place):
        raise ValueError("after env: comes the name of an environment variable: letters, digits and _")
    if kind == "file" and not place.startswith("/"):
        raise ValueError("after file: comes an absolute path, such as file:/etc/uptime-tui/token")
    if kind == "cred" and not _CRED.fullmatch(place):
        raise ValueError("after cred: comes the name of a systemd credential: letters, digits, - _ and .")
    service, slash, user = place.partition("/")
    if kind == "keyring" and not (slash and service and user):
        raise ValueError("after keyring: come service and user, such as keyring:uptime/api")
    return Reference(kind, place)


def forms(credentials: Credentials) -> tuple[str, ...]:
    """Every form in which a server may send a login back: as it is, encoded for HTTP, URL, JSON or HTML."""
    import html
    import json

    value = credentials.secret.reveal()
    pair = credentials.basic().removeprefix("Basic ")
    encoded = base64.b64encode(value.encode()).decode("ascii")
    escaped = json.dumps(value)[1:-1]
    found = (value, pair, encoded, escaped, quote(value, safe=""), html.escape(value), safe_text(value, LONGEST))
    return tuple(dict.fromkeys(form for form in found if form))


def scrub(text: str, hidden: tuple[str, ...]) -> str:
    """The text without the secrets and without pieces of them.

    Args:
        text: safe text, bounded.
        hidden: `forms` of what must not be seen; one shorter than 6 characters is hidden where it stands alone.
    """
    for form in hidden:
        text = _without(text, form) if len(form) >= _PIECE else _without_word(text, form)
    return text


def _without(text: str, form: str) -> str:
    place, kept = 0, 0
    parts: list[str] = []
    while place <= len(text) - _PIECE:
        if text[place : place + _PIECE] not in form:
            place += 1
            continue
        end = place + _PIECE
        while end < len(text) and text[place : end + 1] in form:
            end += 1
        parts += [text[kept:place], HIDDEN]
        place = kept = end
    return "".join(parts) + text[kept:] if parts else text


def _without_word(text: str, form: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", HIDDEN, text)
