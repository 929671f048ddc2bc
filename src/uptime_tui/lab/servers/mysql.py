"""MariaDB: greets, begins TLS when it is asked, and judges one login; `uptime` needs no password."""

from collections.abc import Awaitable, Callable
from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final = frozenset({"busy", "blocked", "no_account", "shutting_down", "decoy", "no_starttls", "garbage"})
_VERSION: Final = b"5.5.5-10.11.19-MariaDB-0+deb12u1"
_SSL: Final = 0x800
_CAPABILITIES: Final = 0x81BFF7FE
_USER_AT: Final = 32
"""Bytes before the name in a HandshakeResponse41."""
_FIRST_WORDS: Final = {
    "busy": (1040, b"Too many connections"),
    "blocked": (1129, b"Host is blocked because of many connection errors; unblock with 'mariadb-admin flush-hosts'"),
    "no_account": (1130, b"Host is not allowed to connect to this MariaDB server"),
    "shutting_down": (1053, b"Server shutdown in progress"),
}


async def serve(visit: Visit) -> None:
    """Greet, let the visitor log in, wait for COM_QUIT."""
    if visit.state == "garbage":
        await visit.say(b"Segmentation fault (core dumped)\r\n")
        return
    if visit.state in _FIRST_WORDS:
        code, text = _FIRST_WORDS[visit.state]
        await visit.say(_packet(0, b"\xff" + code.to_bytes(2, "little") + text))
        return
    visit.hold_back()
    await visit.say(_packet(0, _greeting(offers_tls=visit.state != "no_starttls")))
    number, login = await _read(visit.exactly_held_back)
    if len(login) == _USER_AT:  # an SSLRequest: all of the login but the name
        await visit.secure()
        number, login = await _read(visit.exactly)
    else:
        visit.writer.transport.resume_reading()  # type: ignore[attr-defined]
    if visit.state == "decoy":
        await visit.say(_packet(number + 1, b"\xfeclient_ed25519\0" + b"s" * 32))
        number, _ = await _read(visit.exactly)
    user = login[_USER_AT:].partition(b"\0")[0]
    if user != b"uptime":
        text = b"Access denied for user '" + user[:32] + b"' (using password: NO)"
        await visit.say(_packet(number + 1, b"\xff\x15\x04#28000" + text))
        return
    await visit.say(_packet(number + 1, b"\0\0\0\2\0\0\0"))
    await _read(visit.exactly)


def _greeting(*, offers_tls: bool) -> bytes:
    capabilities = _CAPABILITIES | _SSL if offers_tls else _CAPABILITIES & ~_SSL
    low, high = (capabilities & 0xFFFF).to_bytes(2, "little"), (capabilities >> 16).to_bytes(2, "little")
    head = b"\x0a" + _VERSION + b"\0" + (7).to_bytes(4, "little") + b"saltsalt\0" + low + b"\x2d\x02\0" + high
    return head + b"\x15" + bytes(10) + b"saltsaltsalt\0" + b"mysql_native_password\0"


def _packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number & 0xFF]) + payload


async def _read(exactly: Callable[[int], Awaitable[bytes]]) -> tuple[int, bytes]:
    """Number and payload of the visitor's next packet; empty once he has gone."""
    head = await exactly(4)
    return (head[3], await exactly(int.from_bytes(head[:3], "little"))) if len(head) == 4 else (0, b"")
