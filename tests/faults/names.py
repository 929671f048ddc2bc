"""The name tree of the fault bench: one healthy zone, and one for everything that can be wrong with a zone."""

from dataclasses import dataclass
from functools import cache

import dns.rdatatype
import dns.zone

from support.signed import Server, key_of, plain, sign

ROOT, REGISTRY, FIRST, SECOND = "10.77.5.10", "10.77.5.11", "10.77.5.12", "10.77.5.13"
SILENT, ABSENT, REFUSING, FAILING = "10.77.5.14", "10.77.5.99", "10.77.5.15", "10.77.5.16"
NEWER, INSIDE, CLOSED, LATE, DENYING = "10.77.5.17", "10.77.5.18", "10.77.5.19", "10.77.5.20", "10.77.5.21"
RESOLVER, MISLED = "10.77.5.53", "10.77.5.54"
"""Both validate; the second one trusts a key that is not the root's."""
HOST, BACKEND = "10.77.3.2", "10.77.3.3"
HOST6 = "fd77:3::2"
HEALTHY = ("www", "mx", "db", "dual", "six", "two", "absent", "unrouted")
"""Names of the healthy zone that have an address."""
SERVERS = (ROOT, REGISTRY, FIRST, SECOND, SILENT, REFUSING, FAILING, NEWER, INSIDE, LATE, DENYING)
ADDRESSES = (*SERVERS, CLOSED, RESOLVER, MISLED)
GATEWAY = "10.77.1.1"
"""Of the watcher."""
ALLOWED = frozenset({*ADDRESSES, ABSENT, HOST, HOST6, BACKEND, "10.77.3.99", "fd77:3::99", "198.51.100.9"})
"""Whom a diagnosis may send to: resolvers, name servers, and where the names of targets lead."""

SHOP = f"""
@ NS ns1.shop.test.
@ NS ns2.shop.test.
@ MX 10 mx.shop.test.
ns1 A {FIRST}
ns2 A {SECOND}
mx A {HOST}
www A {HOST}
db A {HOST}
dual A {HOST}
dual AAAA {HOST6}
six AAAA {HOST6}
two A {HOST}
two A {BACKEND}
absent A 10.77.3.99
unrouted A 198.51.100.9
mail-only MX 10 mx.shop.test.
mail-only TXT "v=spf1 -all"
alias CNAME mail-only
former CNAME gone.old.test.
local CNAME gone
loop CNAME pool
pool CNAME loop
blocked A {HOST}
cdn CNAME www.lame.test.
stuck CNAME www.silent.test.
pics CNAME www.expired.test.
{"".join(f"many A 10.77.9.{number}{chr(10)}" for number in range(100))}deep.branch A {HOST}
"""
_ONE = "@ NS ns1.{zone}.\nns1 A {server}\nwww A {host}\n"


@dataclass(frozen=True)
class Tree:
    """Who serves what, and what a validating resolver trusts."""

    anchor: str
    """The DS record of the root."""
    wrong_anchor: str
    """One that fits no key of the root."""
    zones: dict[str, dict[str, dns.zone.Zone]]
    """Address of a server to the zones it serves."""

    def servers(self) -> dict[str, Server]:
        """New servers by address, each in the mode that is its nature."""
        modes = {SILENT: "silent", REFUSING: "refused", FAILING: "servfail", DENYING: "nxdomain"}
        return {address: Server(zones, modes.get(address, "normal")) for address, zones in self.zones.items()}


def zone(name: str, server: str, **more) -> str:
    return sign(f"{name}.", _ONE.format(zone=name, server=server, host=HOST), key=key_of(name), **more)


def late() -> dict[str, dns.zone.Zone]:
    """What the server LATE has in the end."""
    return {"late.test.": plain("late.test.", _ONE.format(zone="late.test", server=LATE, host=HOST))}


def _unsigned_answers(zone: dns.zone.Zone) -> dns.zone.Zone:
    """The same without the signatures of its addresses."""
    for node in zone.nodes.values():
        node.delete_rdataset(zone.rdclass, dns.rdatatype.RRSIG, dns.rdatatype.A)
    return zone


def _half(serial: int, more: str) -> dns.zone.Zone:
    """The zone whose secondary is behind."""
    both = f"@ NS ns1.half.test.\n@ NS ns2.half.test.\nns1 A {NEWER}\nns2 A {SECOND}\n"
    return plain("half.test.", both + more, serial)


@cache
def tree() -> Tree:
    """The whole tree; made once, because signing takes longest."""
    shop = sign("shop.test.", SHOP, serial=7)
    old = zone("old.test", FIRST)
    expired = zone("expired.test", FIRST, days=(-40, -3))
    early = zone("early.test", FIRST, days=(3, 40))
    moved = zone("moved.test", FIRST)
    moved_away = zone("before.test", FIRST)  # whose key the registry still has for moved.test
    half_new, half_old = (
        _half(serial, more)
        for serial, more in ((2024010109, f"www A {HOST}\nmail A {HOST}\n"), (2024010108, "mail TXT x\n"))
    )
    copied = zone("copied.test", FIRST)
    late = plain("late.test.", _ONE.format(zone="late.test", server=LATE, host=HOST).replace("www", "elsewhere"))
    inside = plain("shop.test.", f"@ NS ns.shop.test.\nns A {INSIDE}\nmail-only A {HOST}\nintranet A {HOST}\n")
    registry = "".join(
        [
            "@ NS ns.test.\n",
            f"ns A {REGISTRY}\n",
            *(_delegation(each.name, FIRST) + each.ds for each in (old, expired, early, moved_away)),
            f"shop NS ns1.shop.test.\nshop NS ns2.shop.test.\nns1.shop A {FIRST}\nns2.shop A {SECOND}\n{shop.ds}",
            _delegation("moved.test.", FIRST) + moved_away.ds.replace("before.test.", "moved.test.", 1),
            _delegation("silent.test.", SILENT),
            _delegation("absent.test.", ABSENT),
            _delegation("lame.test.", REFUSING),
            _delegation("failing.test.", FAILING),
            _delegation("shut.test.", CLOSED),
            _delegation("late.test.", LATE),
            _delegation("copied.test.", FIRST) + copied.ds,
            f"half NS ns1.half.test.\nhalf NS ns2.half.test.\nns1.half A {NEWER}\nns2.half A {SECOND}\n",
        ]
    )
    top = sign("test.", registry)
    root = sign(".", f"@ NS ns.root.\nns.root. A {ROOT}\ntest. NS ns.test.\nns.test. A {REGISTRY}\n{top.ds}")
    common = {each.name: each.zone for each in (shop, old, expired, early, moved)}
    return Tree(
        root.ds,
        sign(".", f"@ NS ns.root.\nns.root. A {ROOT}\n").ds,
        {
            ROOT: {".": root.zone},
            REGISTRY: {"test.": top.zone},
            FIRST: {
                **common,
                "copied.test.": _unsigned_answers(copied.zone),
            },
            SECOND: {**common, "half.test.": half_old},
            NEWER: {"half.test.": half_new},
            INSIDE: {"shop.test.": inside},
            LATE: {"late.test.": late},
            SILENT: {},
            DENYING: {},
            REFUSING: {},
            FAILING: {},
        },
    )


def _delegation(name: str, server: str) -> str:
    return f"{name} NS ns1.{name}\nns1.{name} A {server}\n"
