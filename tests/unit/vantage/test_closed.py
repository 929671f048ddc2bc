"""A port that must not answer: which ends of a connection are wanted, which are not, and which say nothing."""

import asyncio
import errno

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.dial.direct import DialEnd
from uptime_tui.dial.errqueue import Offender
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.monitor import Expectations, Monitor
from uptime_tui.model.target import Target
from uptime_tui.resolve.answer import Answer
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.conversation import conversation
from uptime_tui.vantage.local import LocalVantage, probe_once

CATALOGUE = load_catalogue()
A, B, SIX, US = "192.0.2.1", "192.0.2.2", "2001:db8::1", "198.51.100.9"
ROUTER = Offender("icmp", 3, 13, "203.0.113.1")
OUR_FIREWALL = Offender("icmp", 3, 3, US)
NEIGHBOUR = Offender("local", 3, 1, US)


class Told:
    """Resolver and dialler in one: these addresses, and how a connection to each of them ends."""

    def __init__(self, ends, answer=None) -> None:
        self.loop = asyncio.get_running_loop()
        self.ends = {end.address: end for end in ends}
        self.answer = answer or Answer(tuple(self.ends))

    def resolve(self, host, deadline_s, done, family=0) -> None:
        done(self.answer)

    def dial(self, address, port, conversation, deadline_s, done) -> None:
        assert conversation is None
        done(self.ends[address])


def plan(service="redis"):
    target = Target(service, "db.example.net", 6379)
    return Plan(Monitor(1, "one", target, "cache", expect=Expectations(closed=True)), CATALOGUE.get(service))


async def probe(*ends, answer=None, service="redis"):
    told = Told(ends, answer)
    return await probe_once(LocalVantage(told, told), plan(service))


def end(code, address=A, **more):
    return DialEnd(address, code, None, **more)


@pytest.mark.parametrize("service", ["redis", "tcp", "ssh", "smtp", "https"])
@pytest.mark.parametrize(
    ("ended", "words", "verdict"),
    [
        (end(errno.ECONNREFUSED), "refused, as wanted: 192.0.2.1:6379 refused", "closed"),
        (end(errno.ETIMEDOUT, timed_out=True), "no answer, as wanted: no answer from 192.0.2.1:6379", "silence"),
        (end(errno.EHOSTUNREACH, offender=ROUTER), "prohibited, as wanted: 203.0.113.1 prohibits", "silence"),
        (end(errno.EHOSTUNREACH, offender=NEIGHBOUR, source=US), "unreachable, as wanted: ", "silence"),
        (end(errno.ENETUNREACH, offender=Offender("icmp", 3, 0, "203.0.113.1")), "unreachable, as wanted", "silence"),
    ],
)
async def test_what_keeps_a_connection_away_is_up(service, ended, words, verdict):
    result = await probe(ended, service=service)
    assert (result.status, result.failure, result.phase) == (Status.UP, None, None)
    assert result.detail.startswith(words)
    assert [(seen.id, seen.ok) for seen in result.evidence if seen.id in {"closed", "silence"}] == [(verdict, True)]
    assert not any(seen.ok is False for seen in result.evidence)
    assert (result.timings.total is None) == (verdict == "silence")


async def test_an_answer_is_down_and_says_so_plainly():
    result = await probe(DialEnd(A, 0, 1.0))
    assert (result.status, result.failure, result.phase) == (Status.DOWN, Failure.EXPOSED, Phase.CONTENT)
    assert result.detail == "port 6379 is open and should be closed: 192.0.2.1 accepts connections"
    assert result.timings.connect == 1.0
    assert [(seen.id, seen.ok) for seen in result.evidence][1:] == [("tcp_connect", False), ("exposed", False)]


@pytest.mark.parametrize(
    ("ended", "status", "failure"),
    [
        (end(errno.EMFILE), Status.UNKNOWN, Failure.NO_DESCRIPTORS),
        (end(errno.EADDRNOTAVAIL), Status.UNKNOWN, Failure.NO_SOURCE_PORTS),
        (end(errno.ENETUNREACH), Status.UNKNOWN, Failure.VANTAGE_POLICY),  # no route from here
        (end(errno.EPERM), Status.UNKNOWN, Failure.VANTAGE_POLICY),  # our own output filter
        (end(errno.EHOSTUNREACH), Status.UNKNOWN, Failure.VANTAGE_POLICY),  # nobody has said so
        (end(errno.ECONNREFUSED, offender=OUR_FIREWALL, source=US), Status.UNKNOWN, Failure.VANTAGE_POLICY),
    ],
)
async def test_what_this_machine_could_not_try_is_never_called_closed(ended, status, failure):
    result = await probe(ended)
    assert (result.status, result.failure) == (status, failure)


async def test_a_rule_of_the_target_itself_is_a_refusal_where_this_machine_is_the_target():
    here = "127.0.0.1"
    itself = DialEnd(here, errno.ECONNREFUSED, None, offender=Offender("icmp", 3, 3, here), source=here)
    assert (await probe(itself)).status is Status.UP


async def test_a_name_that_leads_nowhere_proves_nothing_about_a_port():
    gone = Answer((), failure=Failure.DNS_NXDOMAIN, detail="db.example.net does not exist")
    result = await probe(answer=gone)
    assert (result.failure, result.phase) == (Failure.DNS_NXDOMAIN, Phase.DNS)


async def test_one_open_address_is_exposed_however_many_are_closed():
    result = await probe(end(errno.ECONNREFUSED), DialEnd(B, 0, 1.0), end(errno.ENETUNREACH, SIX))
    assert (result.status, result.failure, result.address) == (Status.DOWN, Failure.EXPOSED, B)
    assert result.detail.endswith(f"{B} accepts connections; not at {A}")
    lines = [(seen.ok, seen.text.partition(", ")[0]) for seen in result.evidence if seen.id == "address"]
    assert lines == [(True, f"{A}: refused"), (False, f"{B}: open"), (None, f"{SIX}: n/a")]


async def test_a_family_without_a_route_does_not_hide_that_the_other_is_closed():
    result = await probe(end(errno.ENETUNREACH, SIX), end(errno.ECONNREFUSED))
    assert (result.status, result.address) == (Status.UP, A)


@pytest.mark.parametrize(
    ("service", "bare"), [("redis", True), ("postgresql", True), ("https", True), ("smtp", True), ("mysql", False)]
)
def test_only_a_server_that_counts_broken_visits_is_spoken_to(service, bare):
    spoken = conversation(plan(service), A, None, 0.0, None)
    assert (spoken is None) is bare
