"""Paths, pings and routes through networks of namespaces: watcher, two routers, host; both families; as any user."""

import asyncio
import errno
import os
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.cases import case, facts, means
from support.netns import link, namespaces, need_namespaces, route, routers
from uptime_tui.diagnose.collect import collect
from uptime_tui.diagnose.evidence import listener, loss, path, ping, siblings, watcher
from uptime_tui.diagnose.evidence import route as own_route
from uptime_tui.dial.direct import Dialler
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.failure import Failure
from uptime_tui.resolve.answer import Answer
from uptime_tui.vantage.findings import judge_connect

pytestmark = [pytest.mark.xdist_group("namespaces")]
HOST = {4: "10.77.3.2", 6: "fd77:3::2"}
FIRST = {4: "10.77.1.2", 6: "fd77:1::2"}
SECOND = {4: "10.77.2.2", 6: "fd77:2::2"}
FAMILIES = pytest.mark.parametrize("family", [4, 6])


class Site:
    def __init__(self, watcher_, near, far, host):
        self.watcher, self.near, self.far, self.host = watcher_, near, far, host
        link(watcher_, near, "10.77.1.1/24", "10.77.1.2/24", "fd77:1::1/64", "fd77:1::2/64")
        link(near, far, "10.77.2.1/24", "10.77.2.2/24", "fd77:2::1/64", "fd77:2::2/64")
        link(far, host, "10.77.3.1/24", "10.77.3.2/24", "fd77:3::1/64", "fd77:3::2/64")
        routers([near, far])
        host.sysctl("net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")
        route(watcher_, "default via 10.77.1.2", "default via fd77:1::2")
        route(near, "10.77.3.0/24 via 10.77.2.2", "fd77:3::/64 via fd77:2::2")
        route(far, "10.77.1.0/24 via 10.77.2.1", "fd77:1::/64 via fd77:2::1")
        route(host, "default via 10.77.3.1", "default via fd77:3::1")
        self.open = ExitStack()

    def listen(self, port):
        for address in HOST.values():
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            self.open.enter_context(self.host.call(socket.create_server, (address, port), family=family))

    def ask(self, work, *args):
        """A coroutine function that gets a dialler, run in the watcher's network."""

        async def main():
            dialler = Dialler()
            try:
                return await work(dialler, *args)
            finally:
                dialler.close()

        return self.watcher.call(asyncio.run, main())

    def facts(self, collector, failed, **more):
        async def work(dialler):
            granted = means(dialler, proc=Path("/proc/thread-self"), **more)
            assert collector.wants(failed)
            found = await facts(collector, failed, granted)
            assert granted.budget.spent <= collector.PACKETS
            return found

        return self.ask(work)


@pytest.fixture
def site():
    need_namespaces()
    with namespaces("watcher", "near", "far", "host") as machines:
        site = Site(*machines)
        with site.open:
            site.ask(_until_reached)
            yield site


def timeout(family, port=25, failure=Failure.TIMEOUT):
    return case(failure, f"tcp://host.example.net:{port}", HOST[family], addresses=(HOST[family],))


def rules(hook, rule, counter=""):
    """One chain, as nft(8) wants it: a statement a line."""
    declared = f"counter {counter} {{ }}\n" if counter else ""
    return f"table inet f {{\n{declared}chain c {{\ntype filter hook {hook} priority 0;\n{rule}\n}}\n}}\n"


def drop(hook, match):
    return rules(hook, f"{match} drop")


@FAMILIES
def test_a_port_that_is_dropped_on_a_living_host(site, family):
    site.host.nft(drop("input", "tcp dport 25"))
    failed = timeout(family)
    assert set(site.facts(siblings, failed)) == {"sibling_refused"}
    assert set(site.facts(ping, failed)) == {"host_rejects_datagram"}
    found = site.facts(path, failed)
    assert set(found) == {"path_first_hop", "path_ends"}
    assert f"{SECOND[family]}, hop 2" in found["path_ends"]


@FAMILIES
def test_where_a_port_is_stopped_while_others_get_through(site, family):
    site.near.nft(drop("forward", "tcp dport 25"))
    found = site.facts(path, timeout(family))
    assert FIRST[family] in found["path_port_stops"]
    assert f"datagrams get to {SECOND[family]}" in found["path_port_stops"]


@FAMILIES
def test_a_host_that_drops_its_port_shows_no_router_that_does(site, family):
    site.host.nft(drop("input", "tcp dport 25"))
    assert "path_port_stops" not in site.facts(path, timeout(family))


@FAMILIES
def test_a_host_that_drops_everything(site, family):
    site.host.nft(drop("input", "meta l4proto { tcp, udp }"))
    failed = timeout(family)
    assert set(site.facts(siblings, failed)) == {"siblings_silent"}
    assert site.facts(ping, failed) == {}


@FAMILIES
def test_a_router_that_has_lost_the_route_and_is_silent(site, family):
    site.far.ip("route replace blackhole 10.77.3.0/24\nroute add blackhole fd77:3::/64 metric 1")
    site.far.nft(drop("output", "icmpv6 type destination-unreachable"))
    found = site.facts(path, timeout(family))
    assert set(found) == {"path_first_hop", "path_ends_at_gateway"}
    assert FIRST[family] in found["path_ends_at_gateway"]


@FAMILIES
def test_a_router_that_says_no(site, family):
    site.far.nft(rules("forward", "tcp dport 25 reject with icmpx type admin-prohibited"))
    found = site.facts(path, timeout(family))
    assert f"{SECOND[family]}, hop 3" in found["path_router_says"]


@FAMILIES
def test_packets_that_circle(site, family):
    site.far.ip("route replace 10.77.3.0/24 via 10.77.2.1\nroute add fd77:3::/64 via fd77:2::1 metric 1")
    found = site.facts(path, timeout(family))
    assert "path_loop" in found
    assert SECOND[family] in found["path_loop"]


@FAMILIES
def test_mysql_is_walked_to_by_datagrams_only(site, family):
    site.host.nft(rules("input", "tcp dport 3306 counter name syns", "syns"))
    site.listen(3306)
    failed = case(Failure.TIMEOUT, "mysql://db.example.net:3306", HOST[family], addresses=(HOST[family],))
    assert "path_reaches_host" in site.facts(path, failed)
    site.facts(siblings, failed)
    counted = site.host.run("nft", "list", "counter", "inet", "f", "syns").stdout
    assert "packets 0 " in counted


@FAMILIES
def test_a_walk_that_gets_there_is_no_visit_and_costs_what_it_says(site, family):
    """The port that was silent answers by now: most lifetimes of the walk reach it."""
    kind = socket.AF_INET6 if family == 6 else socket.AF_INET
    server = site.open.enter_context(site.host.call(socket.create_server, (HOST[family], 25), family=kind))
    server.setblocking(False)
    site.host.nft(rules("input", "tcp dport 25 counter name came", "came"))
    spent = []

    async def work(dialler):
        granted = means(dialler)
        assert "port_answers_now" in await facts(path, timeout(family), granted)
        spent.append(granted.budget.spent)

    site.ask(work)
    with pytest.raises(BlockingIOError):
        server.accept()
    came = int(site.host.run("nft", "list", "counter", "inet", "f", "came").stdout.partition("packets ")[2].split()[0])
    assert 2 + came == spent[0] <= path.PACKETS  # two lifetimes end at the routers


@FAMILIES
def test_ping_answers_where_the_system_lets_us(site, family):
    site.watcher.sysctl("net.ipv4.ping_group_range=0 2147483647")
    assert "ping_answers" in site.facts(ping, timeout(family))
    site.host.nft(drop("input", "meta l4proto { icmp, icmpv6 }"))
    if family == 4:  # without neighbour discovery an IPv6 host is gone altogether
        assert "ping_silent" in site.facts(ping, timeout(family))


@FAMILIES
def test_lost_syns_are_counted(site, family):
    site.listen(80)
    once = "tcp dport 80 tcp flags syn limit rate 1/hour burst 1 packets drop"
    site.near.nft(rules("forward", once))
    found = site.facts(loss, timeout(family, 80, Failure.TOO_SLOW))
    assert "loss_seen" in found


def test_the_watchers_own_router_is_gone(site):
    site.near.ip("\n".join(f"link set {name} down" for name in _links(site.near)))
    site.ask(_touch, HOST[4])
    found = site.facts(watcher, timeout(4))
    assert "gateway_silent" in found


@pytest.mark.parametrize(
    ("kind", "id_"),
    [
        ("unreachable", "own_route_unreachable"),
        ("prohibit", "own_route_prohibit"),
        ("blackhole", "own_route_blackhole"),
    ],
)
def test_own_routes_that_forbid(site, kind, id_):
    site.watcher.ip(f"route add {kind} 10.77.3.0/24")
    assert id_ in site.facts(own_route, timeout(4, failure=Failure.NET_UNREACHABLE))


def test_an_own_rule_for_the_port_that_no_route_shows(site):
    site.watcher.ip("rule add ipproto tcp dport 25 blackhole")
    finding = judge_connect(site.ask(_touch, HOST[4]), 25, 1.0)
    failed = case(finding.failure, "tcp://host.example.net:25", HOST[4], seen=finding.evidence)
    found = site.facts(own_route, failed)
    assert set(found) == {"own_rule"}


def test_no_route_at_all(site):
    site.watcher.ip("route del default")
    found = site.facts(own_route, timeout(4, failure=Failure.NET_UNREACHABLE))
    assert set(found) == {"own_route_missing", "own_family_there"}


def test_no_address_of_the_family(site):
    site.watcher.sysctl("net.ipv6.conf.all.disable_ipv6=1")
    found = site.facts(own_route, timeout(6, failure=Failure.NET_UNREACHABLE))
    assert set(found) == {"own_route_missing", "own_family_missing"}


def test_a_service_of_the_watcher_on_loopback_only(site):
    own = site.watcher.call(socket.create_server, ("127.0.0.1", 8080))
    with own:
        failed = case(Failure.REFUSED, "tcp://me.example.net:8080", "10.77.1.1")
        assert "local_loopback_only" in site.facts(listener, failed)


class OneName:
    """A resolver that knows a single host."""

    def resolve(self, host, deadline_s, done, family=0):
        done(Answer((HOST[4],), "dns", 1.0))


@pytest.mark.parametrize(
    ("filters", "failure", "cause"),
    [
        (drop("input", "tcp dport 25"), Failure.TIMEOUT, "filtered"),
        (drop("input", "meta l4proto { tcp, udp, icmp }"), Failure.TIMEOUT, "host_down"),
        ("", Failure.REFUSED, "nothing_listening"),
        (
            rules("input", "tcp dport 25 reject with icmpx type port-unreachable"),
            Failure.REFUSED,
            "reject_icmp",
        ),
        (
            rules("input", "tcp dport 25 reject with icmpx type admin-prohibited"),
            Failure.PROHIBITED,
            "remote_filter",
        ),
    ],
)
def test_the_whole_search_within_its_budget(site, filters, failure, cause):
    """From the connect to the named cause, and no more packets leave than are granted."""
    if filters:
        site.host.nft(filters)
    site.watcher.nft(rules("output", "ip daddr 10.77.3.0/24 counter name out", "out"))

    async def work(dialler):
        end = await _dial(dialler, HOST[4], 25)
        await asyncio.sleep(0)
        finding = judge_connect(end, 25, 1.0)
        failed = case(finding.failure, "tcp://host.example.net:25", HOST[4], seen=finding.evidence)
        before = _packets(site)
        granted = means(dialler, proc=Path("/proc/thread-self"))
        granted.resolver = OneName()
        hints = load_knowledge().hints(failed.result.failure, failed.plan.monitor, failed.plan.service, HOST[4], print)
        found = await collect(failed, granted, hints, lambda _: None)
        return found, _packets(site) - before

    found, sent = site.ask(work)
    assert found.failure is failure
    assert found.first.id == cause, [(each.id, each.confidence) for each in found.suspects[:3]]
    assert sent <= found.packets <= 30
    assert found.complete


def _packets(site):
    text = site.watcher.run("nft", "list", "counter", "inet", "f", "out").stdout
    return int(text.partition("packets ")[2].split()[0])


def _links(namespace):
    shown = namespace.run("ip", "-o", "link").stdout.splitlines()
    return [line.split(": ")[1].partition("@")[0] for line in shown if "lo:" not in line]


async def _dial(dialler, address, port, within_s=1.5):
    done = asyncio.get_running_loop().create_future()
    dialler.dial(address, port, None, asyncio.get_running_loop().time() + within_s, done.set_result)
    return await done


async def _until_reached(dialler):
    """A link takes a moment until IPv6 uses it."""
    deadline_s = asyncio.get_running_loop().time() + 10.0
    for address in HOST.values():
        while (await _dial(dialler, address, 1, 0.5)).errno != errno.ECONNREFUSED:
            assert asyncio.get_running_loop().time() < deadline_s, address


async def _touch(dialler, address):
    """Until the neighbour is known not to answer: the connect fails by itself, after 3 s of ARP."""
    return await _dial(dialler, address, 25, 8.0)


def test_an_ordinary_user_needs_no_privilege(site):
    """The walk and the datagram work with every capability dropped."""
    if os.geteuid():
        pytest.skip("only root can become nobody")
    code = (
        "import asyncio; from uptime_tui.dial.hops import walk, walk_udp\n"
        "async def main():\n"
        f"    for hop in await walk('{HOST[4]}', 25, [1, 2, 3], 0.9) + await walk_udp('{HOST[4]}', [64], 0.9): print(hop.word, hop.address)\n"
        "asyncio.run(main())"
    )
    done = site.watcher.run(
        "setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", sys.executable, "-c", code, check=False
    )
    if done.returncode == 127 or "setpriv" in done.stderr:
        pytest.skip(f"no setpriv: {done.stderr.strip()}")
    assert done.stdout.split("\n")[:4] == [
        f"passed {FIRST[4]}", f"passed {SECOND[4]}", f"reached {HOST[4]}", f"reached {HOST[4]}",
    ]  # fmt: skip
