"""The socket's error queue: who refused a connection, and with which ICMP message.

Linux `ip(7)` IP_RECVERR, `ipv6(7)` IPV6_RECVERR; `struct sock_extended_err` in linux/errqueue.h. The option must
be off once a connection stands: on an established socket it makes soft ICMP errors fatal.
"""

import socket
import struct
import sys
from typing import Final, NamedTuple

_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25
_V4: Final = (int(socket.IPPROTO_IP), _IP_RECVERR)
_V6: Final = (int(socket.IPPROTO_IPV6), _IPV6_RECVERR)
_HEADER: Final = struct.Struct("=IBBBBII")
_ORIGINS: Final = {1: "local", 2: "icmp", 3: "icmp6"}


class Offender(NamedTuple):
    """What the queue says about a failed connect."""

    origin: str
    """`local` (this machine's own rules), `icmp` or `icmp6`."""
    type: int
    code: int
    address: str
    """Who sent the message; empty when the kernel does not know."""

    @property
    def prohibits(self) -> bool:
        """Administratively prohibited: RFC 1812 §5.2.7.1 codes 9, 10, 13; RFC 4443 §3.1 codes 1, 5, 6."""
        if self.origin == "icmp":
            return self.type == 3 and self.code in {9, 10, 13}
        return self.origin == "icmp6" and self.type == 1 and self.code in {1, 5, 6}

    @property
    def exceeds(self) -> bool:
        """Time exceeded, that is too many hops: type 11 (RFC 792), of ICMPv6 type 3 (RFC 4443 §3.3)."""
        return (self.origin, self.type) in {("icmp", 11), ("icmp6", 3)}


def arm(sock: socket.SocketType, *, v6: bool, on: bool = True) -> None:
    """Ask the kernel to keep ICMP errors (before connect), or stop it (once connected).

    Args:
        sock: the socket.
        v6: its family; asking the socket for it costs more than the option itself.
        on: keep them.
    """
    level, option = _V6 if v6 else _V4
    sock.setsockopt(level, option, on)


def read(sock: socket.SocketType) -> Offender | None:
    """The newest entry, or None: an empty queue is no evidence either way. Never raises."""
    found = None
    for _ in range(8):
        try:
            _, ancillary, _, _ = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        except OSError:
            return found
        for level, kind, data in ancillary:
            if (level, kind) in {_V4, _V6} and len(data) >= _HEADER.size:
                found = _offender(data) or found
    return found


def _offender(data: bytes) -> Offender | None:
    _, origin, type_, code, _, _, _ = _HEADER.unpack_from(data)
    if origin not in _ORIGINS:
        return None
    sender = data[_HEADER.size :]
    family = int.from_bytes(sender[:2], sys.byteorder) if len(sender) >= 2 else 0
    address = ""
    if family == socket.AF_INET and len(sender) >= 8:
        address = socket.inet_ntop(socket.AF_INET, sender[4:8])
    elif family == socket.AF_INET6 and len(sender) >= 24:
        address = socket.inet_ntop(socket.AF_INET6, sender[8:24])
    return Offender(_ORIGINS[origin], type_, code, "" if address in {"0.0.0.0", "::"} else address)  # noqa: S104
