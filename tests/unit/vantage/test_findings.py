"""What a failed connection means."""

import errno

import pytest

from support.fleets import monitor
from uptime_tui.dial.direct import DialEnd
from uptime_tui.dial.errqueue import Offender
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Rest
from uptime_tui.model.result import NO_NEIGHBOUR
from uptime_tui.vantage.findings import judge_connect, resting, worst_of

HERE, ROUTER, THERE = "10.77.1.1", "10.77.1.2", "10.77.2.1"


def finding(code, offender=None, address=THERE, **more):
    return judge_connect(DialEnd(address, code, None, offender, source=HERE, **more), 80, 3.0)


@pytest.mark.parametrize(
    ("code", "offender", "failure", "detail"),
    [
        (errno.ECONNREFUSED, None, Failure.REFUSED, "10.77.2.1:80 refused the connection"),
        (errno.ECONNREFUSED, Offender("icmp", 3, 3, ROUTER), Failure.REFUSED, "is rejected by 10.77.1.2 with"),
        (errno.EHOSTUNREACH, Offender("icmp", 3, 13, ROUTER), Failure.PROHIBITED, "10.77.1.2 prohibits"),
        (errno.EHOSTUNREACH, Offender("icmp", 3, 1, ROUTER), Failure.HOST_UNREACHABLE, "10.77.1.2 reports that"),
        (errno.EHOSTUNREACH, Offender("icmp", 3, 1, HERE), Failure.HOST_UNREACHABLE, "on this machine's own network"),
        (errno.EHOSTUNREACH, Offender("icmp6", 1, 3, HERE), Failure.HOST_UNREACHABLE, "on this machine's own network"),
        (errno.EHOSTUNREACH, None, Failure.HOST_UNREACHABLE, "this machine cannot reach 10.77.2.1:80"),
        (errno.ENETUNREACH, Offender("icmp", 3, 0, ROUTER), Failure.NET_UNREACHABLE, "10.77.1.2 has no route to"),
        (errno.ETIMEDOUT, None, Failure.TIMEOUT, "no answer from 10.77.2.1:80"),
    ],
)
def test_a_failed_connect_is_blamed_on_who_caused_it(code, offender, failure, detail):
    found = finding(code, offender)
    assert found.failure is failure
    assert detail in found.detail
    assert not found.ours
    assert (NO_NEIGHBOUR in {seen.id for seen in found.evidence}) == ("own network" in detail)


@pytest.mark.parametrize(
    ("code", "failure", "detail"),
    [
        (errno.ENETUNREACH, Failure.NET_UNREACHABLE, "this machine has no route to"),
        (errno.EINVAL, Failure.NET_UNREACHABLE, "a blackhole route of this machine swallows"),
        (errno.EACCES, Failure.PROHIBITED, "a prohibit route of this machine forbids"),
        (errno.EPERM, Failure.PROHIBITED, "a rule of this machine forbids"),
        (errno.EHOSTUNREACH, Failure.HOST_UNREACHABLE, "an unreachable route of this machine keeps it from"),
        (errno.ENODEV, Failure.NET_UNREACHABLE, "this machine has no interface"),
        (errno.EMFILE, Failure.NO_DESCRIPTORS, "was tried: Too many open files on this machine"),
        (errno.EADDRNOTAVAIL, Failure.NO_SOURCE_PORTS, "on this machine"),
    ],
)
def test_what_this_machine_forbids_itself_says_nothing_of_the_target(code, failure, detail):
    found = finding(code, at_once=True)
    assert (found.failure, found.ours) == (failure, True)
    assert detail in found.detail


@pytest.mark.parametrize(
    "offender", [Offender("icmp", 3, 3, HERE), Offender("icmp", 3, 13, HERE), Offender("icmp6", 1, 4, HERE)]
)
def test_our_own_firewall_is_named_and_is_no_fault_of_the_target(offender):
    found = finding(errno.ECONNREFUSED, offender)
    assert (found.failure, found.ours) == (Failure.PROHIBITED, True)
    assert "this machine's own firewall rejects" in found.detail


def test_a_service_of_this_machine_behind_its_own_firewall_is_down():
    found = finding(errno.ECONNREFUSED, Offender("icmp", 3, 3, HERE), address=HERE)
    assert (found.failure, found.ours) == (Failure.REFUSED, False)


def test_packets_that_our_own_filter_keeps_in_are_no_silence_of_the_target():
    found = finding(errno.ETIMEDOUT, timed_out=True, retransmits=2, kept_in=True)
    assert (found.failure, found.ours) == (Failure.PROHIBITED, True)
    assert "own output filter drops" in found.detail
    assert "3 SYNs were made, none got out" in found.detail


@pytest.mark.parametrize(
    ("sender", "ids"),
    [
        (THERE, ["tcp_failure", "icmp_prohibited", "icmp_by_target"]),
        (ROUTER, ["tcp_failure", "icmp_prohibited", "icmp_by_router"]),
        (HERE, ["tcp_failure", "own_firewall"]),
        ("", ["tcp_failure", "icmp_prohibited"]),
    ],
)
def test_a_message_is_the_targets_a_routers_or_our_own(sender, ids):
    found = finding(errno.EHOSTUNREACH, Offender("icmp", 3, 13, sender))
    assert [seen.id for seen in found.evidence] == ids


@pytest.mark.parametrize(("origin", "kind"), [("icmp", 11), ("icmp6", 3)])
def test_packets_that_circle_are_told_from_a_host_that_is_off(origin, kind):
    found = finding(errno.EHOSTUNREACH, Offender(origin, kind, 0, ROUTER))
    assert [seen.id for seen in found.evidence] == ["tcp_failure", "icmp_exceeded", "icmp_by_router"]


def test_an_interface_that_does_not_exist_is_named():
    found = finding(errno.ENODEV, address="fe80::1%nope")
    assert found.failure is Failure.NET_UNREACHABLE
    assert found.detail.startswith("this machine has no interface nope")


def test_a_family_without_a_route_here_does_not_hide_a_refusal():
    refused, unrouted = finding(errno.ECONNREFUSED), finding(errno.ENETUNREACH, address="2001:db8::7")
    for tried in ([(THERE, refused), ("2001:db8::7", unrouted)], [("2001:db8::7", unrouted), (THERE, refused)]):
        assert worst_of(tried) == (THERE, refused, refused.detail)


def test_addresses_that_fail_alike_are_all_named():
    refused = finding(errno.ECONNREFUSED)
    assert worst_of([("192.0.2.1", refused), ("192.0.2.2", refused)])[2].endswith("; no better at 192.0.2.2")


def test_no_route_to_any_address_is_still_told():
    unrouted = finding(errno.ENETUNREACH)
    assert worst_of([(THERE, unrouted)]) == (THERE, unrouted, unrouted.detail)


@pytest.mark.parametrize(
    ("asked_s", "interval_s", "granted_s"),
    [(30.0, 60.0, 30.0), (600.0, 60.0, 600.0), (86_400.0, 60.0, 600.0), (1e9, 3600.0, 3600.0)],
)
def test_a_server_that_asks_to_be_left_alone_is_up_to_a_bound(asked_s, interval_s, granted_s):
    watched = monitor(target=("http", "www.test", 80, "/a"), interval_s=interval_s)
    rest, (line,) = resting(Rest(asked_s, "it asks", asked=True), watched)
    assert (rest.seconds, rest.of, rest.asked) == (granted_s, "@www.test:80 /a", True)
    assert ("no more than" in rest.why) is (granted_s < asked_s)
    assert rest.why in line.text
    harm, _ = resting(Rest(3600.0, "it harms"), watched)
    assert (harm.seconds, harm.of) == (3600.0, "@www.test:80")
