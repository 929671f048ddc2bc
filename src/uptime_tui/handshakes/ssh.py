"""SSH up to the key exchange (RFC 4253): identification, the server's KEXINIT, and a DISCONNECT that says why.

No user name is ever sent: sshd counts an unknown one as an attempt to break in. SFTP looks the same until somebody
logs in, and the outcome says so.
"""

from collections.abc import Generator
from typing import Final

from uptime_tui.handshakes._readers import Inbox, Talk, Unreadable, concluding, take_leave
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.peer import name_peer
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Handshake, Send, Step

SERVER_SPEAKS_FIRST = True

IDENTIFICATION: Final = b"SSH-2.0-uptime_tui\r\n"
GOODBYE: Final = bytes.fromhex("0000001c 07 01 0000000b 00000007") + b"goodbye" + bytes(4) + bytes(7)
"""SSH_MSG_DISCONNECT, SSH_DISCONNECT_BY_APPLICATION (11), unencrypted, padded to 32 bytes (RFC 4253 §6, §11.1)."""
TEXT_LINES: Final = 20
"""Lines a server may say before its identification (§4.2 sets no bound)."""
PACKET_BYTES: Final = 35_000
"""The largest packet that everybody must take (§6.1)."""
SMALL_TALK: Final = 4
"""IGNORE and DEBUG messages before KEXINIT (§11.2, §11.3)."""
_DISCONNECT: Final = 1
_IGNORABLE: Final = frozenset({2, 4})
_KEXINIT: Final = 20
_HOST_NOT_ALLOWED: Final = 1
_TOO_MANY_CONNECTIONS: Final = 12
_TURNED_AWAY: Final = {
    b"exceeded maxstartups": (Failure.BUSY, "too many logins are under way (MaxStartups)"),
    b"not allowed at this time": (Failure.WATCHER_BLOCKED, "sshd turns this address away for a while"),
}
"""What OpenSSH says instead of its identification, then closes."""


def handshake(ask: Ask) -> Handshake:
    """Identifications, KEXINIT, DISCONNECT."""
    return concluding(_talk(ask))


def _talk(ask: Ask) -> Talk:
    inbox = Inbox("SSH")
    line = yield from _read_identification(inbox)
    version, banner = line[4:].partition(b"-")[0], safe_text(line)
    if version not in {b"2.0", b"1.99"}:
        if version.startswith(b"1."):
            old = f"speaks SSH {safe_text(version, 8)} only, which no client of today accepts"
            return Outcome(Failure.REFUSED_SERVICE, old, banner)
        named = (
            f"SSH {safe_text(version, 20)} does not exist" if version.strip() else f"'{banner}' names no version of SSH"
        )
        return Outcome(Failure.BAD_PROTOCOL, named, banner)
    yield Send(IDENTIFICATION)
    payload = yield from _read_message(inbox)
    if payload[0] == _DISCONNECT:
        return _turned_away(payload, banner)
    if payload[0] != _KEXINIT:
        return Outcome(Failure.BAD_PROTOCOL, f"SSH message {payload[0]} instead of KEXINIT", banner)
    offer = _offer(payload)
    if offer is None:
        return Outcome(Failure.BAD_PROTOCOL, "a KEXINIT that makes no sense", banner)
    seen = "SSH transport only, no login tried: " if ask.service == "sftp" else ""
    outcome = Outcome(None, f"{seen}ready for key exchange ({offer})", banner)
    return (yield from take_leave(outcome, GOODBYE))


def _read_identification(inbox: Inbox) -> Generator[Step, bytes, bytes]:
    """The line that begins with `SSH-`; text before it is legal."""
    for _ in range(TEXT_LINES):
        line = yield from inbox.read_line("the SSH identification")
        if line.startswith(b"SSH-"):
            return line
        found = _TURNED_AWAY.get(line.strip().lower())
        if found is not None:
            failure, why = found
            raise Unreadable(Outcome(failure, f"{why}: {safe_text(line)}", inbox.said))
        if name_peer(inbox.first):
            raise Unreadable(inbox.strange("what answers is not SSH"))
    raise Unreadable(inbox.strange(f"{TEXT_LINES} lines of text and no SSH identification"))


def _read_message(inbox: Inbox) -> Generator[Step, bytes, bytes]:
    """The payload of the first message that is no small talk; at least its number."""
    for _ in range(SMALL_TALK + 1):
        head = yield from inbox.read_exactly(5, "KEXINIT")
        length, padding = int.from_bytes(head[:4], "big"), head[4]
        if not padding + 2 <= length <= PACKET_BYTES:
            if head.isascii() and head.decode("ascii").isprintable():
                head += yield from inbox.read_line("an SSH packet")
            raise Unreadable(Outcome(Failure.BAD_PROTOCOL, f"'{safe_text(head, 80)}' is no SSH packet", inbox.said))
        rest = yield from inbox.read_exactly(length - 1, "the end of KEXINIT")
        payload = rest[: length - 1 - padding]
        if payload[0] not in _IGNORABLE:
            return payload
    raise Unreadable(Outcome(Failure.BAD_PROTOCOL, "talks, and never begins the key exchange", inbox.said))


def _turned_away(payload: bytes, banner: str) -> Outcome:
    """A DISCONNECT before the key exchange (§11.1)."""
    reason, length = int.from_bytes(payload[1:5], "big"), int.from_bytes(payload[5:9], "big")
    why = safe_text(payload[9 : 9 + min(length, 200)]) or "no word of why"
    failure = {_TOO_MANY_CONNECTIONS: Failure.BUSY, _HOST_NOT_ALLOWED: Failure.WATCHER_BLOCKED}.get(reason)
    return Outcome(failure or Failure.REFUSED_SERVICE, f"ends the connection (reason {reason}): {why}", banner)


def _offer(payload: bytes) -> str | None:
    """The first key exchange and every host key algorithm offered (§7.1); None where they cannot be read."""
    lists: list[str] = []
    place = 17
    while len(lists) < 2:
        length = int.from_bytes(payload[place : place + 4], "big")
        end = place + 4 + length
        if end > len(payload) or not length:
            return None
        lists.append(safe_text(payload[place + 4 : end]))
        place = end
    return f"{lists[0].partition(',')[0]}; host keys {lists[1].replace(',', ', ')}"
