"""A silence is held until somebody else has answered, or nobody has."""

import pytest

from uptime_tui.engine.doubt import AGAIN_S, QUORUM, Doubt, network_of
from uptime_tui.engine.gateway import TEST_S
from uptime_tui.engine.routes import UNSEEN
from uptime_tui.engine.silence import Reach
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.result import NO_NEIGHBOUR, WENT_SILENT, Evidence, Result, Timings
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
    hop = "10.0.0.1"

    def next_hop(self, address):
        return "" if address.startswith("10.0.0.") else self.hop


SHORT, SPOKE = Timings(), Timings(protocol=1.0)
READ, SECURED = Timings(protocol=1.0, content=1.0), Timings(tls=1.0, protocol=1.0)


class Line:
    """A watcher whose fleet, gateway and clock are at hand."""

    def __init__(self, longest_s=10.0):
        self.loop, self.network = Loop(), Network()
        self.called, self.told, self.settled, self.tests = [], [], {}, []
        self.wanted, self.looks = [], []
        self.longest_s = longest_s
        self.doubt = Doubt(self.loop, self.network, self.call, self.told.append, self.look, self)

    def call(self, but, least):
        self.called.append(set(but))
        self.wanted.append(least)
        return self.longest_s

    def look(self, gateway, silences, done):
        """The line itself is looked at."""
        self.looks.append((gateway, [held.result.address for held in silences], done))

    def shows(self, reason):
        """What is found there."""
        self.looks[-1][2](reason)

    def test(self, address, done):
        self.tests.append((address, done))

    def hears(
        self, name, failure=None, *, began_s=None, evidence=(), severity=None, phase=Phase.CONNECT, timings=SHORT
    ):  # fmt: skip
        """A result of a monitor at that address comes in."""
        result = Result(
            MonitorId(1), 0, failure, failure and phase, "x", timings, name, 80, evidence=evidence, severity=severity
        )
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
    assert line.looks[0][:2] == ("10.0.0.1", [far(1)])
    assert line.settled == {}
    line.shows("")
    assert line.seen() == {far(1): Failure.TIMEOUT}
    assert line.settled[far(1)].evidence == ()


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


CUT = [(Failure.NO_GREETING, Phase.PROTOCOL), (Failure.TLS_HANDSHAKE, Phase.TLS), (Failure.TIMEOUT, Phase.CONTENT)]


def gone_silent(phase):
    return (Evidence(WENT_SILENT, phase, None, "x"),)


@pytest.mark.parametrize(("failure", "phase"), CUT)
def test_a_conversation_that_went_silent_is_held_until_another_one_got_farther(failure, phase):
    line = Line()
    line.hears(far(1), failure, phase=phase, evidence=gone_silent(phase))
    assert line.settled == {}
    line.hears(far(2))
    assert far(1) not in line.settled, "a connection alone does not show that the line carries more"
    line.hears(far(3), timings=SECURED)
    assert line.seen()[far(1)] is failure


def test_what_is_needed_of_a_witness_grows_with_what_was_lost():
    line = Line()
    for number, (failure, phase) in enumerate(CUT):
        line.hears(far(number), failure, phase=phase, evidence=gone_silent(phase))
    assert line.wanted == [Reach.SPOKE, Reach.SECURED, Reach.READ]
    line.hears(far(7), timings=SPOKE)
    assert set(line.seen()) == {far(7), far(0)}
    line.hears(far(8), timings=READ)
    assert set(line.seen()) == {far(7), far(0), far(8), far(2)}


def test_an_answer_that_is_no_tls_is_an_answer():
    line = Line()
    line.hears(far(1), Failure.TIMEOUT)
    line.hears(far(2), Failure.TLS_HANDSHAKE, phase=Phase.TLS)
    assert line.seen() == {far(1): Failure.TIMEOUT, far(2): Failure.TLS_HANDSHAKE}


def test_a_line_that_loses_large_packets_only_is_down_for_them_alone():
    line = Line()
    for number in range(1, QUORUM + 1):
        line.hears(far(number), Failure.TLS_HANDSHAKE, phase=Phase.TLS, evidence=gone_silent(Phase.TLS))
        line.hears(far(50))
    assert line.settled[far(1)].failure is Failure.WATCHER_OFFLINE
    assert [reason.partition(":")[0] for reason in line.told] == [
        "connections beyond the gateway 10.0.0.1 stand and carry nothing, in 5 networks"
    ]
    line.loop.pass_by(1)
    line.hears(far(60), Failure.TIMEOUT)
    assert far(60) not in line.settled
    line.hears(far(50))
    assert line.seen()[far(60)] is Failure.TIMEOUT, "what is small gets through"
    assert line.told[1:] == []
    line.hears(far(1), timings=SECURED)
    assert line.told[1:] == [""]


def test_what_a_name_server_remembers_proves_no_line():
    line = Line()
    line.hears(far(1), Failure.TIMEOUT)
    line.hears("www.example.net", Failure.DNS_NXDOMAIN, phase=Phase.DNS)
    assert far(1) not in line.settled


def test_the_line_itself_is_looked_at_when_nobody_else_is_left():
    line = Line()
    line.hears(far(1), Failure.TIMEOUT)
    line.hears(far(2), Failure.NO_GREETING, began_s=99.0, phase=Phase.PROTOCOL, evidence=gone_silent(Phase.PROTOCOL))
    line.loop.pass_by(12.0)
    assert line.looks[0][1] == [far(1), far(2)]
    line.shows("it is dead")
    assert set(line.seen().values()) == {Failure.WATCHER_OFFLINE}
    assert line.told == ["it is dead"]
    line.loop.pass_by(AGAIN_S)
    line.doubt.look()
    line.shows("it is dead")
    assert line.told == ["it is dead"]
    line.loop.pass_by(AGAIN_S)
    line.doubt.look()
    line.shows("")
    assert line.told == ["it is dead", ""], "it is well, and who is silent is so by himself"
    line.hears(far(1), Failure.TIMEOUT)
    line.loop.pass_by(12.0)
    line.shows("")
    assert line.seen()[far(1)] is Failure.TIMEOUT


def test_who_answers_while_the_line_is_looked_at_says_more():
    line = Line()
    line.hears(far(1), Failure.TIMEOUT)
    line.loop.pass_by(12.0)
    line.loop.pass_by(0.5)
    line.hears(far(2))
    line.hears(far(3), Failure.TIMEOUT)
    line.shows("it is dead")
    assert line.told == []
    assert line.seen()[far(1)] is Failure.TIMEOUT


def test_one_silent_network_alone_may_be_our_line_and_that_is_said():
    line = Line()
    line.hears(far(1), Failure.TIMEOUT)
    line.loop.pass_by(12.0)
    line.shows(None)
    assert line.seen() == {far(1): Failure.TIMEOUT}
    assert [seen.text for seen in line.settled[far(1)].evidence] == [
        "nobody else could be asked whether this machine's own line is well"
    ]


def test_a_gateway_that_is_back_is_noticed_though_the_only_target_stays_silent():
    line = Line()
    line.hears(far(1), Failure.TIMEOUT)
    line.tests[0][1](False)
    line.loop.pass_by(AGAIN_S)
    line.doubt.look()
    line.tests[1][1](True)
    assert line.told[-1] == ""
    line.hears(far(1), Failure.TIMEOUT)
    assert line.settled[far(1)].failure is Failure.WATCHER_OFFLINE, "of before: this one is held"
    line.loop.pass_by(12.0)
    line.shows(None)
    assert line.seen() == {far(1): Failure.TIMEOUT}


def test_each_silence_waits_for_its_own_time():
    line = Line()
    line.hears(far(1), Failure.TIMEOUT)
    line.loop.pass_by(8.0)
    line.hears(far(2), Failure.TIMEOUT)
    line.loop.pass_by(4.0)
    line.shows("")
    assert set(line.seen()) == {far(1)}
    line.loop.pass_by(8.0)
    line.shows("")
    assert set(line.seen()) == {far(1), far(2)}


def test_a_tunnel_has_no_gateway_to_ask_and_is_a_line_all_the_same():
    line = Line()
    line.network.hop = "tun0"
    evidence = (Evidence(NO_NEIGHBOUR, Phase.CONNECT, ok=False, text="x"),)
    line.hears(far(1), Failure.HOST_UNREACHABLE, evidence=evidence)
    assert (line.settled, line.tests) == ({}, [])
    for number in range(2, QUORUM + 1):
        line.hears(far(number), Failure.TIMEOUT)
    assert line.told[0].startswith("nothing beyond the interface tun0 answers, in 5 networks")


def test_a_way_that_no_table_tells_is_a_line_too():
    line = Line()
    line.network.hop = UNSEEN
    line.hears(far(1), Failure.TIMEOUT)
    assert (line.settled, line.tests) == ({}, [])
    line.hears(far(2))
    assert line.seen()[far(1)] is Failure.TIMEOUT
