"""Facts that cost no packet: the fleet, the past, the probe's own times, this machine's tables."""

import errno

import pytest

from support.cases import NOW_MS, NoSockets, case, facts, means, neighbour
from uptime_tui.diagnose.evidence import addresses, history, related, resources, route, watcher
from uptime_tui.dial.routes import Route
from uptime_tui.model.diagnosis import Past
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import AddressTrial, Evidence, Timings

F = Failure

ROUTES = """Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 FE3310AC 0003 0 0 0 00000000 0 0 0
"""
ARP = """IP address HW type Flags HW address Mask Device
172.16.51.254 0x1 {flags} 02:fc:00:00:00:05 * eth0
"""
V6_DEFAULT = "0" * 32 + " 00 " + "0" * 32 + " 00 fe800000000000000000000000000001 00000400 1 0 00000003 eth0\n"


@pytest.fixture
def proc(tmp_path):
    def make(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return make


# --- watcher ---------------------------------------------------------------------------


@pytest.mark.parametrize(("flags", "id_"), [("0x2", "gateway_known"), ("0x0", "gateway_silent")])
async def test_the_router_is_known_by_its_hardware_address(proc, flags, id_):
    folder = proc(net__route=ROUTES, net__arp=ARP.format(flags=flags))
    found = await facts(watcher, case(), means(proc=folder))
    assert "172.16.51.254" in found[id_]
    assert "own_default_route" in found


async def test_a_missing_default_route_is_of_one_family(proc):
    folder = proc(net__route=ROUTES.splitlines()[0] + "\n", net__ipv6_route=V6_DEFAULT)
    assert "own_default_route_missing" in await facts(watcher, case(), means(proc=folder))
    six = await facts(watcher, case(address="2001:db8::7"), means(proc=folder))
    assert "fe80::1 on eth0" in six["own_default_route"]


async def test_a_reject_route_is_no_default_route(proc):
    line = V6_DEFAULT.replace("00000003", "00200200")
    found = await facts(watcher, case(address="2001:db8::7"), means(proc=proc(net__ipv6_route=line)))
    assert "own_default_route_missing" in found


@pytest.mark.parametrize(
    ("failures", "id_"),
    [
        ([F.TIMEOUT, F.TIMEOUT, None], "fleet_alive"),
        ([F.TIMEOUT, F.TIMEOUT], "fleet_silent"),
        ([F.TIMEOUT], None),
        ([F.DNS_NXDOMAIN, F.DNS_NXDOMAIN], None),
    ],
)
async def test_the_quorum_of_other_hosts(failures, id_):
    others = [neighbour(f"https://198.51.100.{at}:443", each, at) for at, each in enumerate(failures, 10)]
    found = await facts(watcher, case(neighbours=tuple(others)), means())
    assert set(found) & {"fleet_alive", "fleet_silent"} == ({id_} if id_ else set())


async def test_the_host_itself_is_no_quorum():
    own = [neighbour(f"tcp://mx1.example.net:{port}", F.TIMEOUT, port) for port in (80, 443, 22)]
    found = await facts(watcher, case(neighbours=tuple(own)), means())
    assert "fleet_silent" not in found


@pytest.mark.parametrize(
    ("here", "elsewhere", "id_"),
    [
        (F.TIMEOUT, None, "port_elsewhere_silent"),
        (None, None, "port_elsewhere_alive"),
        (F.REFUSED, None, "port_elsewhere_alive"),
        (F.TIMEOUT, F.TIMEOUT, None),
    ],
)
async def test_a_port_that_is_stopped_on_the_way_out_is_silent_everywhere(here, elsewhere, id_):
    group = (
        neighbour("smtp://mx.example.org:25", here, 2),
        neighbour("https://www.example.org:443", elsewhere, 3),
    )
    found = await facts(watcher, case(neighbours=group), means())
    assert {each for each in found if each.startswith("port_")} == ({id_} if id_ else set())


# --- route -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "id_"),
    [
        (errno.ENETUNREACH, "own_route_missing"),
        (errno.EHOSTUNREACH, "own_route_unreachable"),
        (errno.EACCES, "own_route_prohibit"),
        (errno.EINVAL, "own_route_blackhole"),
        (0, "own_route"),
    ],
)
async def test_each_kind_of_route_is_named(monkeypatch, code, id_):
    monkeypatch.setattr(route, "route_to", lambda _: Route("" if code else "192.0.2.2", code))
    assert id_ in await facts(route, case(F.NET_UNREACHABLE), means())


async def test_a_family_that_this_machine_does_not_have_is_named(monkeypatch, proc):
    monkeypatch.setattr(route, "route_to", lambda _: Route("", errno.ENETUNREACH))
    folder = proc(net__route=ROUTES)
    found = await facts(route, case(F.NET_UNREACHABLE, address="2001:db8::7"), means(proc=folder))
    assert {"own_route_missing", "own_family_missing"} <= set(found)
    assert "own_family_missing" not in await facts(route, case(F.NET_UNREACHABLE), means(proc=folder))


@pytest.mark.parametrize(
    ("seen", "is_rule"),
    [(["tcp_failure"], True), (["tcp_failure", "icmp_prohibited"], False), (["tcp_failure", "own_firewall"], False)],
)
async def test_a_connection_that_is_forbidden_without_a_message_is_our_own_rule(monkeypatch, seen, is_rule):
    monkeypatch.setattr(route, "route_to", lambda _: Route("192.0.2.2", 0))
    assert ("own_rule" in await facts(route, case(F.PROHIBITED, seen=seen), means())) is is_rule


# --- resources -------------------------------------------------------------------------


@pytest.mark.parametrize(("used", "id_"), [(28_000, "source_ports_used_up"), (12, "source_ports_free")])
async def test_source_ports(proc, used, id_):
    stat = f"sockets: used 99\nTCP: inuse 9 orphan 0 tw {used} alloc 9 mem 1\n"
    folder = proc(net__sockstat=stat, sys__net__ipv4__ip_local_port_range="32768\t60999\n")
    assert id_ in await facts(resources, case(F.NO_SOURCE_PORTS), means(proc=folder))


@pytest.mark.parametrize(("held", "id_"), [(990, "handles_used_up"), (100, "handles_free")])
async def test_handles_of_the_machine(proc, held, id_):
    folder = proc(sys__fs__file_nr=f"{held}\t0\t1000\n", self__fd__0="")
    (folder / "sys/fs/file_nr").rename(folder / "sys/fs/file-nr")
    found = await facts(resources, case(F.NO_DESCRIPTORS), means(proc=folder))
    assert set(found) == {id_, "descriptors_free"}


async def test_a_process_that_cannot_list_its_files_has_none_left(tmp_path):
    assert "descriptors_used_up" in await facts(resources, case(F.NO_DESCRIPTORS), means(proc=tmp_path))


# --- related ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "target", "other", "ids"),
    [
        (F.TIMEOUT, "ssh://mx1.example.net:22", None, {"same_host_alive"}),
        (F.REFUSED, "ssh://mx1.example.net:22", F.REFUSED, {"same_host_alive", "same_host_refuses"}),
        (F.TIMEOUT, "ssh://mx1.example.net:22", F.TIMEOUT, {"same_host_down"}),
        (F.TIMEOUT, "ssh://192.0.2.9:22", F.TIMEOUT, {"same_network_down"}),
        (F.TIMEOUT, "ssh://192.0.2.9:22", None, {"same_network_alive"}),
        (F.DNS_SERVFAIL, "https://www.example.net:443", F.DNS_SERVFAIL, {"same_domain_down"}),
        (F.DNS_NXDOMAIN, "https://www.example.net:443", None, {"same_domain_fine"}),
        (F.TIMEOUT, "https://www.example.org:443", None, set()),
    ],
)
async def test_relatives(failure, target, other, ids):
    assert set(await facts(related, case(failure, neighbours=(neighbour(target, other),)), means())) == ids


async def test_a_refusal_is_no_answer_that_anybody_got():
    others = neighbour("ssh://mx1.example.net:22"), neighbour("imaps://mx1.example.net:993", F.REFUSED, 3)
    found = await facts(related, case(F.REFUSED, neighbours=others), means())
    assert found["same_host_alive"].endswith("get an answer: mx1.example.net ssh")
    assert found["same_host_refuses"].endswith("on this host: mx1.example.net imaps")


# --- history ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recent", "ids"),
    [
        ("......XX", {"history_sudden"}),
        ("XXXXXXX", {"history_never"}),
        (".X..X.X", {"history_uneven", "history_short"}),
        (".XX..XX", {"history_uneven"}),
        ("..X", set()),
        ("XX", {"history_no_success"}),
    ],
)
async def test_the_course_of_the_last_probes(recent, ids):
    failed = case(recent=tuple(each == "X" for each in recent))
    assert set(await facts(history, failed, means())) == ids


def trials(*rows):
    """Probes ten seconds apart, each a mapping of address to failure."""
    start = NOW_MS - len(rows) * 10_000
    return tuple(
        Past(start + at * 10_000, failure, address) for at, row in enumerate(rows) for address, failure in row.items()
    )


async def test_one_backend_is_named_with_its_share():
    past = trials(*[{"192.0.2.1": None, "192.0.2.2": F.REFUSED if at % 2 else None} for at in range(10)])
    now = (AddressTrial("192.0.2.1", None), AddressTrial("192.0.2.2", F.REFUSED))
    found = await facts(history, case(F.PARTIAL, past=past, trials=now), means())
    assert "192.0.2.2 6 of 11" in found["history_one_address"]
    assert "192.0.2.1 0 of 11" in found["history_one_address"]
    assert "history_refusals" in found
    assert "history_uneven" in found


async def test_addresses_that_all_fail_at_times_are_no_backend():
    past = trials(*[{"192.0.2.1": F.TIMEOUT if at % 2 else None, "192.0.2.2": F.TIMEOUT} for at in range(10)])
    found = await facts(history, case(F.TIMEOUT, past=past, address="192.0.2.1"), means())
    assert "history_every_address" in found
    assert "history_timeouts" in found


@pytest.mark.parametrize("connect_ms", [0.4, 1020.0])
async def test_a_connect_that_needed_its_second_syn_is_remembered(connect_ms):
    good = case(None, timings=Timings(connect=connect_ms)).result
    found = await facts(history, case(F.TIMEOUT, last_good=good, past=trials({"192.0.2.7": None})), means())
    assert ("history_second_syn" in found) == (connect_ms > 1000)
    past = trials({"192.0.2.7": F.PACKET_LOSS}, {"192.0.2.7": F.TIMEOUT})
    assert "history_second_syn" in await facts(history, case(F.TIMEOUT, past=past), means())


async def test_a_service_that_stopped_accepting_was_mute_before_it_fell_silent():
    past = trials({"192.0.2.7": None}, {"192.0.2.7": F.NO_GREETING}, {"192.0.2.7": F.NO_GREETING})
    assert "history_went_mute" in await facts(history, case(F.TIMEOUT, past=past), means())
    assert "history_went_mute" not in await facts(history, case(F.REFUSED, past=past), means())


async def test_our_own_failures_are_no_history():
    past = trials(*[{"192.0.2.7": F.WATCHER_OFFLINE}] * 9)
    assert await facts(history, case(F.REFUSED, past=past), means()) == {}


async def test_no_success_is_told_of_a_silent_port_only_and_never_after_one():
    assert set(await facts(history, case(F.TIMEOUT), means())) == {"history_no_success"}
    assert not history.wants(case(F.REFUSED))
    assert not history.wants(case(F.TIMEOUT, last_good=case().result))


# --- addresses: by the probe's own lines ----------------------------------------------


def line(address, ok):
    return Evidence("address", Phase.CONNECT, ok, f"{address}: said")


async def test_lines_of_the_probe_cost_no_packet():
    seen = [line("192.0.2.7", False), line("192.0.2.8", True), line("2001:db8::8", None)]
    failed = case(F.PARTIAL, "mysql://db.example.net:3306", seen=seen, addresses=("192.0.2.7", "192.0.2.8"))
    found = await facts(addresses, failed, means())
    assert found == {"addresses_some_fail": "192.0.2.8 answer, 192.0.2.7 do not"}


async def test_a_family_that_fails_as_a_whole():
    seen = [line("192.0.2.7", True), line("2001:db8::7", False), line("2001:db8::8", False)]
    failed = case(F.PARTIAL, address="2001:db8::7", seen=seen, addresses=("192.0.2.7", "2001:db8::7", "2001:db8::8"))
    assert "IPv6" in (await facts(addresses, failed, means()))["family_broken"]


async def test_mysql_is_never_connected_to_bare():
    names = ("192.0.2.7", "127.0.0.1")
    for target in ("mysql://db.example.net:3306", "mysql://db.example.net:3307", "tcp://db.example.net:3306"):
        found = await facts(addresses, case(target=target, addresses=names), means(NoSockets()))
        assert set(found) == {"addresses_all_fail"}


async def test_a_single_address_is_said():
    assert "address_only_one" in await facts(addresses, case(addresses=("192.0.2.7",)), means())
