"""Names the service behind the first bytes it sent, without ever speaking to it.

Passive only: speaking another protocol to find out who answers is an attack in the eyes of many servers
(a TLS greeting to a mail server counts as one, HTTP to Redis is logged as one).
"""

import re
from typing import Final

from uptime_tui.model.pattern import pattern

LOOK_BYTES: Final = 64
"""More than this is never looked at."""

_PATTERNS: Final = tuple(
    (pattern(text, re.DOTALL), name)
    for text, name in (
        (rb"SSH-", "SSH"),
        (rb"HTTP/1", "HTTP"),
        (rb"HTTP/2|\x00\x00.\x04\x00\x00{4}", "HTTP/2"),
        (rb"RFB \d", "VNC"),
        (rb"220[ -].*(?i:FTP)|500 OOPS", "FTP"),  # vsftpd, greeted without TLS where it expects it
        (rb"[2-5]\d\d[ -].*(?i:E?SMTP|mail)", "SMTP"),
        (rb"\* (?:OK|PREAUTH|BYE)\b", "IMAP"),
        (rb"\+OK\b", "POP3"),
        (rb"[\x15\x16]\x03[\x00-\x04]", "TLS"),
        (rb"...\x00(?:\x0a[\x20-\x7e]+\x00|\xff..)", "MySQL"),
        (rb"\x04\x01..\x00\x00", "SQL Server"),
        (rb"[+-](?:PONG|NOAUTH|DENIED|LOADING|MASTERDOWN)\b", "Redis"),
        (rb"E(?:FATAL|\x00\x00..S)", "PostgreSQL"),
    )
)


def name_peer(first: bytes) -> str:
    """Whose first bytes these are: `SSH`, `SMTP`, `TLS` …; empty when they are nobody's we know."""
    head = first[:LOOK_BYTES]
    for known, name in _PATTERNS:
        if known.match(head):
            return name
    return ""


def is_tls(first: bytes) -> bool:
    """Whether the first byte or two can begin a TLS record (RFC 8446 §5.1)."""
    return 0x14 <= first[0] <= 0x17 and (len(first) < 2 or first[1] == 3)
