"""Names to addresses as the system does it: files, caches, search domains, deadlines."""

import asyncio
import errno
from pathlib import Path

import pytest

from support.nameserver import Asker, address, asks_a, name_server, reply
from uptime_tui.model.failure import Failure
from uptime_tui.resolve.answer import Answer
from uptime_tui.resolve.system import WatchedFile, parse_hosts, parse_resolv


@pytest.fixture
def no_wait(monkeypatch):
    """Files are looked at anew before every name."""
    monkeypatch.setattr("uptime_tui.resolve.lookup._HOSTS_TTL_S", 0.0)


async def test_the_hosts_file_comes_first_with_all_its_addresses(tmp_path):
    asker = Asker(tmp_path, hosts="192.0.2.1 db\n192.0.2.2 other DB # two\n::7 db.\n")
    assert (await asker.ask("db")).addresses == ("192.0.2.1", "192.0.2.2", "::7")


async def test_dns_has_a_say_where_the_hosts_file_has_the_other_family_alone(tmp_path):
    six = "2001:db8::7"
    async with name_server(lambda q: reply(q) if asks_a(q) else reply(q, (None, "AAAA", six))) as server:
        asker = Asker(tmp_path, server.place, hosts="192.0.2.1 www.example.net db\n::9 db\n")
        assert (await asker.ask()).addresses == ("192.0.2.1",)
        assert (await asker.ask(family=4)).addresses == ("192.0.2.1",)
        assert (await asker.ask(family=6)).addresses == (six,)
        assert (await asker.ask("db", family=6)).addresses == ("192.0.2.1", "::9")


@pytest.mark.parametrize("families", [(0, 4, 6), (6, 4, 0), (4, 0, 6)])
async def test_monitors_of_either_family_of_a_host_share_what_was_asked_once(tmp_path, families):
    async with name_server(lambda q: address(q) if asks_a(q) else reply(q, (None, "AAAA", "2001:db8::7"))) as server:
        asker = Asker(tmp_path, server.place)
        found = [await asker.ask(family=family) for family in families]
    assert [set(each.addresses) for each in found] == [{"192.0.2.7", "2001:db8::7"}] * 3
    assert len(server.asked) == 2


async def test_a_family_that_was_not_found_for_others_is_asked_for(tmp_path):
    async with name_server(lambda q: address(q) if asks_a(q) else reply(q)) as server:
        asker = Asker(tmp_path, server.place)
        for family in (0, 4, 6):
            await asker.ask(family=family)
    assert len(server.asked) == 4


@pytest.mark.parametrize(("rcode", "failure"), [(3, None), (2, Failure.DNS_SERVFAIL)])
async def test_the_hosts_file_is_the_last_word_where_dns_knows_of_nothing(tmp_path, rcode, failure):
    async with name_server(lambda q: reply(q, rcode=rcode)) as server:
        found = await Asker(tmp_path, server.place, hosts="192.0.2.1 www.example.net\n").ask(family=6)
    assert found.failure is failure
    assert found.addresses == (() if failure else ("192.0.2.1",))


@pytest.mark.parametrize("name", ["localhost", "app.localhost"])
async def test_localhost_needs_no_entry(tmp_path, name):
    assert (await Asker(tmp_path).ask(name)).addresses == ("127.0.0.1", "::1")


async def test_a_hosts_entry_counts_at_once_though_the_name_is_kept(tmp_path, no_wait):
    async with name_server(address) as server:
        asker = Asker(tmp_path, server.place)
        assert (await asker.ask()).addresses == ("192.0.2.7",)
        (tmp_path / "hosts").write_text("192.0.2.99 www.example.net\n")
        assert (await asker.ask()).addresses == ("192.0.2.99",)


async def test_a_changed_resolv_conf_makes_negative_answers_forgotten(tmp_path, no_wait):
    async with name_server(lambda question: reply(question, rcode=3, negative_ttl=60)) as server:
        asker = Asker(tmp_path, server.place)
        await asker.ask()
        await asker.ask()
        assert len(server.asked) == 4  # A and AAAA, and once more when the root was known
        (tmp_path / "resolv.conf").write_text("options timeout:1\n")
        await asker.ask()
    assert len(server.asked) == 8


async def test_dns_comes_first_where_nsswitch_says_so(tmp_path):
    async with name_server(lambda q: address(q) if "www" in str(q.question[0].name) else reply(q, rcode=3)) as server:
        hosts = "192.0.2.1 www.example.net\n192.0.2.2 old.example.net\n"
        asker = Asker(tmp_path, server.place, hosts=hosts, order="dns files")
        assert (await asker.ask("www.example.net")).addresses == ("192.0.2.7",)
        assert (await asker.ask("old.example.net")).addresses == ("192.0.2.2",)


async def test_search_domains_count_with_name_servers_of_our_own_too(tmp_path):
    async with name_server(
        lambda q: address(q) if str(q.question[0].name) == "db3.corp.example." else reply(q, rcode=3)
    ) as server:
        asker = Asker(tmp_path, server.place, resolv="search lab.example corp.example\n")
        assert (await asker.ask("db3")).addresses == ("192.0.2.7",)


async def test_without_a_search_line_the_machines_own_domain_is_searched(tmp_path):
    async with name_server(lambda question: reply(question, rcode=3)) as server:
        asker = Asker(tmp_path, server.place, machine="watcher.corp.example")
        answer = await asker.ask("db3")
    assert answer.failure is Failure.DNS_NXDOMAIN
    assert answer.detail == "db3 does not exist (asked for as well: db3.corp.example)"
    assert set(server.asked) == {"db3", "db3.corp.example"}


@pytest.mark.parametrize("rcode", [2, 5])
async def test_a_search_domain_in_trouble_does_not_hide_the_name_itself(tmp_path, rcode):
    async with name_server(
        lambda q: reply(q, rcode=rcode) if "lab" in str(q.question[0].name) else address(q)
    ) as server:
        asker = Asker(tmp_path, server.place, resolv="search lab.example\noptions ndots:5\n")
        assert (await asker.ask("www.example.net")).addresses == ("192.0.2.7",)


async def test_a_search_domain_in_trouble_is_told_before_a_missing_name(tmp_path):
    async with name_server(
        lambda q: reply(q, rcode=2) if "lab" in str(q.question[0].name) else reply(q, rcode=3)
    ) as server:
        answer = await Asker(tmp_path, server.place, resolv="search lab.example\n").ask("db3")
    assert answer.failure is Failure.DNS_SERVFAIL
    assert answer.detail.startswith("db3.lab.example: ")


async def test_a_search_domain_that_makes_no_name_is_left_out(tmp_path):
    long = ".".join(["a" * 60] * 4)
    async with name_server(address) as server:
        asker = Asker(tmp_path, server.place, resolv=f"search {'b' * 40}.example\noptions ndots:9\n")
        assert (await asker.ask(long)).addresses == ("192.0.2.7",)


async def test_whoever_waits_with_others_keeps_his_own_deadline(tmp_path):
    async with name_server(lambda question: None) as server:
        asker = Asker(tmp_path, server.place)
        slow = asyncio.ensure_future(asker.ask(within_s=30))
        await asyncio.sleep(0)
        answer = await asker.ask(within_s=0.2)
        assert answer.failure is Failure.DNS_TIMEOUT
        assert not slow.done()
        slow.cancel()


async def test_whoever_has_time_left_is_not_told_of_anothers_deadline(tmp_path):
    quiet = True

    async with name_server(lambda question: None if quiet else address(question)) as server:
        asker = Asker(tmp_path, server.place)
        hasty = asyncio.ensure_future(asker.ask(within_s=0.1))
        await asyncio.sleep(0)
        patient = asyncio.ensure_future(asker.ask(within_s=20))
        assert (await hasty).failure is Failure.DNS_TIMEOUT
        quiet = False
        assert (await patient).addresses == ("192.0.2.7",)


async def test_a_module_of_the_system_that_hangs_does_not_hold_the_deadline(tmp_path, monkeypatch):
    async def hangs(*_, **__):
        await asyncio.sleep(60)

    asker = Asker(tmp_path, resolv="nameserver 127.0.0.1\n", order="files dns mymachines")
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hangs)
    monkeypatch.setattr("uptime_tui.resolve.lookup.classify", lambda *_: _missing())
    assert (await asker.ask(within_s=0.2)).failure is Failure.DNS_NXDOMAIN


def _missing():
    return Answer((), Failure.DNS_NXDOMAIN, "www.example.net does not exist", ttl_s=5.0)


def test_no_resolv_conf_means_a_server_on_this_machine(tmp_path):
    assert WatchedFile(tmp_path / "resolv.conf", parse_resolv).value().servers == (("127.0.0.1", 53),)


def test_a_file_that_cannot_be_read_for_want_of_descriptors_keeps_its_word(tmp_path, monkeypatch):
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.1 db\n")
    watched = WatchedFile(hosts, parse_hosts)
    before = watched.value()

    def full(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    hosts.write_text("192.0.2.2 db more\n")
    monkeypatch.setattr(Path, "read_bytes", full)
    assert watched.value() == before
