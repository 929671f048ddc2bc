"""The socket address of an IP literal, with the interface that a link-local one names.

`socket.connect(("fe80::1%eth0", 25))` takes the name apart and forgets the interface: the scope is a number of its own
in the address (RFC 3493 §3.3), and the kernel answers EINVAL without it.
"""

import errno
import os
import socket

Place = tuple[str, int] | tuple[str, int, int, int]


def place_of(address: str, port: int) -> Place:
    """What connect(2) wants for it.

    Args:
        address: IP literal; an IPv6 one may carry a zone: an interface's name or its number.
        port: of the transport.

    Raises:
        OSError: ENODEV, there is no such interface.
    """
    bare, percent, zone = address.partition("%")
    return (bare, port, 0, _number(zone)) if percent else (address, port)


def without_zone(address: str) -> str:
    """The address as the kernel names it in messages, which carry no interface."""
    return address.partition("%")[0]


def _number(zone: str) -> int:
    try:
        return socket.if_nametoindex(zone)
    except OSError:
        number = int(zone) if zone.isascii() and zone.isdigit() and len(zone) < 10 else 0
    try:
        socket.if_indextoname(number)
    except OSError:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from None
    return number
