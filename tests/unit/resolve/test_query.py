"""What one name server's answers, silence and nonsense come to."""

import errno
import os
import socket

import dns.edns
import dns.flags
import dns.message
import dns.rdatatype
import pytest

from support.nameserver import Asker, address, asks_a, name_server, reply
from uptime_tui.model.failure import Failure


async def answer_of(answer, tmp_path, *before, **how):
    async with name_server(answer) as server:
        return await Asker(tmp_path, *before, server.place).ask(**how)


def closed_port() -> int:
    """A port on which nothing listens, not even once it is asked for again."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


async def test_both_families_are_found(tmp_path):
    found = await answer_of(
        lambda q: reply(q, (None, "A", "192.0.2.7") if asks_a(q) else (None, "AAAA", "2001:db8::7")), tmp_path
    )
    assert found.addresses == ("192.0.2.7", "2001:db8::7")


async def test_a_family_that_gets_no_answer_leaves_the_other_its_time(tmp_path, monkeypatch):
    monkeypatch.setattr("uptime_tui.resolve.query.OTHER_FAMILY_S", 0.1)
    async with name_server(lambda q: address(q) if asks_a(q) else None) as server:
        found = await Asker(tmp_path, server.place).ask(within_s=1.5)
    assert found.addresses == ("192.0.2.7",)
    assert len(server.asked) == 2, "it was asked a second time before the address was used"


@pytest.mark.parametrize(("rcode", "failure"), [(2, Failure.DNS_SERVFAIL), (5, Failure.DNS_REFUSED)])
@pytest.mark.parametrize("family", [4, 6])
async def test_trouble_with_the_family_that_counts_is_not_taken_for_a_name_without_it(tmp_path, rcode, failure, family):
    def answers(question):
        if asks_a(question) is (family == 4):
            return reply(question, rcode=rcode)
        return reply(question, (None, "AAAA", "2001:db8::7") if family == 4 else (None, "A", "192.0.2.7"))

    async with name_server(answers) as server:
        asker = Asker(tmp_path, server.place)
        found = await asker.ask(family=family)
        assert (found.addresses, found.failure) == ((), failure)
        assert (await asker.ask()).addresses, "whoever takes any address has one"


async def test_without_an_answer_for_ipv4_the_other_family_is_kept_for_a_moment_only(tmp_path, monkeypatch):
    monkeypatch.setattr("uptime_tui.resolve.query.OTHER_FAMILY_S", 0.05)
    six = (None, "AAAA", "2001:db8::7")
    found = await answer_of(lambda q: None if asks_a(q) else reply(q, six, ttl=300), tmp_path)
    assert (found.addresses, found.ttl_s) == (("2001:db8::7",), 2.0)
    found = await answer_of(lambda q: reply(q) if asks_a(q) else reply(q, six, ttl=300), tmp_path)
    assert found.ttl_s == 300.0
    found = await answer_of(lambda q: address(q, ttl=300) if asks_a(q) else None, tmp_path)
    assert found.ttl_s == 300.0


async def test_a_lost_answer_for_the_family_that_counts_is_asked_for_again_and_not_kept_as_none(tmp_path, monkeypatch):
    monkeypatch.setattr("uptime_tui.resolve.query.OTHER_FAMILY_S", 0.05)
    lost = []

    def answers(question):
        if asks_a(question):
            return reply(question, (None, "A", "192.0.2.7"))
        if len(lost) < 2:
            lost.append(question)
            return None
        return reply(question, (None, "AAAA", "2001:db8::7"))

    async with name_server(answers) as server:
        asker = Asker(tmp_path, server.place)
        assert (await asker.ask(within_s=1.0)).addresses == ("192.0.2.7",)
        assert "2001:db8::7" in (await asker.ask(within_s=4.0, family=6)).addresses


@pytest.mark.parametrize(
    ("rcode", "failure", "words"),
    [
        (3, Failure.DNS_NXDOMAIN, "www.example.net does not exist"),
        (0, Failure.DNS_NO_ADDRESS, "neither an A nor an AAAA record"),
        (2, Failure.DNS_SERVFAIL, "answers SERVFAIL"),
        (5, Failure.DNS_REFUSED, "refuses to answer"),
        (6, Failure.DNS_SERVFAIL, "answers YXDOMAIN"),
    ],
)
async def test_an_answer_without_address_has_a_cause(tmp_path, rcode, failure, words):
    found = await answer_of(lambda q: reply(q, rcode=rcode), tmp_path)
    assert (found.failure, words in found.detail) == (failure, True)


async def test_a_bogus_name_is_told_from_a_server_failure(tmp_path):
    def bogus(question):
        return address(question) if question.flags & dns.flags.CD else reply(question, rcode=2)

    assert (await answer_of(bogus, tmp_path)).failure is Failure.DNS_BOGUS


async def test_the_server_that_failed_is_asked_without_validation_and_not_the_first_one(tmp_path):
    def bogus(question):
        return address(question) if question.flags & dns.flags.CD else reply(question, rcode=2)

    first = ("127.0.0.1", closed_port())
    assert (await answer_of(bogus, tmp_path, first)).failure is Failure.DNS_BOGUS


async def test_a_bogus_address_beside_a_valid_nothing_is_bogus(tmp_path):
    def half(question):
        if not asks_a(question):
            return reply(question, negative_ttl=30)
        return address(question) if question.flags & dns.flags.CD else reply(question, rcode=2)

    assert (await answer_of(half, tmp_path)).failure is Failure.DNS_BOGUS


@pytest.mark.parametrize("rcode", [1, 4])
async def test_a_server_older_than_edns_is_asked_without(tmp_path, rcode):
    found = await answer_of(lambda q: address(q) if q.edns < 0 else reply(q, rcode=rcode), tmp_path)
    assert found.addresses == ("192.0.2.7",)


async def test_where_edns_is_dropped_the_second_round_goes_without(tmp_path):
    found = await answer_of(lambda q: address(q) if q.edns < 0 else None, tmp_path, within_s=1.5)
    assert found.addresses == ("192.0.2.7",)


async def test_aliases_are_followed_from_the_name_that_was_asked_for(tmp_path):
    chain = ((None, "CNAME", "a.example."), ("b.example.", "A", "192.0.2.8"), ("a.example.", "CNAME", "b.example."))
    found = await answer_of(lambda q: reply(q, *(chain if asks_a(q) else ())), tmp_path)
    assert found.addresses == ("192.0.2.8",)


@pytest.mark.parametrize("family", [0, 4, 6])
async def test_the_answer_of_a_name_server_that_blocks_the_name_does_not_lead_to_this_machine(tmp_path, family):
    def blocks(question):
        return reply(question, (None, "A", "0.0.0.0") if asks_a(question) else (None, "AAAA", "::"))

    async with name_server(blocks) as server:
        found = await Asker(tmp_path, server.place).ask(family=family)
    assert (found.addresses, found.failure) == ((), Failure.DNS_NO_ADDRESS)
    assert "answers 0.0.0.0, which leads nowhere: it blocks the name" in found.detail


async def test_an_address_beside_none_counts(tmp_path):
    both = [(None, "A", "0.0.0.0"), (None, "A", "192.0.2.7")]
    found = await answer_of(lambda q: reply(q, *both) if asks_a(q) else reply(q), tmp_path)
    assert found.addresses == ("192.0.2.7",)


async def test_an_address_of_another_name_does_not_count(tmp_path):
    found = await answer_of(lambda q: reply(q, ("evil.example.", "A", "192.0.2.66")), tmp_path)
    assert found.failure is Failure.DNS_NO_ADDRESS


async def test_a_dangling_alias_names_what_is_missing(tmp_path):
    chain = (("mid.example.", "CNAME", "end.example."), (None, "CNAME", "mid.example."))
    found = await answer_of(lambda q: reply(q, *chain, rcode=3), tmp_path)
    assert found.detail == "www.example.net is an alias of end.example, which does not exist"


async def test_aliases_in_a_circle_are_told(tmp_path):
    circle = ((None, "CNAME", "a.example."), ("a.example.", "CNAME", "www.example.net."))
    found = await answer_of(lambda q: reply(q, *circle), tmp_path)
    assert (found.failure, "circle" in found.detail) == (Failure.DNS_SERVFAIL, True)


async def test_answers_to_other_questions_and_garbage_are_passed_over(tmp_path):
    def noise(question):
        other = dns.message.make_query("other.example", "A", id=question.id)
        return [b"\0" * 5, reply(other, (None, "A", "192.0.2.66")), address(question)]

    assert (await answer_of(noise, tmp_path)).addresses == ("192.0.2.7",)


async def test_a_closed_port_is_told_at_once_and_the_next_server_asked(tmp_path):
    first = ("127.0.0.1", closed_port())
    # a server that says nothing has at least half a second, and then the time would be over
    assert (await answer_of(address, tmp_path, first, within_s=0.45)).addresses == ("192.0.2.7",)


async def test_a_name_server_that_is_not_running_is_named(tmp_path):
    port = closed_port()
    found = await Asker(tmp_path, ("127.0.0.1", port)).ask()
    assert found.failure is Failure.DNS_TIMEOUT
    assert found.detail.endswith(f"www.example.net: name server 127.0.0.1:{port} cannot be asked (Connection refused)")
    assert found.ours


async def test_a_truncated_answer_without_tcp_says_so(tmp_path):
    def truncated(question):
        message = reply(question)
        message.flags |= dns.flags.TC
        return message

    found = await answer_of(truncated, tmp_path)
    assert (found.failure, "over TCP: Connection refused" in found.detail) == (Failure.DNS_TIMEOUT, True)
    assert found.ours, "the name has an answer, only this machine does not get it"


async def test_a_lifetime_of_nothing_is_kept_for_a_second_at_least(tmp_path):
    assert (await answer_of(lambda q: address(q, ttl=0), tmp_path)).ttl_s == 1.0


async def test_an_extended_error_is_shown_harmless(tmp_path):
    def explained(question):
        message = reply(question, rcode=2)
        message.use_edns(0, options=[dns.edns.EDEOption(22, "no \x1b[2J authority")])
        return message

    assert "(no \\x1b[2J authority)" in (await answer_of(explained, tmp_path)).detail


async def test_no_descriptor_left_is_our_fault_and_not_the_names(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    asker = Asker(tmp_path, ("127.0.0.1", 5))
    monkeypatch.setattr("uptime_tui.resolve.exchange.socket.socket", full)
    assert (await asker.ask()).failure is Failure.NO_DESCRIPTORS
