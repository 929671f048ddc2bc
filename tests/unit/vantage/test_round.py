"""Names with several addresses, looked up at a small name server and spoken to on loopback."""

import asyncio
import errno
from contextlib import AsyncExitStack, asynccontextmanager

import dns.rdatatype
import pytest

from support.nameserver import name_server, reply
from support.web import plan, vantage, web
from uptime_tui.dial.direct import DialEnd
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.resolve.answer import Answer
from uptime_tui.vantage.local import LocalVantage, probe_once

GOOD = "200 OK\r\n\r\nhello"


@asynccontextmanager
async def watched(*addresses):
    """A vantage whose every name has these addresses."""

    def answer(question):
        kind = question.question[0].rdtype
        wanted = [each for each in addresses if (":" in each) is (kind is dns.rdatatype.AAAA)]
        return reply(question, *((None, dns.rdatatype.to_text(kind), each) for each in wanted))

    async with name_server(answer) as server, vantage(nameservers=(f"127.0.0.1:{server.place[1]}",)) as it:
        yield it


@asynccontextmanager
async def farm(*addresses):
    """Web servers on the same port of all these addresses."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(web(host=addresses[0]))
        servers = [first]
        servers += [await stack.enter_async_context(web(host=each, port=first.port)) for each in addresses[1:]]
        for server in servers:
            server.pages["/"] = GOOD
        yield servers


def lines(result):
    return [(seen.ok, seen.text.rpartition(", ")[0] or seen.text) for seen in result.evidence if seen.id == "address"]


async def test_one_dead_backend_of_three_is_partial_with_the_bad_address():
    async with watched("127.0.0.2", "127.0.0.3", "127.0.0.4") as it, farm("127.0.0.2", "127.0.0.4") as (one, two):
        result = await probe_once(it, plan(f"http://www.example.net:{one.port}/"))
        assert (result.failure, result.status, result.phase) == (Failure.PARTIAL, Status.DEGRADED, Phase.CONNECT)
        assert result.address == "127.0.0.3"
        assert result.detail.startswith("1 of 3 addresses fails: 127.0.0.3 (connection refused); 127.0.0.3:")
        assert sorted(lines(result)) == [
            (False, "127.0.0.3: connection refused"), (True, "127.0.0.2: answers"), (True, "127.0.0.4: answers"),
        ]  # fmt: skip
        assert [len(one.requests), len(two.requests)] == [1, 1]


async def test_a_broken_family_is_not_hidden_and_one_family_can_be_asked_for():
    async with watched("127.0.0.2", "::1") as it, farm("127.0.0.2") as (server,):
        target = f"http://www.example.net:{server.port}/"
        result = await probe_once(it, plan(target))
        assert (result.failure, result.address) == (Failure.PARTIAL, "::1")
        assert result.detail.startswith("IPv6 fails at ::1 (connection refused); IPv4 works")
        assert (await probe_once(it, plan(target, address_family=4))).failure is None
        six = await probe_once(it, plan(target, address_family=6))
        assert (six.failure, six.address) == (Failure.REFUSED, "::1")


async def test_a_name_without_the_family_that_is_asked_for_is_told_from_one_without_addresses():
    async with watched("127.0.0.2") as it:
        result = await probe_once(it, plan("http://www.example.net/", address_family=6))
    assert result.failure is Failure.DNS_NO_ADDRESS
    assert [each.id for each in result.evidence] == ["dns_failure", "other_family_only"]
    causes = load_knowledge().entry(Failure.DNS_NO_ADDRESS).cause
    assert [cause.id for cause in causes if "other_family_only" in cause.proved_by] == ["family_asked_for"]


async def test_a_page_that_is_wrong_on_one_backend_only():
    async with watched("127.0.0.2", "127.0.0.3") as it, farm("127.0.0.2", "127.0.0.3") as (one, two):
        two.pages["/"] = "500 Oops\r\n\r\n"
        result = await probe_once(it, plan(f"http://www.example.net:{one.port}/"))
        assert (result.failure, result.phase, result.address) == (Failure.PARTIAL, Phase.CONTENT, "127.0.0.3")


async def test_a_course_of_several_steps_stays_with_its_address():
    async with watched("127.0.0.2", "127.0.0.3") as it, farm("127.0.0.2", "127.0.0.3") as servers:
        for server in servers:
            server.leads("/", "/home")
            server.pages["/home"] = GOOD
        result = await probe_once(
            it, plan(f"http://www.example.net:{servers[0].port}/", request={"redirects": "follow"})
        )
        assert result.failure is None, result.detail
        assert [[request.split(" ")[1] for request in server.requests] for server in servers] == [["/", "/home"]] * 2


async def test_addresses_in_turn_and_the_first_only():
    places = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
    async with watched(*places) as it, farm(*places) as servers:
        target = f"http://www.example.net:{servers[0].port}/"
        for _ in range(3):
            assert (await probe_once(it, plan(target, addresses="rotate"))).failure is None
        assert [len(server.requests) for server in servers] == [1, 1, 1]
        for _ in range(3):
            await probe_once(it, plan(target, addresses="first"))
        assert sorted(len(server.requests) for server in servers) == [1, 1, 4]


async def test_more_addresses_than_a_probe_speaks_to_take_turns():
    places = tuple(f"127.0.0.{n}" for n in range(2, 8))
    async with watched(*places) as it, farm(*places) as servers:
        target = f"http://www.example.net:{servers[0].port}/"
        first = await probe_once(it, plan(target))
        assert sum(len(server.requests) for server in servers) == 4
        assert "the turn comes" in first.evidence[5].text
        await probe_once(it, plan(target))
        assert sorted(len(server.requests) for server in servers) == [1, 1, 1, 1, 2, 2]


async def test_localhost_is_whichever_address_answers():
    async with vantage() as it, farm("127.0.0.1") as (server,):
        for more in ({}, {"request": {"redirects": "follow"}}):
            result = await probe_once(it, plan(f"http://x.localhost:{server.port}/", **more))
            assert (result.failure, result.address) == (None, "127.0.0.1")


class Clocked:
    """Resolver and dialler in one, with a clock of their own: how long each address takes, and how it ends."""

    def __init__(self, **ends) -> None:
        self.loop = self
        self.now_s = 100.0
        self.ends = {f"192.0.2.{name[1:]}": end for name, end in ends.items()}
        self.shares = []

    def time(self) -> float:
        return self.now_s

    def resolve(self, host, deadline_s, done, family=0) -> None:
        done(Answer(tuple(self.ends)))

    def dial(self, address, port, conversation, deadline_s, done) -> None:
        self.shares.append((address, deadline_s - self.now_s))
        takes_s = self.ends[address]
        late = self.now_s + takes_s > deadline_s
        self.now_s = min(self.now_s + takes_s, deadline_s)
        done(DialEnd(address, errno.ETIMEDOUT if late else 0, None if late else takes_s * 1000, timed_out=late))

    async def probe(self, it) -> object:
        return await probe_once(it, plan("tcp://www.example.net:80", timeout="8s"))


async def test_silent_addresses_share_the_time_and_those_left_over_come_first_next_time():
    clocked = Clocked(a1=60.0, a2=60.0, a3=0.1)
    it = LocalVantage(clocked, clocked)
    result = await clocked.probe(it)
    assert clocked.shares == [("192.0.2.1", 4.0), ("192.0.2.2", 4.0)]
    assert (result.failure, result.evidence[-2].text) == (Failure.TIMEOUT, "192.0.2.3: not tried yet, the turn comes")
    clocked.shares.clear()
    result = await clocked.probe(it)
    assert [address for address, _ in clocked.shares] == ["192.0.2.3", "192.0.2.1", "192.0.2.2"]
    assert result.failure is Failure.PARTIAL


async def test_a_slow_address_of_two_has_half_of_the_time():
    clocked = Clocked(a1=3.9, a2=3.9)
    result = await clocked.probe(LocalVantage(clocked, clocked))
    assert result.failure is None
    assert [share for _, share in clocked.shares] == [4.0, pytest.approx(4.1)]


async def test_an_address_that_is_too_slow_is_one_that_fails():
    clocked = Clocked(a1=0.1, a2=3.0)
    result = await probe_once(
        LocalVantage(clocked, clocked), plan("tcp://www.example.net:80", timeout="8s", expect={"slow": "1s"})
    )
    assert (result.failure, result.address, result.phase) == (Failure.PARTIAL, "192.0.2.2", Phase.CONTENT)


async def test_what_was_said_is_forgotten_with_the_network():
    clocked = Clocked(a1=60.0, a2=0.1)
    clocked.forget = lambda: None
    it = LocalVantage(clocked, clocked)
    rotating = plan("tcp://www.example.net:80", timeout="8s", addresses="rotate")
    assert (await probe_once(it, rotating)).failure is Failure.TIMEOUT
    it.forget_names()
    clocked.ends["192.0.2.1"] = 0.1
    assert [seen.text for seen in (await probe_once(it, rotating)).evidence if seen.ok is None] == [
        "192.0.2.2: not tried yet, the turn comes"
    ]


async def test_nobody_is_called_after_the_end():
    async with watched("127.0.0.2", "127.0.0.3") as it, farm("127.0.0.2", "127.0.0.3") as (one, two):
        arrived = []
        visited = asyncio.Event()

        def visit(_head):
            visited.set()
            it.close()
            return GOOD

        one.pages["/"] = two.pages["/"] = visit
        it.probe(plan(f"http://www.example.net:{one.port}/"), arrived.append)
        await asyncio.wait_for(visited.wait(), 10)
    assert arrived == []


@pytest.mark.parametrize(("others", "seconds"), [(GOOD, 60.0), ("503 Closed\r\nRetry-After: 90\r\n\r\n", 300.0)])
async def test_what_one_address_asks_for_does_not_keep_the_others_unwatched(others, seconds):
    async with watched("127.0.0.2", "127.0.0.3") as it, farm("127.0.0.2", "127.0.0.3") as (one, two):
        one.pages["/"], two.pages["/"] = "503 Closed\r\nRetry-After: 300\r\n\r\n", others
        result = await probe_once(it, plan(f"http://www.example.net:{one.port}/", interval="60s"))
        assert result.failure in {Failure.PARTIAL, Failure.BUSY}
        assert (result.rest.seconds, result.rest.asked) == (seconds, True)


async def test_an_address_whose_turn_it_is_does_not_keep_those_unwatched_that_answered_before():
    async with watched("127.0.0.2", "127.0.0.3") as it, farm("127.0.0.2", "127.0.0.3") as servers:
        rotating = plan(f"http://www.example.net:{servers[0].port}/", interval="60s", addresses="rotate")
        for server in servers:
            server.pages["/"] = "503 Closed\r\nRetry-After: 300\r\n\r\n"
        assert (await probe_once(it, rotating)).rest.seconds == 60.0  # the other one was never tried
        assert (await probe_once(it, rotating)).rest.seconds == 300.0
        for server in servers:
            server.pages["/"] = GOOD
        assert (await probe_once(it, rotating)).rest is None
        for server in servers:
            server.pages["/"] = "503 Closed\r\nRetry-After: 300\r\n\r\n"
        assert (await probe_once(it, rotating)).rest.seconds == 60.0  # the other one answered
