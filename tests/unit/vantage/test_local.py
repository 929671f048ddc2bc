"""From addresses and connections to one result, with connections that end as they are told to."""

import asyncio
import errno

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.dial.direct import DialEnd
from uptime_tui.model.errors import UserError
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.monitor import Expectations, Monitor
from uptime_tui.model.target import Target
from uptime_tui.resolve.answer import Answer
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import LocalVantage, probe_once

CATALOGUE = load_catalogue()
FOUR, OTHER, SIX = "192.0.2.1", "192.0.2.2", "2001:db8::1"


class Told:
    """Resolver and dialler in one: these addresses, and how a connection to each of them ends."""

    def __init__(self, ends) -> None:
        self.loop = asyncio.get_running_loop()
        self.ends = {end.address: end for end in ends}

    def resolve(self, host, deadline_s, done, family=0) -> None:
        done(Answer(tuple(self.ends)))

    def dial(self, address, port, conversation, deadline_s, done) -> None:
        done(self.ends[address])


async def probe(*ends, **expect):
    told = Told(ends)
    target = Target("tcp", "www.example.net", 80)
    monitor = Monitor(1, "one", target, "custom", expect=Expectations(**expect))
    return await probe_once(LocalVantage(told, told), Plan(monitor, CATALOGUE.get("tcp")))


async def test_a_refusal_is_not_hidden_by_a_family_this_machine_cannot_route():
    result = await probe(DialEnd(FOUR, errno.ECONNREFUSED, None), DialEnd(SIX, errno.ENETUNREACH, None))
    assert (result.failure, result.address) == (Failure.REFUSED, FOUR)
    assert [each.id for each in result.evidence] == ["dns_answer", "address", "address", "rst"]


async def test_a_family_this_machine_cannot_route_is_no_failure_where_the_other_answers():
    result = await probe(DialEnd(SIX, errno.ENETUNREACH, None), DialEnd(FOUR, 0, 1.0))
    assert (result.failure, result.address) == (None, FOUR)
    assert [(seen.ok, seen.text) for seen in result.evidence if seen.id == "address"] == [
        (None, f"{SIX}: n/a, no route from here"), (True, f"{FOUR}: answers, 1.0 ms"),
    ]  # fmt: skip


async def test_a_family_that_is_switched_off_here_is_no_failure_either():
    result = await probe(DialEnd(SIX, errno.EADDRNOTAVAIL, None), DialEnd(FOUR, 0, 1.0))
    assert (result.failure, result.address) == (None, FOUR)


async def test_an_address_that_serves_does_not_hide_one_that_refuses():
    result = await probe(DialEnd(FOUR, errno.ECONNREFUSED, None), DialEnd(OTHER, 0, 1.0))
    assert (result.failure, result.address) == (Failure.PARTIAL, FOUR)


async def test_slow_for_lost_packets_is_no_slow_server():
    result = await probe(DialEnd(FOUR, 0, 2055.0, retransmits=2), slow_ms=500)
    assert (result.failure, result.phase, result.status) == (Failure.PACKET_LOSS, Phase.CONNECT, Status.DEGRADED)
    assert result.detail == "2 SYN lost on the way: 2055 ms, the limit is 500 ms (port 80 accepts connections)"


async def test_slow_without_loss_is_a_slow_server():
    result = await probe(DialEnd(FOUR, 0, 2055.0), slow_ms=500)
    assert (result.failure, result.phase) == (Failure.TOO_SLOW, Phase.CONTENT)


async def test_a_bug_in_a_conversation_ends_the_probe_and_is_ours():
    result = await probe(DialEnd(FOUR, 0, 1.0, bug=RuntimeError("gone wrong")))
    assert (result.failure, result.status) == (Failure.VANTAGE_POLICY, Status.UNKNOWN)
    assert result.detail == "a bug of uptime-tui: RuntimeError (gone wrong)"


async def test_trust_anchors_that_cannot_be_read_are_told_and_not_blamed_on_the_server():
    result = await probe(DialEnd(FOUR, 0, 1.0, bug=UserError("it holds nothing", where="ca.pem", todo="name another")))
    assert (result.status, result.detail) == (Status.UNKNOWN, "not probed: ca.pem: it holds nothing (name another)")
