"""The servers of a name's zone as the zone above names them, and what each says when it is asked alone."""

import asyncio
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import dns.flags
import dns.message
import dns.name
import dns.rcode
from dns.name import Name

from uptime_tui.resolve.classify import SILENT
from uptime_tui.resolve.exchange import Heard
from uptime_tui.resolve.inquiry import Inquiry
from uptime_tui.resolve.reading import above, addresses, chain, glue, records, referral, show, zone_of

MAX_ASKED: Final = 4
"""Addresses of a zone's servers that are asked."""
_MAX_STEPS: Final = 4
_TRIED: Final = 2
"""Servers of a zone above that may be silent before it counts as unreachable."""
_DAY_S: Final = 86400
_ALIAS: Final = "alias of "

State = Literal["fine", "refuses", "lame", "fails", "silent", "not asked"]


class Authority(NamedTuple):
    """One address of one server."""

    name: str
    address: str


class Delegation(NamedTuple):
    """Who serves a zone."""

    zone: str
    servers: tuple[Authority, ...]
    told_by: str = ""
    """Server of the zone above that says so; empty when only the resolver could be asked."""
    homeless: tuple[str, ...] = ()
    """Server names that have no address."""
    unreachable: bool = False
    """No server of the zone above answers this machine: then silence of the zone's own says nothing either."""


class Stand(NamedTuple):
    """What one server of the zone says of the name."""

    of: Authority
    state: State
    said: str
    """Reply code, or why there is none; safe."""
    holds: frozenset[str] = frozenset()
    """Addresses, or the alias; `NXDOMAIN`; empty: the name is there without an address."""
    serial: int | None = None
    refresh_s: int = 0


async def delegation_of(host: str, inquiry: Inquiry) -> Delegation | None:
    """Walks down from the top-level domain; None when nothing above the name answers the resolver."""
    name = dns.name.from_text(host)
    zone, servers = await _top(name, inquiry)
    if zone is None:
        return None
    told_by, known = "", dict[Name, tuple[str, ...]]()
    for _ in range(_MAX_STEPS):
        heard = await _first_answer(name, servers, known, inquiry)
        if heard is None:
            found, homeless = await _places(servers, known, inquiry)
            return Delegation(show(zone), found, told_by, homeless, unreachable=not told_by)
        message = heard.message
        assert message is not None
        onward = None if message.flags & dns.flags.AA else referral(message, zone)
        if onward is None:
            zone, servers = await _deeper(name, zone, servers, heard, inquiry)
            break
        zone, servers = onward
        told_by = heard.shown
        known = {server: glue(message, server) for server in servers}
    found, homeless = await _places(servers, known, inquiry)
    return Delegation(show(zone), found, told_by, homeless)


async def _top(name: Name, inquiry: Inquiry) -> tuple[Name | None, tuple[Name, ...]]:
    """The highest zone above the name that the resolver knows, and its servers."""
    for each in list(above(name))[:_MAX_STEPS]:
        heard = await inquiry.recursive(each, "NS")
        servers = tuple(rdata.target for rdata in records(heard.message, each, "NS"))
        if servers:
            return each, servers
        if heard.rcode in SILENT:
            break
    return None, ()


async def _first_answer(
    name: Name, servers: Sequence[Name], known: dict[Name, tuple[str, ...]], inquiry: Inquiry
) -> Heard | None:
    """What the first of the servers that answers says about the name."""
    places = [address for server in servers[:_TRIED] for address in known.get(server, ())[:1]]
    if places:  # the zone may be the name's own: then all are asked anyhow
        heard = await asyncio.gather(*(inquiry.authority(name, "A", address) for address in places))
        return next((each for each in heard if each.message is not None), None)
    for server in servers[:_TRIED]:
        found = await _look_up(server, "A", inquiry) or await _look_up(server, "AAAA", inquiry)
        if found and (one := await inquiry.authority(name, "A", found[0])).message is not None:
            return one
    return None


async def _deeper(
    name: Name, zone: Name, servers: tuple[Name, ...], heard: Heard, inquiry: Inquiry
) -> tuple[Name, tuple[Name, ...]]:
    """A server of two zones, one below the other, sends nobody on: it says itself which one it answers from."""
    address = heard.server[0]
    apex = zone_of(heard.message)
    if apex is None:
        soa = await inquiry.authority(name, "SOA", address)
        apex = name if records(soa.message, name, "SOA") else zone_of(soa.message)
    if apex is None or apex == zone or not apex.is_subdomain(zone):
        return zone, servers
    found = records((await inquiry.authority(apex, "NS", address)).message, apex, "NS")
    return (apex, tuple(rdata.target for rdata in found)) if found else (zone, servers)


async def _look_up(server: Name, kind: str, inquiry: Inquiry) -> tuple[str, ...]:
    return addresses((await inquiry.recursive(server, kind)).message, server)


async def _places(
    servers: Sequence[Name], known: dict[Name, tuple[str, ...]], inquiry: Inquiry
) -> tuple[tuple[Authority, ...], tuple[str, ...]]:
    """Addresses to ask: of different servers first, then the other family of each."""
    wanted = sorted(servers)[:MAX_ASKED]
    found: dict[Name, tuple[str, ...]] = {}
    for server in wanted:
        found[server] = known.get(server) or await _look_up(server, "A", inquiry)
        if not found[server]:
            found[server] = await _look_up(server, "AAAA", inquiry)
    ordered = [
        Authority(show(server), places[turn]) for turn in range(4) for server, places in found.items()
        if turn < len(places)
    ]  # fmt: skip
    return tuple(ordered[:MAX_ASKED]), tuple(show(server) for server in wanted if not found[server])


async def stands_of(host: str, delegation: Delegation, inquiry: Inquiry) -> tuple[Stand, ...]:
    """What each server says, all asked at the same time."""
    return tuple(await asyncio.gather(*(_stand(host, delegation.zone, each, inquiry) for each in delegation.servers)))


async def _stand(host: str, zone: str, of: Authority, inquiry: Inquiry) -> Stand:
    heard = await inquiry.authority(host, "A", of.address)
    state = _state(heard)
    if state != "fine" or heard.message is None:
        return Stand(of, state, heard.why or heard.rcode)
    holds = _held(heard.message, host)
    if not holds:  # no IPv4 address; one of the other family is an address as well
        other = await inquiry.authority(host, "AAAA", of.address)
        holds = _held(other.message, host) if other.message is not None else holds
    soa = await inquiry.authority(zone, "SOA", of.address)
    found = records(soa.message, zone, "SOA")
    serial, refresh_s = (found[0].serial, found[0].refresh) if found else (None, 0)
    return Stand(of, state, heard.rcode, holds, serial, refresh_s)


def _state(heard: Heard) -> State:
    if heard.cut:  # it has answered, and what it says was lost on another way
        return "not asked"
    match heard.rcode:
        case "NOERROR" | "NXDOMAIN" if heard.message is not None:
            return "fine" if heard.message.flags & dns.flags.AA else "lame"
        case "REFUSED":
            return "refuses"
        case "NOT_ASKED":
            return "not asked"
        case rcode if rcode in SILENT:
            return "silent"
        case _:
            return "fails"


def _held(message: dns.message.Message, host: str) -> frozenset[str]:
    names = chain(message, host)
    if len(names) > 1:
        return frozenset({f"{_ALIAS}{show(names[1])}"})
    if message.rcode() == dns.rcode.NXDOMAIN:
        return frozenset({"NXDOMAIN"})
    return frozenset(addresses(message, host))


def alias_told(stands: Sequence[Stand]) -> str:
    """What the name is an alias of, as the first server has it that says so; empty where none does."""
    held = (each for stand in stands for each in stand.holds)
    return next((each.removeprefix(_ALIAS) for each in held if each.startswith(_ALIAS)), "")


def newest(serials: Sequence[int]) -> int:
    """By serial number arithmetic (RFC 1982 §3.2)."""
    best = serials[0]
    for serial in serials[1:]:
        if 0 < (serial - best) % 2**32 < 2**31:
            best = serial
    return best


def made_at(serial: int, now_s: float) -> float | None:
    """Unix time at which a zone was changed, where its serial tells: a date (`2026112401`) or Unix time itself."""
    import calendar

    if 1_000_000_000 <= serial <= now_s + _DAY_S and serial < 1_900_000_000:
        return float(serial)
    day, _ = divmod(serial, 100)
    year, rest = divmod(day, 10_000)
    month, date = divmod(rest, 100)
    if not (1990 <= year <= 2100 and 1 <= month <= 12 and 1 <= date <= 31):
        return None
    return float(calendar.timegm((year, month, date, 0, 0, 0, 0, 0, 0)))
