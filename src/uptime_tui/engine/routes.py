"""The kernel's routing and neighbour tables as anyone may read them (proc(5): net/route, net/ipv6_route, net/arp)."""

import ipaddress
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

PROC_NET: Final = Path("/proc/net")
_ARP_COMPLETE: Final = 0x2
"""ATF_COM of if_arp.h: the hardware address is known."""
UNSEEN: Final = "*"
"""A way that no table tells: another one than the main table's, or one that has just gone."""
_HALF: Final = 1
"""Tunnels take over by two routes to half of all addresses, rather than replace the default route."""
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Route(NamedTuple):
    """One way out."""

    network: _Network
    interface: str
    """`*` or `lo` for a route that leads nowhere on purpose."""
    gateway: str
    """Empty: whoever is there is a neighbour. A link-local one carries its zone."""


def read_routes(proc_net: Path = PROC_NET) -> tuple[Route, ...]:
    """Routes of both families; raises OSError where a table cannot be read, but not where there is none."""
    return (*_four(proc_net / "route"), *_six(proc_net / "ipv6_route"))


def default_interfaces(routes: tuple[Route, ...]) -> set[str]:
    """Interfaces that a default route of either family leads to."""
    return {route.interface for route in routes if not route.network.prefixlen} - {"lo", "*"}


def next_hop(address: str, routes: tuple[Route, ...]) -> str | None:
    """What stands between us and an address (empty: what a default route leads to); None without a route.

    The gateway, or the interface of a tunnel that half the world or more is behind; empty for a neighbour.
    """
    if not address:
        fitting = [route for route in routes if not route.network.prefixlen]
    else:
        place = ipaddress.ip_address(address.partition("%")[0])
        fitting = [route for route in routes if place in route.network]
    best = max(fitting, key=lambda route: route.network.prefixlen, default=None)
    if best is None or best.interface in {"lo", "*"}:
        return None
    return best.gateway or (best.interface if best.network.prefixlen <= _HALF else "")


def is_gateway(hop: str) -> bool:
    """Whether this of `next_hop` is a router, which can be asked, and no tunnel."""
    try:
        ipaddress.ip_address(hop.partition("%")[0])
    except ValueError:
        return False
    return True


def named(hop: str) -> str:
    """The same in a sentence."""
    if hop == UNSEEN:
        return "this machine"
    return f"the gateway {hop}" if is_gateway(hop) else f"the interface {hop}"


def is_neighbour_known(address: str, proc_net: Path = PROC_NET) -> bool:
    """Whether a neighbour of IPv4 has answered ARP, or nothing can be said of it."""
    for line in _lines(proc_net / "arp"):
        fields = line.split()
        if len(fields) > 2 and fields[0] == address:
            return bool(int(fields[2], 16) & _ARP_COMPLETE)
    return True


def _four(path: Path) -> Iterator[Route]:
    for line in _lines(path)[1:]:
        fields = line.split()
        if len(fields) > 7:
            place, gateway, mask = (_dotted(fields[at]) for at in (1, 2, 7))
            network = ipaddress.IPv4Network((place, mask), strict=False)
            yield Route(network, fields[0], "" if gateway == "0.0.0.0" else gateway)  # noqa: S104 - none


def _six(path: Path) -> Iterator[Route]:
    for line in _lines(path):
        fields = line.split()
        if len(fields) > 9:
            network = ipaddress.IPv6Network((bytes.fromhex(fields[0]), int(fields[1], 16)), strict=False)
            gateway = ipaddress.IPv6Address(bytes.fromhex(fields[4]))
            zone = f"%{fields[9]}" if gateway.is_link_local else ""
            yield Route(network, fields[9], f"{gateway}{zone}" if int(gateway) else "")


def _dotted(number: str) -> str:
    return socket.inet_ntoa(int(number, 16).to_bytes(4, sys.byteorder))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").splitlines()
    except FileNotFoundError:
        return []
