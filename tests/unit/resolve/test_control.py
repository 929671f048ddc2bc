"""A name that fails is told from a machine that resolves nothing."""

import pytest

from support.nameserver import Asker, address, name_server, reply
from uptime_tui.model.failure import Failure


async def found(tmp_path, answer, *, knows_root=False, before="", within_s=1.0):
    """The answer of a server whose root is as sick as everything else."""
    async with name_server(answer) as server:
        server.knows_root = knows_root
        asker = Asker(tmp_path, server.place)
        if before:
            assert (await asker.ask(before)).addresses
        return await asker.ask(within_s=within_s)


def of_rcode(code):
    return lambda question: reply(question, rcode=code)


@pytest.mark.parametrize(
    ("answer", "failure", "said"),
    [
        (of_rcode(2), Failure.DNS_SERVFAIL, "(SERVFAIL)"),
        (of_rcode(3), Failure.DNS_NXDOMAIN, "(NXDOMAIN)"),
        (of_rcode(5), Failure.DNS_REFUSED, "(REFUSED)"),
        (lambda _: None, Failure.DNS_TIMEOUT, ""),
        (lambda _: b"\xff" * 30, Failure.DNS_TIMEOUT, ""),
    ],
)
async def test_a_resolver_that_answers_nothing_is_ours(tmp_path, answer, failure, said):
    answered = await found(tmp_path, answer)
    assert (answered.failure, answered.ours) == (failure, True)
    assert answered.detail.startswith("this machine's name server 127.0.0.1 answers no question")
    assert said in answered.detail
    assert "what was seen: www.example.net" in answered.detail


@pytest.mark.parametrize("answer", [of_rcode(2), of_rcode(3), of_rcode(5), lambda _: None])
async def test_one_that_knows_the_root_speaks_of_the_name(tmp_path, answer):
    assert not (await found(tmp_path, answer, knows_root=True)).ours


async def test_a_server_of_its_own_zones_refuses_the_root_and_is_believed_by_what_it_answered_before(tmp_path):
    def own_zone(question):
        mine = question.question[0].name.to_text().startswith("db.")
        return address(question) if mine else reply(question, rcode=5)

    assert not (await found(tmp_path, own_zone, before="db.example.net")).ours
    assert (await found(tmp_path, own_zone)).ours


async def test_a_missing_name_is_believed_where_the_root_is_merely_refused(tmp_path):
    def own_zone(question):
        return reply(question, rcode=5 if question.question[0].name.to_text() == "." else 3)

    answered = await found(tmp_path, own_zone)
    assert (answered.failure, answered.ours) == (Failure.DNS_NXDOMAIN, False)


SICK = [of_rcode(2), of_rcode(3), of_rcode(5), lambda _: None, reply]


def is_root(question):
    return question.question[0].name.to_text() == "."


@pytest.mark.parametrize("sick", SICK)
async def test_what_a_resolver_said_just_before_it_worked_again_does_not_count(tmp_path, sick):
    well = []

    def recovers(question):
        if is_root(question):
            well.append(True)
            return reply(question, (None, "NS", "a.root.example."))
        return address(question) if well else sick(question)

    answered = await found(tmp_path, recovers)
    assert answered.addresses == ("192.0.2.7",)


async def test_a_resolver_that_has_no_record_of_anything_is_ours(tmp_path):
    answered = await found(tmp_path, reply)
    assert (answered.failure, answered.ours) == (Failure.DNS_NO_ADDRESS, True)
    assert "not even for the root's name servers (no record)" in answered.detail
    assert not (await found(tmp_path, reply, knows_root=True)).ours


async def test_the_name_that_is_asked_for_is_no_witness_against_itself(tmp_path):
    gone = []

    def own_zone(question):
        if is_root(question):
            return reply(question, rcode=5)
        return reply(question, rcode=3) if gone else address(question)

    async with name_server(own_zone) as server:
        server.knows_root = False
        asker = Asker(tmp_path, server.place)
        assert (await asker.ask()).addresses
        gone.append(True)
        asker.resolver.forget()
        answered = await asker.ask()
    assert (answered.failure, answered.ours) == (Failure.DNS_NXDOMAIN, False)


async def test_an_address_that_every_name_has_is_no_new_one(tmp_path):
    portal = []

    def captive(question):
        return address(question, "192.0.2.80") if portal else address(question)

    async with name_server(captive) as server:
        asker = Asker(tmp_path, server.place)
        assert (await asker.ask()).addresses == ("192.0.2.7",)
        portal.append(True)
        asker.resolver.forget()
        answered = await asker.ask()
        portal.clear()
        asker.resolver.forget()
        assert (await asker.ask()).addresses == ("192.0.2.7",)
    assert (answered.addresses, answered.ours) == ((), True)
    assert answered.detail.endswith("answers 192.0.2.80 for every name, even for one that cannot exist")


async def test_a_name_may_move(tmp_path):
    moved = []

    def moving(question):
        if question.question[0].name.to_text() == "uptime-tui.invalid.":
            return reply(question, rcode=3)
        return address(question, "192.0.2.80") if moved else address(question)

    async with name_server(moving) as server:
        asker = Asker(tmp_path, server.place)
        await asker.ask()
        moved.append(True)
        asker.resolver.forget()
        assert (await asker.ask()).addresses == ("192.0.2.80",)
        asker.resolver.forget()
        await asker.ask()
    assert server.asked.count("uptime-tui.invalid") == 1
