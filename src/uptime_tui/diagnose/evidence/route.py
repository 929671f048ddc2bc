"""What this machine's own routing table says of the target, and whether a rule of its own forbade the connection."""

import errno
import os
from collections.abc import AsyncIterator, Iterator
from typing import Final

from uptime_tui.diagnose.case import NO_ANSWER, Case, Means
from uptime_tui.dial.routes import default_gateways, has_family, route_to
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence

QUESTION: Final = "Does this machine know a way to the target, and may it use it?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "own_route": "this machine's routing table leads to the target",
    "own_route_missing": "this machine has no route to the target",
    "own_route_unreachable": "a route of this machine says that the target cannot be reached",
    "own_route_prohibit": "a route of this machine prohibits the target",
    "own_route_blackhole": "a route of this machine throws packets to the target away",
    "own_family_missing": "this machine has addresses of the other family only",
    "own_family_there": "this machine has addresses of the target's family, and no route",
    "own_rule": "the route is there, so a rule of this machine (firewall, sandbox, ip rule) forbade the connection",
}
_LOCAL: Final = {
    errno.ENETUNREACH: ("own_route_missing", "this machine has no route to {}"),
    errno.EHOSTUNREACH: ("own_route_unreachable", "a route of this machine (type unreachable) rules {} out"),
    errno.EACCES: ("own_route_prohibit", "a route of this machine (type prohibit) forbids {}"),
    errno.EINVAL: ("own_route_blackhole", "a route of this machine (type blackhole) throws away what goes to {}"),
    errno.ENETDOWN: ("own_route_missing", "the interface towards {} is down"),
    errno.EADDRNOTAVAIL: ("own_route_missing", "this machine has no address to start from towards {}"),
    errno.ENODEV: ("own_route_missing", "this machine has no interface towards {}"),
}


def wants(case: Case) -> bool:
    """Where no connection came about and the target has not said why."""
    asked = NO_ANSWER | {Failure.NO_SOURCE_PORTS, Failure.WATCHER_OFFLINE}
    return case.is_here and bool(case.address) and case.failure in asked


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """One fact of the route, and what follows from it."""
    address, failure = case.address, case.failure
    route = route_to(address)
    if route.errno:
        id_, text = _LOCAL.get(route.errno, _LOCAL[errno.ENETUNREACH])
        yield Evidence(id_, Phase.CONNECT, None, text.format(address))
        if id_ == "own_route_missing":
            for fact in _family(means, v6=":" in address):
                yield fact
        return
    if failure is Failure.NET_UNREACHABLE and _was_swallowed(case):
        text = f"the routing table leads to {address}; a rule of this machine (ip rule) threw this connection away"
        yield Evidence("own_rule", Phase.CONNECT, None, text)
        return
    yield Evidence("own_route", Phase.CONNECT, None, f"this machine has a route to {address}, from {route.source}")
    seen = {each.id for each in case.result.evidence}
    if failure is Failure.PROHIBITED and not any(id_.startswith("icmp_") or id_ == "own_firewall" for id_ in seen):
        text = "the connection was forbidden without any packet: by a rule of this machine, not by its routes"
        yield Evidence("own_rule", Phase.CONNECT, None, text)


def _was_swallowed(case: Case) -> bool:
    """Whether the connect ended as at a blackhole: where no route is one, a rule for its port or protocol is."""
    return any(seen.id == "no_route" and os.strerror(errno.EINVAL) in seen.text for seen in case.result.evidence)


def _family(means: Means, *, v6: bool) -> Iterator[Evidence]:
    """Whether it is the family that is missing or the route."""
    mine, other = ("IPv6", "IPv4") if v6 else ("IPv4", "IPv6")
    if has_family(v6=v6, proc=means.proc):
        text = f"this machine has an address of {mine}, and no route for it"
        yield Evidence("own_family_there", Phase.CONNECT, None, text)
    elif default_gateways(v6=not v6, proc=means.proc):
        text = f"this machine is in networks of {other}, in none of {mine}"
        yield Evidence("own_family_missing", Phase.CONNECT, None, text)
