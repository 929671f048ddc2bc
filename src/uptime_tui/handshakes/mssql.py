"""Microsoft SQL Server: PRELOGIN, and the TLS handshake that TDS carries in its own packets ([MS-TDS] 2.2.6.5).

No login follows, so nothing is written to the server's log of failed logins.
"""

from collections.abc import Generator
from typing import Final

from uptime_tui.handshakes._readers import Inbox, Talk, Unreadable, begin_tls, concluding, without_tls
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.steps import Ask, Handshake, Send, StartTls, Step

SERVER_SPEAKS_FIRST = False

PRELOGIN: Final = bytes.fromhex(
    "12 01 002f 0000 00 00"  # type, end of message, length, session, packet, window (2.2.3.1)
    "00 001a 0006  01 0020 0001  02 0021 0001  03 0022 0004  04 0026 0001  ff"
    "090000000000 01 00 00000000 00"  # client version 9, encryption wanted, default instance, thread, no MARS
)
REPLY_BYTES: Final = 4096
"""Far more than the few options of a reply take."""
_REPLY: Final = 0x04
_LAST: Final = 0x01
_VERSION: Final = 0
_ENCRYPTION: Final = 1
_TERMINATOR: Final = 0xFF
_NOT_SUPPORTED: Final = 2
_YEARS: Final = {
    8: "2000", 9: "2005", 10: "2008", 11: "2012", 12: "2014", 13: "2016", 14: "2017", 15: "2019", 16: "2022",
    17: "2025",
}  # fmt: skip


def handshake(ask: Ask) -> Handshake:
    """PRELOGIN, then TLS where the server can."""
    return concluding(_talk(ask))


def _talk(ask: Ask) -> Talk:
    inbox = Inbox("SQL Server")
    yield Send(PRELOGIN)
    payload = yield from _read_reply(inbox)
    options = _options(payload)
    version = options.get(_VERSION, b"")
    if len(version) != 6:
        return inbox.strange("an answer to PRELOGIN that names no version")
    name = _name(version)
    encryption = options.get(_ENCRYPTION, b"")[:1] or bytes([_NOT_SUPPORTED])
    if encryption[0] != _NOT_SUPPORTED and ask.tls == "starttls":
        yield from begin_tls(inbox, StartTls(framing="tds"))
        return Outcome(None, f"{name} answers, TLS works", name)
    if ask.tls != "starttls":
        return Outcome(None, f"{name} answers", name)
    return without_tls(ask, f"{name} answers", "offers no encryption", name)


def _read_reply(inbox: Inbox) -> Generator[Step, bytes, bytes]:
    """The payload of the whole reply, which may come in several packets."""
    payload = b""
    while len(payload) <= REPLY_BYTES:
        head = yield from inbox.read_exactly(8, "the answer to PRELOGIN")
        length = int.from_bytes(head[2:4], "big")
        if head[0] != _REPLY or not 8 < length <= REPLY_BYTES:
            raise Unreadable((yield from inbox.read_foreign("is no answer of SQL Server")))
        payload += yield from inbox.read_exactly(length - 8, "the end of the answer to PRELOGIN")
        if head[1] & _LAST:
            return payload
    raise Unreadable(inbox.strange(f"more than {REPLY_BYTES} bytes instead of the answer to PRELOGIN"))


def _options(payload: bytes) -> dict[int, bytes]:
    """Token to value; what lies outside the payload is empty."""
    options: dict[int, bytes] = {}
    for place in range(0, len(payload), 5):
        if payload[place] == _TERMINATOR:
            break
        offset, length = (int.from_bytes(payload[place + at : place + at + 2], "big") for at in (1, 3))
        options[payload[place]] = payload[offset : offset + length]
    return options


def _name(version: bytes) -> str:
    """`SQL Server 2019 (15.0.2000)`."""
    major, minor, build = version[0], version[1], int.from_bytes(version[2:4], "big")
    year = "2008 R2" if (major, minor) == (10, 50) else _YEARS.get(major, "")
    return f"SQL Server {year} ({major}.{minor}.{build})" if year else f"SQL Server {major}.{minor}.{build}"
