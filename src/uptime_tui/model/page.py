"""What the beginning of an HTTP answer's body shows to a person, and what kind of page that is. Pure."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import safe_text

HEAD_BYTES: Final = 2048
"""So much of a body is looked at."""
_WORDS: Final = 160
_TITLE: Final = pattern(rb"<title[^>]{0,100}>([^<]{0,300})", re.IGNORECASE)
_UNSEEN: Final = pattern(
    rb"<(script|style|head)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|<[^>]*(?:>|\Z)", re.IGNORECASE | re.DOTALL
)


class Kind(NamedTuple):
    """A kind of page that is not the one that was wanted."""

    id: str
    """Short, for the id of a fact."""
    meaning: str
    words: tuple[str, ...]
    """Patterns, whatever their case."""


KINDS: Final = (
    Kind(
        "maintenance", "it speaks of maintenance",
        (r"maintenance", r"be (?:right )?back (?:soon|shortly)", r"wartung", r"temporarily (?:closed|down|offline)",
         r"scheduled downtime", r"under construction"),
    ),
    Kind(
        "database", "the application has lost its database",
        (r"establishing a database connection", r"SQLSTATE", r"database (?:connection )?(?:error|failed|unavailable)",
         r"could not connect to (?:the )?(?:database|server|redis)", r"mysqli?_", r"ECONNREFUSED",
         r"connection to (?:the )?database"),
    ),
    Kind(
        "code", "the program prints an error of its own",
        (r"(?:fatal|parse) error", r"traceback \(most recent", r"uncaught (?:\w*(?:error|exception))", r"stack ?trace",
         r"warning: .{0,80} in ", r"notice: .{0,80} in ", r"\bexception in thread", r"undefined (?:index|variable)",
         r"NullPointerException", r"Whoops, looks like something went wrong", r"server error in '.{0,40}' application"),
    ),
    Kind(
        "gateway", "a proxy could not reach what is behind it",
        (r"bad gateway", r"gateway time-?out", r"service (?:temporarily )?unavailable", r"no healthy upstream",
         r"upstream connect error", r"backend fetch failed", r"origin (?:is unreachable|dns|connection)",
         r"no server is available"),
    ),
    Kind(
        "login", "it asks for a login",
        (r"(?:log|sign) ?in\b", r"password", r"anmelden", r"authenticat", r"single sign"),
    ),
    Kind(
        "challenge", "a filter wants a proof that we are no robot",
        (r"just a moment", r"checking your browser", r"captcha", r"are you (?:human|a robot)", r"attention required",
         r"ddos protection", r"verify you are human", r"incapsula", r"request unsuccessful", r"access denied",
         r"you have been blocked", r"mod_security"),
    ),
    Kind(
        "default", "the web server's own page for a site that is not set up",
        (r"welcome to nginx", r"apache2? (?:\w+ )?(?:default|test) page", r"it works!", r"iis windows server",
         r"default (?:web )?page", r"index of /", r"web server is (?:now )?running", r"caddy works",
         r"congratulations.{0,40}installed", r"plesk.{0,40}default", r"sorry.{0,20}\.cgi", r"future home of"),
    ),
    Kind(
        "parked", "the domain is parked, for sale or suspended",
        (r"domain (?:name )?(?:is|may be) (?:parked|for sale|available)", r"buy this domain", r"parked (?:domain|free)",
         r"account (?:has been )?suspended", r"this (?:site|website) has been (?:suspended|disabled)", r"sedoparking",
         r"website (?:has )?expired"),
    ),
    Kind(
        "portal", "a network that wants a login of its own",
        (r"captive portal", r"hotspot", r"network (?:login|authentication)", r"web filter", r"fortiguard", r"zscaler"),
    ),
)  # fmt: skip
_PATTERNS: Final = tuple((kind, pattern("|".join(kind.words), re.IGNORECASE)) for kind in KINDS)


def describe(headers: Mapping[bytes, bytes], head: bytes, length: int) -> str:
    """The answer as a person would tell it: type, who sent it on, title, first words; safe text.

    Args:
        headers: names in lower case.
        head: first bytes of the body, perhaps fewer than have come.
        length: bytes of the body that have come.
    """
    parts = [safe_text(headers.get(b"content-type", b"").partition(b";")[0], 60) or "no type"]
    parts += [f"{name} {safe_text(headers[key], 60)}" for name, key in _SENDERS if key in headers]
    title = _TITLE.search(head)
    if title:
        parts.append(f"title '{safe_text(title[1], 100)}'")
    words = safe_text(b" ".join(_UNSEEN.sub(b" ", head).split()), _WORDS)
    parts.append(f"'{words}'" if words else "no visible text" if length else "no body seen")
    return ", ".join(parts)


_SENDERS: Final = (("via", b"via"), ("cf-ray", b"cf-ray"), ("x-cache", b"x-cache"), ("wants", b"www-authenticate"))


def kinds(text: str) -> tuple[Kind, ...]:
    """Which of the kinds of page a description speaks of; none where it is an ordinary one."""
    return tuple(kind for kind, pattern in _PATTERNS if pattern.search(text))
