"""Who answers on the way: packets that live for a few hops only, sent to the real port or as datagrams. No root.

A router that lets a packet die says so (ICMP time exceeded, RFC 792; ICMPv6 type 3, RFC 4443 §3.3); the kernel keeps
the message in the error queue of the socket that sent it. A TCP walk meets the very filters that real connections
meet; a datagram to 33434 and up ends at the target with "port unreachable".
"""

import asyncio
import errno
import socket
import struct
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from uptime_tui.dial import errqueue
from uptime_tui.dial.zone import place_of, without_zone

UDP_BASE: Final = 33434
"""As traceroute(8) counts."""
Word = Literal["silent", "passed", "reached", "unreachable"]
PACKETS: Final = 2
"""The most that one lifetime costs: a SYN, and the reset that ends a connect which got there."""
_UNICAST_HOPS: Final = 16
"""`IPV6_UNICAST_HOPS` (linux/in6.h)."""
_RESET: Final = struct.pack("ii", 1, 0)
"""`SO_LINGER` without patience (socket(7))."""
_EXCEEDED: Final = {("icmp", 11), ("icmp6", 3)}


class Hop(NamedTuple):
    """What came back for one lifetime."""

    ttl: int
    word: Word
    address: str = ""
    """Who said so; empty when nobody did."""
    message: str = ""
    """The ICMP message, `3/13`; empty where it was none."""
    accepted: bool = False
    """The port itself took the connection up."""


def packets(hop: Hop) -> int:
    """How many this lifetime has sent."""
    return PACKETS if hop.accepted else 1


async def walk(address: str, port: int, ttls: Sequence[int], within_s: float) -> list[Hop]:
    """One TCP SYN for each lifetime, all at once; below 1 s the kernel sends none of them again.

    Args:
        address: IP literal.
        port: the real port; a connect that gets there is taken back before it stands, so that no server sees it.
        ttls: lifetimes in hops.
        within_s: seconds until silence is silence.
    """
    return await _together(address, [(ttl, port, socket.SOCK_STREAM) for ttl in ttls], within_s)


async def walk_udp(address: str, ttls: Sequence[int], within_s: float) -> list[Hop]:
    """One empty datagram for each lifetime, to ports on which nobody listens."""
    return await _together(address, [(ttl, UDP_BASE + ttl, socket.SOCK_DGRAM) for ttl in ttls], within_s)


async def _together(address: str, wanted: Sequence[tuple[int, int, int]], within_s: float) -> list[Hop]:
    return list(await asyncio.gather(*(_step(address, *each, within_s) for each in wanted)))


async def _step(address: str, ttl: int, port: int, kind: int, within_s: float) -> Hop:
    v6 = ":" in address
    family = socket.AF_INET6 if v6 else socket.AF_INET
    try:
        sock = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    except OSError:
        return Hop(ttl, "silent")
    with sock:
        try:
            errqueue.arm(sock, v6=v6)
            if v6:
                sock.setsockopt(socket.IPPROTO_IPV6, _UNICAST_HOPS, ttl)
            else:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
            if kind == socket.SOCK_STREAM:
                _stay_half_open(sock)
            code = sock.connect_ex(place_of(address, port))
            if kind == socket.SOCK_DGRAM and not code:
                sock.send(b"")
                code = errno.EINPROGRESS
        except OSError as error:
            code = error.errno or errno.EINVAL
        if code == errno.EINPROGRESS:
            code = await _outcome(sock, kind, within_s)
        return _hop(ttl, address, code, errqueue.read(sock))


def _stay_half_open(sock: socket.socket) -> None:
    """Of several lifetimes that are long enough each one gets there: none is to become a visit.

    The kernel holds back the last word of the handshake for a client that waits with its data (tcp(7),
    TCP_DEFER_ACCEPT), and an end without patience takes the connection back: a SYN and a reset.
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


async def _outcome(sock: socket.socket, kind: int, within_s: float) -> int:
    """The socket's error once something came back; ETIMEDOUT when nothing did."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    stream = kind == socket.SOCK_STREAM
    watch, forget = (loop.add_writer, loop.remove_writer) if stream else (loop.add_reader, loop.remove_reader)
    watch(sock.fileno(), ready.set)
    try:
        async with asyncio.timeout(within_s):
            await ready.wait()
    except TimeoutError:
        return errno.ETIMEDOUT
    finally:
        forget(sock.fileno())
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def _hop(ttl: int, target: str, code: int, offender: errqueue.Offender | None) -> Hop:
    if offender is not None and offender.origin != "local":
        message = f"{offender.type}/{offender.code}"
        if (offender.origin, offender.type) in _EXCEEDED:
            return Hop(ttl, "passed", offender.address)
        word: Word = "reached" if offender.address == without_zone(target) else "unreachable"
        return Hop(ttl, word, offender.address, message)
    if code in {0, errno.ECONNREFUSED}:
        return Hop(ttl, "reached", target, accepted=not code)
    return Hop(ttl, "silent")
