"""What is found out about a name that does not resolve, against a world of name servers on loopback."""

import dns.rcode
import dns.rdatatype
import pytest

from support.dnscase import a_case, diagnose
from support.zones import World, running
from uptime_tui.diagnose.case import Neighbour
from uptime_tui.model.failure import Failure, Status

SOA = "@ 60 IN SOA ns1.example.test. admin.example.test. 7 3600 900 86400 30\n"
TOP = (
    "@ 60 IN SOA ns.test. x.test. 1 3600 900 86400 60\n@ 60 IN NS ns.test.\nns.test. 60 IN A {net}.1\n"
    "example.test. 60 IN NS ns1.example.test.\nexample.test. 60 IN NS ns2.example.test.\n"
    "ns1.example.test. 60 IN A {net}.2\nns2.example.test. 60 IN A {net}.3\n"
)
BODY = (
    "@ 60 IN NS ns1\n@ 60 IN NS ns2\nns1 60 IN A {net}.2\nns2 60 IN A {net}.3\n@ 60 IN MX 10 www\n"
    'www 60 IN A 192.0.2.7\nlost 60 IN CNAME gone.example.test.\nonly 60 IN TXT "v="\n'
    "round 60 IN CNAME trip.example.test.\ntrip 60 IN CNAME round.example.test.\na.b 60 IN A 192.0.2.1\n"
)  # fmt: skip


def world(second=SOA + BODY):
    made = World()
    made.add(1, "test", TOP)
    made.add(2, "example.test", SOA + BODY)
    made.add(3, "example.test", second)
    return made


async def found(made, host, failure, tmp_path, monkeypatch, **more):
    async with running(made, monkeypatch) as resolver:
        return await diagnose(host, failure, tmp_path, resolver, **more)


async def test_a_missing_record_in_a_zone_that_is_there(tmp_path, monkeypatch):
    seen = await found(world(), "shop.example.test", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    assert {"parent_there", "no_alias", "no_a", "no_aaaa", "negative_ttl", "ns_agree", "serials_equal"} <= seen.ids
    assert {"authorities_fine", "resolver_answers", "system_agrees"} <= seen.ids
    assert seen.first == "record_missing"
    assert "kept" not in seen.text("parent_there")
    assert seen.packets <= 14


async def test_a_dangling_alias_names_what_is_missing(tmp_path, monkeypatch):
    seen = await found(world(), "lost.example.test", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    assert "alias of gone.example.test, which does not exist" in seen.text("alias_dangling")
    assert seen.text("chain") == "lost.example.test → gone.example.test"
    assert seen.first == "dangling_cname"


async def test_a_part_of_the_name_above_is_missing(tmp_path, monkeypatch):
    seen = await found(world(), "www.shop.example.test", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    assert seen.text("parent_missing").startswith("shop.example.test does not exist either")
    assert seen.first == "branch_missing"
    assert seen.diagnosis.first.confidence > 0.8


async def test_a_domain_that_is_not_delegated(tmp_path, monkeypatch):
    seen = await found(world(), "www.expired.test", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    assert "test does not delegate expired.test" in seen.text("domain_missing")
    assert seen.first == "domain_expired"


async def test_a_top_level_domain_that_is_not_there(tmp_path, monkeypatch):
    seen = await found(world(), "www.example.tset", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    assert "no top-level domain tset" in seen.text("tld_missing")
    assert seen.first == "wrong_name"


async def test_a_name_with_other_records_only(tmp_path, monkeypatch):
    seen = await found(world(), "only.example.test", Failure.DNS_NO_ADDRESS, tmp_path, monkeypatch)
    assert "has TXT, but no address" in seen.text("other_types")
    assert {"no_a", "no_aaaa", "no_alias"} <= seen.ids
    assert seen.first == "no_a_record"


async def test_a_name_that_leads_nowhere(tmp_path, monkeypatch):
    body = f"{SOA}{BODY}shut 60 IN A 0.0.0.0\n"
    made = world(body)
    made.add(2, "example.test", body)
    seen = await found(made, "shut.example.test", Failure.DNS_NO_ADDRESS, tmp_path, monkeypatch)
    assert "0.0.0.0, which leads nowhere" in seen.text("address_nowhere")
    assert "address_a" not in seen.ids
    assert seen.first == "blocked"


async def test_a_missing_answer_is_not_taken_for_no_record(tmp_path, monkeypatch):
    made = giving_up(world(), lambda name, kind: name.startswith("only") and kind == dns.rdatatype.TXT)
    seen = await found(made, "only.example.test", Failure.DNS_NO_ADDRESS, tmp_path, monkeypatch)
    assert not seen.ids & {"nothing_else", "other_types"}


async def test_a_name_that_is_only_a_part_of_others(tmp_path, monkeypatch):
    seen = await found(world(), "b.example.test", Failure.DNS_NO_ADDRESS, tmp_path, monkeypatch)
    assert "nothing_else" in seen.ids


@pytest.mark.parametrize(
    ("how", "id_"), [("silent", "ns_silent"), ("refuse", "ns_refuses"), ("lame", "ns_lame"), ("fail", "ns_fails")]
)
async def test_one_bad_server_is_named(how, id_, tmp_path, monkeypatch):
    made = world()
    made.behave[3] = how
    seen = await found(made, "shop.example.test", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    assert made.place(3) in seen.text(id_)
    assert "ns_fine" in seen.ids
    assert "authorities_fine" not in seen.ids


@pytest.mark.parametrize(
    ("how", "failure", "cause"),
    [
        ("refuse", Failure.DNS_SERVFAIL, "lame_delegation"),
        ("lame", Failure.DNS_SERVFAIL, "lame_delegation"),
        ("silent", Failure.DNS_SERVFAIL, "authoritative_down"),
        ("silent", Failure.DNS_TIMEOUT, "zone_servers_dead"),
    ],
)
async def test_all_servers_of_the_zone_are_bad(how, failure, cause, tmp_path, monkeypatch):
    made = world()
    made.behave = {2: how, 3: how}
    seen = await found(made, "www.example.test", failure, tmp_path, monkeypatch)
    assert seen.first == cause
    assert "resolver_alive" in seen.ids
    assert ("authority_silent" in seen.ids) == (how == "silent")


async def test_servers_that_disagree_and_an_old_version(tmp_path, monkeypatch):
    old = SOA.replace(" 7 3600", " 5 3600") + BODY.replace("192.0.2.7", "192.0.2.9")
    seen = await found(world(old), "www.example.test", Failure.DNS_INCONSISTENT, tmp_path, monkeypatch)
    assert "192.0.2.7" in seen.text("ns_differ")
    assert "192.0.2.9" in seen.text("ns_differ")
    assert "newest serial is 7, ns2.example.test has 5" in seen.text("serial_lag")


async def test_an_old_no_of_the_resolver(tmp_path, monkeypatch):
    made = world()
    answer = made.resolve

    def stale(question):
        message = answer(question)
        if "www" in question.question[0].name.to_text():
            message.answer.clear()
            message.set_rcode(3)
        return message

    made.resolve = stale
    seen = await found(made, "www.example.test", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    assert "say 192.0.2.7, the resolver still says NXDOMAIN" in seen.text("resolver_stale")
    assert seen.first == "old_answer"


def giving_up(made, about):
    """Makes the resolver fail for what `about(name, type)` says, as one does for aliases that it cannot follow."""
    answer = made.resolve

    def resolve(question):
        message, asked = answer(question), question.question[0]
        if about(asked.name.to_text(), asked.rdtype):
            message.answer.clear()
            message.authority.clear()
            message.set_rcode(dns.rcode.SERVFAIL)
        return message

    made.resolve = resolve
    return made


async def test_a_circle_is_seen_although_the_resolver_gives_up(tmp_path, monkeypatch):
    made = giving_up(world(), lambda name, kind: name[:5] in {"round", "trip."} and kind != dns.rdatatype.CNAME)
    seen = await found(made, "round.example.test", Failure.DNS_SERVFAIL, tmp_path, monkeypatch)
    assert seen.text("chain") == "round.example.test → trip.example.test → round.example.test"
    assert "alias_loop" in seen.ids
    assert "alias_fails" not in seen.ids
    assert seen.first == "alias_circle"


async def test_an_alias_of_a_name_whose_servers_fail(tmp_path, monkeypatch):
    made = giving_up(world(), lambda name, kind: "gone" in name or ("lost" in name and kind != dns.rdatatype.CNAME))
    seen = await found(made, "lost.example.test", Failure.DNS_SERVFAIL, tmp_path, monkeypatch)
    assert "lost.example.test is an alias of gone.example.test, about which" in seen.text("alias_fails")
    assert seen.first == "alias_circle"


@pytest.mark.parametrize(
    ("how", "failure", "id_", "cause"),
    [
        ("refuse", Failure.DNS_SERVFAIL, "ns_refuses", "lame_delegation"),
        ("silent", Failure.DNS_TIMEOUT, "authority_silent", "zone_servers_dead"),
    ],
)
async def test_an_alias_is_followed_to_the_servers_that_are_at_fault(how, failure, id_, cause, tmp_path, monkeypatch):
    made = world()
    made.add(1, "test", TOP + "other.test. 60 IN NS ns.other.test.\nns.other.test. 60 IN A {net}.4\n")
    for octet in (2, 3):
        made.add(octet, "example.test", SOA + BODY + "far 60 IN CNAME www.other.test.\n")
    made.add(4, "other.test", SOA + "@ 60 IN NS ns\nns 60 IN A {net}.4\nwww 60 IN A 192.0.2.7\n")
    made.behave[4] = how
    giving_up(made, lambda name, kind: "www.other" in name or ("far" in name and kind != dns.rdatatype.CNAME))
    seen = await found(made, "far.example.test", failure, tmp_path, monkeypatch)
    assert {"ns_fine", id_} <= seen.ids
    assert "authorities_fine" not in seen.ids, "those of the alias's own zone are not what is asked about"
    assert seen.first == cause, seen.shown()
    assert seen.packets <= 30


async def test_a_resolver_that_is_dead(tmp_path, monkeypatch):
    made = world()
    async with running(made, monkeypatch, resolver=False) as resolver:
        seen = await diagnose("www.example.test", Failure.DNS_TIMEOUT, tmp_path, resolver)
    assert "resolver_closed" in seen.ids
    assert seen.first == "resolver_unreachable"


async def test_a_resolver_that_swallows_everything(tmp_path, monkeypatch):
    made = world()
    made.behave["resolver"] = "silent"
    seen = await found(made, "www.example.test", Failure.DNS_TIMEOUT, tmp_path, monkeypatch)
    assert "resolver_silent" in seen.ids
    assert seen.first == "resolver_unreachable"
    assert not [octet for octet, *_ in made.asked if octet != "resolver"], "a server that nobody told of was asked"


async def test_a_resolver_that_refuses(tmp_path, monkeypatch):
    made = world()
    made.behave["resolver"] = "refuse"
    seen = await found(made, "www.example.test", Failure.DNS_REFUSED, tmp_path, monkeypatch)
    assert "refuses this machine" in seen.text("resolver_refuses")
    assert seen.first == "resolver_acl"


async def test_two_resolvers_that_see_different_worlds(tmp_path, monkeypatch):
    outside, inside = World(), world()
    outside.add(1, "test", TOP.replace("example", "other"))
    async with running(outside, monkeypatch) as first, running(inside, monkeypatch) as second:
        seen = await diagnose("www.example.test", Failure.DNS_NXDOMAIN, tmp_path, first, second)
    assert "192.0.2.7" in seen.text("resolvers_differ")
    assert seen.first == "split_horizon"


async def test_the_hosts_file_hides_what_dns_says(tmp_path, monkeypatch):
    hosts = "192.0.2.99 www.example.test"
    seen = await found(world(), "www.example.test", Failure.TIMEOUT, tmp_path, monkeypatch, hosts=hosts)
    assert seen.text("hosts_file_differs") == "the hosts file of this machine says 192.0.2.99, DNS says 192.0.2.7"


async def test_a_bare_name_is_completed_by_the_search_list(tmp_path, monkeypatch):
    resolv = "search example.test other.test"
    seen = await found(world(), "shop", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch, resolv=resolv)
    assert "shop.example.test, shop.other.test" in seen.text("search_domain_used")
    assert "only shop.example.test is not in it" in seen.text("parent_there")


async def test_the_c_library_knows_better(tmp_path, monkeypatch):
    seen = await found(world(), "localhost.localdomain", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    assert {"system_differs", "system_agrees"} & seen.ids
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("192.0.2.50", 0))])
    seen = await found(world(), "shop.example.test", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    assert "192.0.2.50" in seen.text("system_differs")
    assert seen.first == "split_horizon"


async def test_a_resolver_that_says_no_to_every_name_is_named_itself(tmp_path, monkeypatch):
    made = World()
    answer = made.resolve

    def denies(question):
        message = answer(question)
        message.answer.clear()
        message.authority.clear()
        message.set_rcode(dns.rcode.NXDOMAIN)
        return message

    made.resolve = denies
    seen = await found(made, "www.example.test", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch, severity=Status.UNKNOWN)
    assert "NXDOMAIN about the root" in seen.text("resolver_helpless")
    assert "parent_there" not in seen.ids
    assert seen.first == "resolver_trouble"


async def test_an_address_is_no_name(tmp_path, monkeypatch):
    made = world()
    await found(made, "192.0.2.1", Failure.DNS_TIMEOUT, tmp_path, monkeypatch)
    assert made.asked == []


async def test_hostile_names_are_harmless(tmp_path, monkeypatch):
    evil = BODY.replace("lost 60 IN CNAME gone", r"lost 60 IN CNAME \027]0;x\007\226\128\174gone")
    made = World()
    made.add(1, "test", TOP)
    made.add(2, "example.test", SOA + evil)
    made.add(3, "example.test", SOA + evil)
    seen = await found(made, "lost.example.test", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    assert "alias_dangling" in seen.ids
    assert all(fact.text.isprintable() for fact in seen.diagnosis.evidence)


ROW = {"A record": "no_a", "AAAA record": "no_aaaa", "alias": "", "name server": "", "DNSSEC": "", "resolver": ""}


async def test_the_missions_row_is_answered_or_has_its_command(tmp_path, monkeypatch):
    """DNS failure: check A, AAAA, CNAME, nameservers, DNSSEC, resolver."""
    seen = await found(world(), "shop.example.test", Failure.DNS_NXDOMAIN, tmp_path, monkeypatch)
    checks = seen.diagnosis.first.checks
    for word, fact in ROW.items():
        check = next(each for each in checks if word in each.text)
        assert check.verdict != "open" or check.command, word
        assert check.command, word
        assert not fact or check.seen == (fact,)
    assert {each.verdict for each in checks} == {"wrong", "fine", "open"}


@pytest.mark.parametrize("failure", [each for each in Failure if each.startswith("dns_")])
async def test_every_item_of_every_cause_has_a_command_or_evidence_to_come(failure, tmp_path, monkeypatch):
    seen = await found(world(), "shop.example.test", failure, tmp_path, monkeypatch)
    for suspect in seen.diagnosis.suspects:
        assert any(check.command or check.verdict != "open" for check in suspect.checks), suspect.id


async def test_another_monitors_name_tells_that_an_inside_resolver_works(tmp_path, monkeypatch):
    made = world()
    made.behave = {2: "refuse", 3: "refuse"}
    made.add(1, "up.test", "@ 60 IN SOA ns.test. x. 1 1 1 1 1\n@ 60 IN NS ns.test.\n@ 60 IN A 192.0.2.8\n")
    answer = made.resolve

    def rootless(question):
        message = answer(question)
        if question.question[0].name.to_text() == ".":
            message.answer.clear()
            message.set_rcode(2)
        return message

    made.resolve = rootless
    neighbour = Neighbour(a_case("up.test", None).plan.monitor, Status.UP, None, "192.0.2.8")
    seen = await found(
        made, "www.example.test", Failure.DNS_SERVFAIL, tmp_path, monkeypatch, neighbours=(neighbour,)
    )  # fmt: skip
    assert "but one about up.test" in seen.text("resolver_alive")
    assert (
        "resolver_helpless" in (await found(made, "www.example.test", Failure.DNS_SERVFAIL, tmp_path, monkeypatch)).ids
    )
