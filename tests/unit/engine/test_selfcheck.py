"""Is it us: clocks that jump, a machine without a network, and results that are taken back."""

import errno
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from uptime_tui.engine import selfcheck
from uptime_tui.engine.routes import UNSEEN
from uptime_tui.engine.selfcheck import ClockWatch, Network, raise_limits
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.result import Evidence, Result, Timings
from uptime_tui.model.units import MonitorId


class Clocks:
    def __init__(self):
        self.now = [100.0, 1000.0, 1e9]

    def watch(self):
        return ClockWatch(lambda: self.now[0], lambda: self.now[1], lambda: self.now[2])

    def pass_by(self, awake, whole, shown):
        for i, seconds in enumerate((awake, whole, shown)):
            self.now[i] += seconds


@pytest.mark.parametrize(
    ("passed", "found"),
    [
        ((1, 1, 1), (0.0, 0.0, 0.0)),
        ((1, 3601, 3601), (3600, 0.0, 0.0)),
        ((1, 1, 7201), (0.0, 7200, 0.0)),
        ((1, 1, -599), (0.0, -600, 0.0)),
        ((1, 3, 3), (0.0, 0.0, 0.0)),
        ((30, 30, 30), (0.0, 0.0, 30)),
    ],
)
def test_a_suspend_and_a_jump_are_told_apart(passed, found):
    clocks = Clocks()
    watch = clocks.watch()
    clocks.pass_by(*passed)
    assert watch.look() == found
    clocks.pass_by(1, 1, 1)
    assert watch.look() == (0.0, 0.0, 0.0)


def failed(failure, phase=Phase.CONNECT, address="192.0.2.1", evidence=()):
    return Result(MonitorId(1), 1, failure, phase, "x", Timings(), address, 25, evidence=evidence)


class Machine:
    """Interfaces, default routes and single routes as the kernel would show them."""

    def __init__(self, folder, *, outward=("eth0",), **carriers):
        self.sys_net, self.proc_net = folder / "sys", folder / "proc"
        self.proc_net.mkdir()
        self.link(**carriers)
        self.default(*outward)
        self.routed = set()
        self.now_s = 0.0

    def link(self, **carriers):
        for name, carrier in carriers.items():
            (self.sys_net / name).mkdir(parents=True, exist_ok=True)
            (self.sys_net / name / "carrier").write_text(f"{carrier}\n")

    def default(self, *names, six=()):
        rows = [f"{name} 00000000 010200C0 0003 0 0 0 00000000 0 0 0" for name in names]
        rows.append("eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0")
        (self.proc_net / "route").write_text("Iface Destination\n" + "\n".join(rows))
        zero = "0" * 32
        rows = [f"{zero} 00 {zero} 00 {zero} 00000400 00000002 00000000 00000003 {name}" for name in ("lo", *six)]
        (self.proc_net / "ipv6_route").write_text("\n".join(rows))

    def network(self):
        return Network(self.time, self.sys_net, self.proc_net, lambda address: address in self.routed)

    def time(self):
        self.now_s += 1.0
        return self.now_s


def kinds(network, results):
    return [network.judge(result, f"h{n}").failure for n, result in enumerate(results)]


def test_without_any_link_it_is_us_whatever_was_seen(tmp_path):
    network = Machine(tmp_path, outward=(), lo=1, eth0=0).network()
    judged = network.judge(failed(Failure.TIMEOUT), "mx1.example")
    assert judged.failure is Failure.WATCHER_OFFLINE
    assert judged.status is Status.UNKNOWN
    assert network.offline
    assert network.judge(failed(Failure.NO_GREETING, Phase.PROTOCOL), "h").failure is Failure.WATCHER_OFFLINE


def test_with_a_link_it_is_them_even_when_nobody_answers(tmp_path):
    machine = Machine(tmp_path, lo=1, eth0=1)
    machine.routed = {"192.0.2.1"}
    network = machine.network()
    for failure in (Failure.TIMEOUT, Failure.HOST_UNREACHABLE, Failure.DNS_TIMEOUT) * 20:
        assert network.judge(failed(failure), "mx1.example").failure is failure
    assert not network.offline


def test_the_silence_of_a_closed_port_is_no_success_on_a_dead_network(tmp_path):
    machine = Machine(tmp_path, lo=1, eth0=1)
    machine.routed = {"192.0.2.1"}
    network = machine.network()
    silent = failed(None, None, evidence=(Evidence("silence", Phase.CONNECT, ok=True, text="no answer, as wanted"),))
    assert kinds(network, [silent]) == [None]
    machine.link(eth0=0)
    assert kinds(network, [silent]) == [Failure.WATCHER_OFFLINE]
    machine.link(eth0=1)
    machine.default()
    machine.routed = set()
    assert kinds(network, [silent]) == [Failure.WATCHER_OFFLINE]  # the route is lost, and nobody has been heard


def test_a_container_beside_the_cut_cable_is_no_link(tmp_path):
    machine = Machine(tmp_path, lo=1, eth0=0, docker0=1)
    assert kinds(machine.network(), [failed(Failure.TIMEOUT)]) == [Failure.WATCHER_OFFLINE]


def test_a_lost_default_route_is_us_but_a_neighbour_is_still_judged(tmp_path):
    machine = Machine(tmp_path, eth0=1)
    machine.routed = {"192.0.2.1", "198.51.100.7"}
    network = machine.network()
    assert kinds(network, [failed(None, None)]) == [None]
    assert network.has_link()
    machine.default()
    machine.routed = {"192.0.2.1"}
    far = failed(Failure.NET_UNREACHABLE, address="198.51.100.7")
    assert kinds(network, [far, failed(Failure.DNS_TIMEOUT, Phase.DNS, None)]) == [Failure.WATCHER_OFFLINE] * 2
    assert kinds(network, [failed(Failure.TIMEOUT), failed(None, None)]) == [Failure.TIMEOUT, None]
    assert network.offline
    machine.default("eth0")
    assert network.is_back()


def test_hosts_of_a_family_that_this_machine_does_not_speak_are_not_us(tmp_path):
    machine = Machine(tmp_path, eth0=1)
    machine.routed = {"192.0.2.1"}
    network = machine.network()
    six = [failed(Failure.NET_UNREACHABLE, address=f"2001:db8::{n}") for n in range(9)]
    assert kinds(network, six) == [Failure.NET_UNREACHABLE] * 9
    assert kinds(network, [failed(None, None), *six]) == [None] + [Failure.NET_UNREACHABLE] * 9


def test_started_without_a_route_three_hosts_tell(tmp_path):
    machine = Machine(tmp_path, outward=(), eth0=1)
    network = machine.network()
    results = [failed(Failure.NET_UNREACHABLE)] * 3
    assert kinds(network, results) == [Failure.NET_UNREACHABLE, Failure.NET_UNREACHABLE, Failure.WATCHER_OFFLINE]
    network.judge(failed(None, None), "h1")
    assert not network.offline


def test_it_is_back_once_when_link_and_routes_are(tmp_path):
    machine = Machine(tmp_path, eth0=1)
    machine.routed = {"192.0.2.1"}
    network = machine.network()
    assert not network.is_back()
    network.judge(failed(None, None), "h")
    machine.link(eth0=0)
    network.judge(failed(Failure.TIMEOUT), "h")
    assert not network.is_back()
    machine.link(eth0=1)
    machine.routed = set()
    assert not network.is_back()
    machine.routed = {"192.0.2.1"}
    assert network.is_back()
    assert not network.is_back()
    assert network.judge(failed(Failure.TIMEOUT), "h").failure is Failure.TIMEOUT


def test_a_default_route_of_ipv6_counts(tmp_path):
    machine = Machine(tmp_path, outward=(), eth0=0, eth1=1)
    machine.default(six=("eth0",))
    assert not machine.network().has_link()


def test_a_router_that_says_so_is_not_us(tmp_path):
    network = Machine(tmp_path, outward=(), eth0=1).network()
    icmp = (Evidence("icmp_net", Phase.CONNECT, ok=False, text="ICMP 3/0"),)
    assert kinds(network, [failed(Failure.NET_UNREACHABLE, evidence=icmp)] * 5) == [Failure.NET_UNREACHABLE] * 5


def test_our_own_descriptors_are_not_the_network(tmp_path):
    network = Machine(tmp_path, outward=(), eth0=0).network()
    assert kinds(network, [failed(Failure.NO_DESCRIPTORS)]) == [Failure.NO_DESCRIPTORS]
    assert not network.offline


def test_a_refusal_is_an_answer_and_loopback_is_never_judged(tmp_path):
    network = Machine(tmp_path, lo=1, eth0=0).network()
    assert network.judge(failed(Failure.REFUSED), "h").failure is Failure.REFUSED
    here = failed(Failure.TIMEOUT, address="127.0.0.1")
    assert network.judge(here, "127.0.0.1") is here
    assert not network.offline


def test_an_unreadable_list_is_no_evidence(tmp_path):
    assert Network(lambda: 0.0, tmp_path / "none").has_link()


def test_limits_are_raised_and_leave_room():
    code = (
        "import resource; from uptime_tui.engine.selfcheck import raise_limits;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300));"
        "print(raise_limits(512), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["118", "300"]
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 1000:
        assert raise_limits(50) == 50


def test_out_of_descriptors_nothing_is_known_of_the_network(tmp_path, monkeypatch):
    machine = Machine(tmp_path, eth0=1)
    network = machine.network()
    assert network.has_link()

    def refuse(*_args):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse)
    assert kinds(network, [failed(Failure.TIMEOUT), failed(Failure.DNS_TIMEOUT, Phase.DNS, None)]) == [
        Failure.TIMEOUT,
        Failure.DNS_TIMEOUT,
    ]
    monkeypatch.setattr("socket.socket", refuse)
    assert selfcheck._has_route("192.0.2.1")


def test_a_route_is_asked_of_the_kernel():
    assert selfcheck._has_route("127.0.0.1")
    assert not selfcheck._has_route("no address")


def test_a_route_that_has_just_come_back_is_seen_at_once_and_its_lack_is_no_neighbourhood(tmp_path):
    machine = Machine(tmp_path, outward=(), lo=1, eth0=1)
    network = Network(lambda: 5.0, machine.sys_net, machine.proc_net, lambda _: True)
    assert network.next_hop("198.51.100.1") == UNSEEN
    machine.default("eth0")
    assert network.next_hop("198.51.100.1") == "192.0.2.1"
    assert network.next_hop("192.0.2.7") == ""
