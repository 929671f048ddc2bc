"""OpenSSH up to the key exchange: identification and KEXINIT (RFC 4253), and nothing that could log anybody in."""

import os
from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final = frozenset({"max_startups", "penalty", "old_version", "no_kexinit", "disconnects", "garbage"})
_IDENTIFICATION: Final = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
_INSTEAD: Final = {
    "max_startups": b"Exceeded MaxStartups\r\n",
    "penalty": b"Not allowed at this time\r\n",
    "old_version": b"SSH-1.5-OpenSSH_1.2.3\n",
    "garbage": b"Segmentation fault (core dumped)\r\n",
}
_LISTS: Final = (
    "curve25519-sha256,diffie-hellman-group16-sha512",
    "rsa-sha2-512,ssh-ed25519",
    *("chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",) * 2,
    *("hmac-sha2-256-etm@openssh.com",) * 2,
    *("none,zlib@openssh.com",) * 2,
    *("",) * 2,
)
_BLOCK: Final = 8
_KEXINIT: Final = b"\x14"
_TOO_MANY_CONNECTIONS: Final = b"\x01\0\0\0\x0c\0\0\0\x14too many connections\0\0\0\0"


async def serve(visit: Visit) -> None:
    """Identify, offer algorithms, and wait for the visitor to go."""
    await visit.say(_INSTEAD.get(visit.state, _IDENTIFICATION))
    if visit.state in _INSTEAD or visit.state == "no_kexinit":
        return
    if not (await visit.line()).startswith(b"SSH-2.0-"):
        await visit.say(b"Invalid SSH identification string.\r\n")
        return
    if visit.state == "disconnects":
        await visit.say(packet(_TOO_MANY_CONNECTIONS))
        return
    lists = b"".join(len(each).to_bytes(4, "big") + each.encode() for each in _LISTS)
    await visit.say(packet(_KEXINIT + os.urandom(16) + lists + bytes(5)))
    await visit.reader.read(1024)  # a DISCONNECT, after which a server closes


def packet(payload: bytes) -> bytes:
    """A message before any key is agreed on (RFC 4253 §6)."""
    padding = _BLOCK - (len(payload) + 5) % _BLOCK
    padding += _BLOCK if padding < 4 else 0
    return (1 + len(payload) + padding).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)
