"""What name servers and routers say of our own line."""

import asyncio

import pytest

from uptime_tui.dial.hops import Hop
from uptime_tui.engine import lineproof
from uptime_tui.engine.doubt import Held, network_of
from uptime_tui.engine.lineproof import LineProof
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.units import MonitorId
from uptime_tui.resolve import query
from uptime_tui.resolve.classify import OURS, Reply
from uptime_tui.resolve.system import NameServers

GATEWAY, OUTSIDE, INSIDE = "10.0.0.1", "192.0.2.53", "10.0.0.53"


class Network:
    def next_hop(self, address):
        return "" if address.startswith("10.0.0.") else GATEWAY


class Resolver:
    def __init__(self, servers, heard_s):
        self.name_servers = NameServers(tuple((server, 53) for server in servers))
        self.heard_s = heard_s


def held(address, port=80, failure=Failure.TIMEOUT):
    result = Result(MonitorId(1), 0, failure, Phase.CONNECT, "x", Timings(), address, port)
    return Held(network_of(address), result, 0.0, 0.0, print)


@pytest.fixture
def look(monkeypatch):
    """Look at a line whose name servers and routers say so."""

    async def made(*silent, says, heard=True, hops=None, **ways):
        asked = []

        async def answer(name, kind, servers, _deadline_s):
            asked.append((servers.servers[0][0], name, kind))
            return Reply(says[servers.servers[0][0]])

        async def walked(address, *_):
            asked.append(address)
            return hops(address)

        monkeypatch.setattr(query, "query_one", answer)
        monkeypatch.setattr(lineproof, "walk", walked)
        monkeypatch.setattr(lineproof, "walk_udp", ways.get("udp") or walked)
        now_s = asyncio.get_running_loop().time()
        proof = LineProof(asyncio.ensure_future, Resolver(says, now_s if heard else 0.0), Network())
        told = asyncio.get_running_loop().create_future()
        proof.ask(GATEWAY, [held(*each) if isinstance(each, tuple) else held(each) for each in silent], told.set_result)
        return await told

    return made


def no_hops(_address):
    return []


def ends_at(*routers, message=""):
    def hops(_address):
        passed = [Hop(ttl, "passed", router) for ttl, router in enumerate(routers, 1)]
        if message:
            passed[-1] = passed[-1]._replace(word="unreachable", message=message)
        return [*passed, *(Hop(ttl, "silent") for ttl in range(len(passed) + 1, 5))]

    return hops


async def test_a_name_server_beyond_the_gateway_proves_the_line_or_its_end(look):
    assert await look("198.51.100.1", says={OUTSIDE: "NOERROR"}) == ""
    assert await look("198.51.100.1", says={OUTSIDE: "TIMEOUT", "192.0.2.54": "REFUSED"}) == ""
    assert await look("198.51.100.1", says={OUTSIDE: "TIMEOUT"}) == (
        "neither what is monitored beyond the gateway 10.0.0.1 nor the name server 192.0.2.53 answers"
    )


@pytest.mark.parametrize("rcode", ["NOERROR", "REFUSED", "TIMEOUT", "UNREACHABLE", OURS])
async def test_one_on_our_own_network_proves_nothing_but_by_finding_nobody(look, rcode):
    assert await look("198.51.100.1", says={INSIDE: rcode}) is None
    assert await look("198.51.100.1", says={"127.0.0.53": rcode}) is None
    assert await look("198.51.100.1", says={"127.0.0.53": "SERVFAIL"})


async def test_one_that_never_answered_proves_nothing_by_its_silence(look):
    assert await look("198.51.100.1", says={OUTSIDE: "TIMEOUT"}, heard=False) is None


@pytest.mark.parametrize(
    ("hops", "where"),
    [
        (ends_at(GATEWAY), "the gateway 10.0.0.1"),
        (ends_at(GATEWAY, "100.64.0.1"), "the router 100.64.0.1 behind the gateway 10.0.0.1"),
        (ends_at(GATEWAY, message="3/0"), "the gateway 10.0.0.1"),
        (ends_at(GATEWAY, message="3/1"), ""),
        (ends_at(GATEWAY, "100.64.0.1", "100.64.1.1"), ""),
        (lambda address: ends_at(GATEWAY, address)(address), ""),
        (no_hops, ""),
    ],
)
async def test_the_ways_to_two_networks_that_end_at_the_same_router_near_us_show_it(look, hops, where):
    reason = await look("198.51.100.1", "203.0.113.1", says={INSIDE: "NOERROR"}, hops=hops)
    assert (reason or "").startswith(f"what is sent to 2 networks ends at {where}" if where else "")
    assert bool(reason) == bool(where)


async def test_mysql_is_not_connected_to_bare(look):
    async def datagrams(address, *_):
        return ends_at(GATEWAY)(address)

    assert await look(
        ("198.51.100.1", 3306), ("203.0.113.1", 3306), says={INSIDE: "NOERROR"}, hops=no_hops, udp=datagrams
    )


async def test_a_router_that_looks_for_its_neighbour_in_vain_is_not_our_lines_end(look):
    lost = [(address, 80, Failure.HOST_UNREACHABLE) for address in ("198.51.100.1", "203.0.113.1")]
    assert await look(*lost, says={INSIDE: "NOERROR"}, hops=ends_at(GATEWAY)) is None
