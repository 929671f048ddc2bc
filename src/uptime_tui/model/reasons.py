"""Reasons that servers give in words of their own: a greeting of refusal, an error text, an answer to a command. Pure.

Texts are what the servers' sources and manuals have (Postfix, Exim, Sendmail, Dovecot, vsftpd, OpenSSH, PostgreSQL,
PgBouncer, MySQL, Redis, Elasticsearch); codes are RFC 3463 (enhanced mail status) and the vendors' error numbers.
"""

import re
from typing import Final, NamedTuple

from uptime_tui.model.pattern import pattern

LOOK: Final = 400
"""More characters than these are not looked at."""


class Reason(NamedTuple):
    """Something a server may say is the matter."""

    id: str
    """Short, for the id of a fact."""
    meaning: str
    """What it says, for a person."""
    words: tuple[str, ...]
    """Patterns, whatever their case."""


REASONS: Final = (
    Reason(
        "connections", "too many connections",
        (r"too many (?:\w+ ){0,2}(?:connections|sessions|clients|users|logins)", r"max(?:imum)? number of clients",
         r"connection limit", r"connections? (?:limit )?exceeded", r"connection slots", r"sorry, too many",
         r"no more connections",
         r"server is (?:too )?(?:busy|full)", r"all server ports are busy", r"4\.7\.0 .*too many", "maxstartups",
         r"maximum connections", r"\b1040\b", r"connection queue full"),
    ),
    Reason(
        "per_client", "too many connections from this address",
        (r"from (?:your|this|the same|one) (?:ip|host|address|client|site|internet address)",
         r"per[- ](?:ip|host|client|user)", r"(?:rate|throttl)\w* (?:limit|exceed|connections)", r"connection rate",
         r"4\.7\.1 .*(?:rate|limit)", r"slow down", r"too many (?:\w+ )?connections from", r"mail_max_userip"),
    ),
    Reason(
        "starting", "it is starting, loading or recovering",
        (r"\bloading\b", r"starting up", r"(?:is|still|neither .*:) starting", r"not yet (?:ready|accepting)",
         r"in recovery", r"recovering", r"initiali[sz]ing", r"consistent recovery state", r"57P03", r"not ready",
         r"\bSTARTUP2?\b"),
    ),
    Reason(
        "stopping", "it is shutting down",
        (r"shut(?:ting)?[- ]?down(?! nosave)", r"(?:server|system) (?:is )?going down", r"57P01", r"\b1053\b",
         r"service not available, closing"),
    ),
    Reason(
        "disk", "its disk is full, or it cannot write",
        (r"insufficient (?:system )?(?:storage|disk)", r"4\.3\.1", r"no space left", r"disk (?:is )?full", r"misconf\b",
         r"cannot write", r"read-only file system", r"unable to (?:save|persist)", r"flood.stage", r"53100"),
    ),
    Reason(
        "memory", "it is short of memory, processes or processor time",
        (r"out of memory", r"cannot allocate memory", r"\boom\b", r"53200", r"cannot fork", r"fork failed",
         r"resource temporarily unavailable", r"load average", r"too high load", r"system load", r"circuit.breaking",
         r"insufficient (?:system )?resources"),
    ),
    Reason(
        "blocked", "this address is not welcome",
        (r"block(?:ed|list)", r"black-?list", r"spamhaus", r"\b(?:rbl|dnsbl)\b", r"\bbanned\b", r"access denied",
         r"no connections? allowed from", r"client host rejected",
         r"not (?:allowed|permitted) (?:to connect|at this time)", r"no pg_hba\.conf entry",
         r"(?:host|address|ip|network|client|site) (?:\S+ ){0,2}(?:is )?not (?:allowed|permitted|authori[sz]ed)",
         r"(?:access|connections?) from (?:\S+ ){1,4}(?:denied|refused|rejected|forbidden)",
         r"rejected for policy", r"poor reputation", r"5\.7\.1", r"too many errors", r"\b11(?:29|30)\b", r"penalt",
         r"administrative prohibition", r"not welcome", r"go away"),
    ),
    Reason(
        "listed", "this address is on a block list",
        (r"blocked using", r"spamhaus", r"barracuda ?central", r"\b(?:rbl|dnsbl)\b", r"\blisted (?:at|by|in|on) ",
         r"black-?listed", r"block-?list"),
    ),
    Reason(
        "list_error", "the block list that it asks refuses it, so that every address counts as listed",
        (r"error: open resolver", r"excessive number of queries", r"/returnc/"),
    ),
    Reason(
        "no_name", "this address has no reverse name that holds",
        (r"reverse (?:dns|hostname|lookup|name)", r"cannot find your (?:reverse )?hostname", r"\bPTR\b", r"\brdns\b",
         r"cannot resolve your", r"[45]\.7\.25", r"unverifiable address"),
    ),
    Reason(
        "our_name", "it does not accept the name that this machine gives itself",
        (r"helo command rejected", r"\b(?:helo|ehlo) (?:\S+ ){0,4}(?:host)?name", r"\b(?:helo|ehlo) argument"),
    ),
    Reason(
        "maintenance", "it is under maintenance",
        (r"maintenance", r"temporarily (?:disabled|closed|out of service)", r"come back (?:later|soon)",
         r"scheduled downtime"),
    ),
    Reason(
        "configuration", "its configuration is at fault",
        (r"500 oops", r"configuration (?:error|problem|file)", r"misconfigured", r"[45]\.3\.5",
         r"cannot (?:open|read|load) (?:file|config|cert)", r"(?:local|server) configuration"),
    ),
    Reason(
        "backend", "what it depends on does not answer",
        ((r"(?:database|backend|upstream|auth\w*(?: (?:server|service|process))?|ldap|imap server) (?:is )?"
         r"(?:not available|unavailable|down|unreachable|unreached|failure|error|timed out)"),
         r"masterdown", r"clusterdown", r"no (?:primary|master)", r"\[contactadmin\]",
         r"query_wait_timeout", r"cannot connect to server", r"server login has been failing",
         r"temporary (?:lookup|authentication) failure", r"not(?:writable)?primary"),
    ),
    Reason("script", "a script keeps it busy", (r"-BUSY\b", r"busy running a script")),
)  # fmt: skip

_UNAVAILABLE: Final = "[unavailable]"
"""Something that it depends on is down for a while (RFC 5530 §3); Dovecot says so of its own limits too."""
_ITSELF: Final = pattern(
    r"(^|\b\d{3}[- ](?:[45]\.\d+\.\d+ )?|\* BYE )(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*(?=\s)", re.IGNORECASE
)
"""The name by which a host calls itself before it says anything: `ptr7.rdns.example.net` tells no reason."""
_ABOUT_US: Final = frozenset({"blocked", "listed", "no_name"})
_ABOUT_ALL: Final = frozenset(
    {"connections", "starting", "stopping", "disk", "memory", "maintenance", "configuration", "backend", "list_error"}
)
_A_LIMIT: Final = pattern(
    r"too (?:many|much)|\brates?\b|throttl|slow down|limit|exceed|concurrent|gr[ea]y-?list", re.IGNORECASE
)
"""Words of a refusal that is over as soon as others have left, or a moment has passed."""
_PATTERNS: Final = tuple((reason, pattern("|".join(reason.words), re.IGNORECASE)) for reason in REASONS)


def reasons(text: str) -> tuple[Reason, ...]:
    """Every reason that the text gives; none where it is an ordinary greeting.

    Args:
        text: safe text: the server's words.
    """
    head = _ITSELF.sub(r"\1", text[:LOOK])
    found = tuple(reason for reason, pattern in _PATTERNS if pattern.search(head))
    if not found and _UNAVAILABLE in head.lower():
        return tuple(reason for reason in REASONS if reason.id == "backend")
    return found


def is_listed_for_all(text: str) -> bool:
    """Whether a block list has given an error instead of a verdict: then everybody is turned away as listed.

    Spamhaus answers 127.255.255.254 and .255 to resolvers that it does not serve, with these words as text.

    Args:
        text: safe text: the server's words.
    """
    return any(reason.id == "list_error" for reason in reasons(text))


def is_a_limit(text: str) -> bool:
    """Whether a refusal is one of number or pace, which passes; it may well count by address.

    Args:
        text: safe text: the server's words.
    """
    return _A_LIMIT.search(text[:LOOK]) is not None


def is_turned_away(text: str) -> bool:
    """Whether a refusal means this machine's address and not everybody, by its words. A code that tells goes first.

    Args:
        text: safe text: the server's words before any login, so that they can be about nobody but who connects.
    """
    found = {reason.id for reason in reasons(text)}
    return bool(found & _ABOUT_US) and not found & _ABOUT_ALL and not is_a_limit(text)
