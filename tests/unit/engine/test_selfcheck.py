"""Is it us: clocks that jump, a machine without a network, and results that are taken back."""

import resource
import subprocess
import sys

import pytest

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
        ((1, 1, 1), (0.0, 0.0)),
        ((1, 3601, 3601), (3600, 0.0)),
        ((1, 1, 7201), (0.0, 7200)),
        ((1, 1, -599), (0.0, -600)),
        ((1, 3, 3), (0.0, 0.0)),
    ],
)
def test_a_suspend_and_a_jump_are_told_apart(passed, found):
    clocks = Clocks()
    watch = clocks.watch()
    clocks.pass_by(*passed)
    assert watch.look() == found
    clocks.pass_by(1, 1, 1)
    assert watch.look() == (0.0, 0.0)


def failed(failure, phase=Phase.CONNECT, address="192.0.2.1", evidence=()):
    return Result(MonitorId(1), 1, failure, phase, "x", Timings(), address, 25, evidence=evidence)


def interfaces(folder, **carriers):
    for name, carrier in carriers.items():
        (folder / name).mkdir()
        (folder / name / "carrier").write_text(f"{carrier}\n")
    return folder


def test_without_any_link_it_is_us(tmp_path):
    network = Network(lambda: 0.0, interfaces(tmp_path, lo=1, eth0=0))
    judged = network.judge(failed(Failure.TIMEOUT), "mx1.example")
    assert judged.failure is Failure.WATCHER_OFFLINE
    assert judged.status is Status.UNKNOWN
    assert network.offline


def test_with_a_link_it_is_them(tmp_path):
    network = Network(lambda: 0.0, interfaces(tmp_path, lo=1, eth0=1))
    result = failed(Failure.TIMEOUT)
    assert network.judge(result, "mx1.example") is result
    assert not network.offline


def test_three_hosts_without_a_route_are_us_and_one_success_ends_it(tmp_path):
    network = Network(lambda: 0.0, interfaces(tmp_path, eth0=1))
    kinds = [network.judge(failed(Failure.NET_UNREACHABLE), f"h{n}").failure for n in range(3)]
    assert kinds == [Failure.NET_UNREACHABLE, Failure.NET_UNREACHABLE, Failure.WATCHER_OFFLINE]
    network.judge(failed(None, None), "h1")
    assert not network.offline
    assert network.judge(failed(Failure.NET_UNREACHABLE), "h1").failure is Failure.NET_UNREACHABLE


def test_a_router_that_says_so_is_not_us(tmp_path):
    network = Network(lambda: 0.0, interfaces(tmp_path, eth0=1))
    icmp = (Evidence("icmp", Phase.CONNECT, ok=False, text="ICMP 3/0"),)
    for n in range(5):
        assert network.judge(failed(Failure.NET_UNREACHABLE, evidence=icmp), f"h{n}").failure is Failure.NET_UNREACHABLE


def test_a_refusal_is_an_answer_and_loopback_is_never_judged(tmp_path):
    network = Network(lambda: 0.0, interfaces(tmp_path, eth0=0))
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
    assert done.stdout.split() == ["236", "300"]
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 1000:
        assert raise_limits(50) == 50
