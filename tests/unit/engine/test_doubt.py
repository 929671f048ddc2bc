"""A silence is held until somebody else has answered, or nobody has."""

import pytest

from uptime_tui.engine.doubt import AGAIN_S, QUORUM, Doubt, network_of
from uptime_tui.engine.gateway import TEST_S
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.result import NO_NEIGHBOUR, Evidence, Result, Timings
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.closed import SILENCE


class Timer:
    def __init__(self, due_s, call):
        self.due_s, self.call = due_s, call

    def cancel(self):
        self.call = None


class Loop:
    def __init__(self):
        self.now_s = 100.0
        self.timers = []

    def time(self):
        return self.now_s

    def call_at(self, due_s, call):
        self.timers.append(Timer(due_s, call))
        return self.timers[-1]

    def pass_by(self, seconds):
        self.now_s += seconds
        for timer in self.timers:
            if timer.call is not None and timer.due_s <= self.now_s:
                call, timer.call = timer.call, None
                call()


class Network:
    line_is_down = False

    def next_hop(self, address):
        return "" if address.startswith("10.0.0.") else "10.0.0.1"


class Line:
    """A watcher whose fleet, gateway and clock are at hand."""

    def __init__(self, longest_s=10.0):
        self.loop, self.network = Loop(), Network()
        self.called, self.told, self.settled, self.tests = [], [], {}, []
        self.longest_s = longest_s
        self.doubt = Doubt(self.loop, self.network, self.call, self.told.append, self)

    def call(self, but):
        self.called.append(set(but))
        return self.longest_s

    def test(self, address, done):
        self.tests.append((address, done))

    def hears(self, name, failure=None, *, began_s=None, evidence=(), severity=None):
        """A result of a monitor at that address comes in."""
        result = Result(
            MonitorId(1), 0, failure, failure and Phase.CONNECT, "x", Timings(), name, 80, evidence=evidence,
            severity=severity,
        )  # fmt: skip
        began_s = self.loop.now_s if began_s is None else began_s
        self.doubt.weigh(result, name, began_s, lambda settled: self.settled.__setitem__(name, settled))

    def seen(self):
        return {name: result.failure for name, result in self.settled.items()}


def far(number):
    return f"192.0.{number}.1"


def test_a_silence_is_theirs_once_another_that_began_later_has_answered():
    line = Line()
    line.hears(far(1), Failure.TIMEOUT)
    assert line.settled == {}
    assert line.called == [{"192.0.1.0/24"}]
    assert [address for address, _ in line.tests] == ["10.0.0.1"]
    line.hears(far(2), began_s=99.0)
    assert line.seen() == {far(2): None}, "it began before: the line may have died since"
    line.hears(far(3), Failure.REFUSED)
    assert line.seen() == {far(1): Failure.TIMEOUT, far(2): None, far(3): Failure.REFUSED}
    assert line.told == []


def test_silence_in_five_networks_and_no_answer_is_our_line():
    line = Line()
    for number in range(1, QUORUM):
        line.hears(far(number), Failure.TIMEOUT)
        line.hears(f"192.0.{number}.2", Failure.TIMEOUT)
    assert line.settled == {}
    line.hears(far(QUORUM), Failure.HOST_UNREACHABLE)
    assert set(line.seen().values()) == {Failure.WATCHER_OFFLINE}
    assert len(line.settled) == 2 * QUORUM - 1
    assert line.settled[far(1)].status is Status.UNKNOWN
    assert line.settled[far(1)].detail.startswith("nothing beyond the gateway 10.0.0.1 answers, in 5 networks")
    assert line.network.line_is_down
    line.hears(far(9), Failure.TIMEOUT)
    assert line.seen()[far(9)] is Failure.WATCHER_OFFLINE
    line.loop.pass_by(1)
    line.hears(far(9), began_s=line.loop.now_s - 2)
    assert line.network.line_is_down, "it was answered before the line died"
    line.hears(far(9))
    assert line.told[-1] == ""
    assert not line.network.line_is_down


def test_a_gateway_that_is_gone_is_our_line_however_small_the_fleet():
    line = Line()
    line.hears(far(1), Failure.TIMEOUT)
    line.tests[0][1](False)
    assert line.seen() == {far(1): Failure.WATCHER_OFFLINE}
    assert line.told == ["the gateway 10.0.0.1 does not answer: this machine is cut off"]


def test_a_first_hop_that_nobody_answers_for_is_the_gateway():
    line = Line()
    evidence = (Evidence(NO_NEIGHBOUR, Phase.CONNECT, ok=False, text="x"),)
    line.hears(far(1), Failure.HOST_UNREACHABLE, evidence=evidence)
    assert line.seen() == {far(1): Failure.WATCHER_OFFLINE}
    line = Line()
    line.hears("10.0.0.7", Failure.HOST_UNREACHABLE, evidence=evidence)
    assert line.seen() == {"10.0.0.7": Failure.HOST_UNREACHABLE}, "a neighbour itself"


@pytest.mark.parametrize(("longest_s", "patience_s"), [(10.0, 12.0), (0.0, TEST_S)])
def test_when_nobody_speaks_up_in_time_it_is_theirs(longest_s, patience_s):
    line = Line(longest_s)
    line.hears(far(1), Failure.TIMEOUT)
    line.tests[0][1](None)
    line.loop.pass_by(patience_s - 0.1)
    assert line.settled == {}
    line.loop.pass_by(0.1)
    assert line.seen() == {far(1): Failure.TIMEOUT}


@pytest.mark.parametrize(
    ("name", "failure", "severity"),
    [
        ("127.0.0.1", Failure.TIMEOUT, None),
        ("10.0.0.7", Failure.TIMEOUT, None),
        (far(1), Failure.TLS_EXPIRED, None),
        (far(1), Failure.PROHIBITED, Status.UNKNOWN),
    ],
)
def test_what_needs_no_witness_is_settled_at_once(name, failure, severity):
    line = Line()
    line.hears(name, failure, severity=severity)
    assert line.seen() == {name: failure}
    assert line.called == []


def test_a_port_that_is_closed_by_silence_proves_no_line():
    line = Line()
    line.hears(far(1), Failure.TIMEOUT)
    line.hears(far(2), evidence=(Evidence(SILENCE, Phase.CONNECT, ok=True, text="x"),))
    assert line.seen() == {far(2): None}
    line.hears(far(3))
    assert line.seen() == {far(1): Failure.TIMEOUT, far(2): None, far(3): None}


def test_while_the_line_is_down_others_are_called_now_and_then():
    line = Line()
    line.doubt.look()
    assert line.called == []
    line.hears(far(1), Failure.TIMEOUT)
    line.tests[0][1](False)
    line.doubt.look()
    assert len(line.called) == 1
    line.loop.pass_by(AGAIN_S)
    line.doubt.look()
    line.doubt.look()
    assert len(line.called) == 2


def test_networks_are_what_fails_together():
    assert network_of("192.0.2.7") == network_of("192.0.2.200") != network_of("192.0.3.7")
    assert network_of("2001:db8:1:2::7") == network_of("2001:db8:1:9::7") != network_of("2001:db8:2::7")
    assert network_of("fe80::1%eth0") == "fe80::/48"
    assert network_of("www.example.net") == network_of("mx.example.net") == "example.net"
