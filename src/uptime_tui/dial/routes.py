"""What this machine would do with a packet, and what it knows of its router: nothing is sent.

Linux: proc(5) `net/route`, `net/ipv6_route`, `net/arp`; ip-route(8) for what each error of a route means.
"""

import ipaddress
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from uptime_tui.dial.zone import place_of

_PROC: Final = Path("/proc")
_SYS_NET: Final = Path("/sys/class/net")
_DISCARD: Final = 9
_RTF_UP: Final = 0x1
_RTF_GATEWAY: Final = 0x2
_RTF_REJECT: Final = 0x200
_GLOBAL: Final = "00"
"""Scope of an address that is more than its link's (linux/ipv6.h, IPV6_ADDR_ANY)."""
_ATF_COM: Final = 0x2
"""The hardware address is known (linux/if_arp.h)."""


class Route(NamedTuple):
    """The kernel's word on one address."""

    source: str
    """Our own address towards it; empty without a route."""
    errno: int
    """0 with a route; ENETUNREACH: none; EHOSTUNREACH, EACCES, EINVAL: an unreachable, prohibit, blackhole route."""


class Gateway(NamedTuple):
    """A router that a default route names."""

    address: str
    """Empty where the route leads straight into an interface (point to point)."""
    interface: str


def route_to(address: str) -> Route:
    """Asks the routing table by connecting a datagram socket."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect(place_of(address, _DISCARD))
            return Route(str(sock.getsockname()[0]), 0)
    except OSError as error:
        return Route("", error.errno or -1)


def is_own(address: str) -> bool:
    """Whether the address is one of this machine's: then packets to it start from itself."""
    bare = address.partition("%")[0]
    return bool(bare) and (bare.startswith("127.") or route_to(address).source.partition("%")[0] == bare)


def default_gateways(*, v6: bool, proc: Path = _PROC) -> tuple[Gateway, ...]:
    """Routers of the default routes of one family; empty without such a route."""
    return tuple(_default_v6(proc) if v6 else _default_v4(proc))


def has_family(*, v6: bool, proc: Path = _PROC) -> bool:
    """Whether this machine is in any network of the family, other than with itself and on a bare link."""
    if not v6:
        return any(fields[0] != "lo" for fields in map(str.split, _lines(proc / "net/route")[1:]) if fields)
    places = [line.split() for line in _lines(proc / "net/if_inet6")]
    return any(fields[3] == _GLOBAL and fields[5] != "lo" for fields in places if len(fields) > 5)


def is_known(gateway: Gateway, proc: Path = _PROC) -> bool | None:
    """Whether the IPv4 router has answered ARP; None where the table does not name it."""
    for line in _lines(proc / "net/arp")[1:]:
        fields = line.split()
        if len(fields) > 5 and fields[0] == gateway.address and fields[5] == gateway.interface:
            return bool(int(fields[2], 16) & _ATF_COM)
    return None


def has_link(sys_net: Path = _SYS_NET) -> bool | None:
    """Whether any interface but the loopback has a link; None where the system does not say."""
    try:
        interfaces = [entry for entry in sys_net.iterdir() if entry.name != "lo"]
    except OSError:
        return None
    return any("".join(_lines(interface / "carrier")).strip() == "1" for interface in interfaces)


def _default_v4(proc: Path) -> Iterator[Gateway]:
    for line in _lines(proc / "net/route")[1:]:
        fields = line.split()
        if len(fields) > 7 and fields[1] == fields[7] == "0" * 8:
            flags = int(fields[3], 16)
            if flags & _RTF_UP and not flags & _RTF_REJECT:
                via = socket.inet_ntoa(struct.pack("=I", int(fields[2], 16))) if flags & _RTF_GATEWAY else ""
                yield Gateway(via, fields[0])


def _default_v6(proc: Path) -> Iterator[Gateway]:
    for line in _lines(proc / "net/ipv6_route"):
        fields = line.split()
        if len(fields) > 9 and fields[0] == "0" * 32 and fields[1] == "00" and fields[9] != "lo":
            flags = int(fields[8], 16)
            if flags & _RTF_UP and not flags & _RTF_REJECT:
                via = str(ipaddress.IPv6Address(bytes.fromhex(fields[4]))) if flags & _RTF_GATEWAY else ""
                yield Gateway(via, fields[9])


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").splitlines()
    except OSError:
        return []
