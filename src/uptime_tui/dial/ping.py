"""Ping without privileges, where the system lets this user's group do it (icmp(7), `net.ipv4.ping_group_range`)."""

import asyncio
import socket
import struct
from typing import Final, NamedTuple

from uptime_tui.dial.zone import place_of

_REQUEST: Final = struct.Struct("!BBHHH")
_BYTES: Final = 64


class Echo(NamedTuple):
    """What became of the requests."""

    sent: int
    answered: int
    best_ms: float


async def ping(address: str, count: int, within_s: float) -> Echo | None:
    """Send so many echo requests at once and wait for as many answers.

    Args:
        address: IP literal.
        count: requests.
        within_s: seconds until it is given up.

    Returns:
        None where the system does not let us, or has no route: then nothing was sent.
    """
    v6 = ":" in address
    family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if v6 else (socket.AF_INET, socket.IPPROTO_ICMP)
    loop = asyncio.get_running_loop()
    try:
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, protocol)
    except OSError:
        return None
    with sock:
        began_s, sent = loop.time(), 0
        try:
            sock.connect(place_of(address, 0))
            while sent < count:
                sock.send(_REQUEST.pack(128 if v6 else 8, 0, 0, 0, sent))  # the kernel fills in id and checksum
                sent += 1
        except OSError:
            if not sent:
                return None
        times = await _answers(sock, sent, within_s, began_s)
    return Echo(sent, len(times), min(times, default=0.0))


async def _answers(sock: socket.socket, count: int, within_s: float, began_s: float) -> list[float]:
    """Milliseconds until each answer."""
    loop = asyncio.get_running_loop()
    times: list[float] = []
    try:
        async with asyncio.timeout(within_s):
            while len(times) < count:
                await loop.sock_recv(sock, _BYTES)
                times.append((loop.time() - began_s) * 1000)
    except (TimeoutError, OSError):
        return times
    return times
