"""The knowledge base is complete: every failure of every service has a cause, a check and a command that parses."""

import re
import shlex
from importlib.resources import files

import pytest

from support.hints import CATALOGUE, KNOWLEDGE, every, hints
from uptime_tui.diagnose.rank import rank
from uptime_tui.knowledge.entry import placeholders
from uptime_tui.knowledge.facts import facts_for
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Evidence
from uptime_tui.model.target import Target
from uptime_tui.model.units import MonitorId


def test_files_are_the_failure_codes():
    names = {f.name for f in files("uptime_tui.knowledge").joinpath("failures").iterdir() if f.name.endswith(".toml")}
    assert names == {f"{failure}.toml" for failure in Failure}


@pytest.mark.parametrize("failure", list(Failure))
def test_every_service_has_a_cause_a_check_and_a_command(failure):
    for name in CATALOGUE.services:
        for address in ("192.0.2.7", None):
            found = hints(failure, name, address)
            assert found.causes, name
            assert any(cause.check for cause in found.causes), name
            assert any(cause.every_command for cause in found.causes), name
            assert found.meaning
            assert found.title


@pytest.mark.parametrize("failure", list(Failure))
def test_texts_are_filled_and_commands_parse(failure):
    for name in CATALOGUE.services:
        found = hints(failure, name)
        texts = [found.meaning, found.title, *(c.text for c in found.causes)]
        texts += [text for c in found.causes for text in (*c.checks, *c.every_command)]
        for text in texts:
            assert not placeholders(text), text
            assert "\n" not in text
        for cause in found.causes:
            for command in cause.every_command:
                assert shlex.split(command)


@pytest.mark.parametrize("failure", list(Failure))
def test_causes_are_sound(failure):
    entry = KNOWLEDGE.entry(failure)
    for name, refinement in {"": entry, **entry.service}.items():
        assert name == "" or name in CATALOGUE.services
        if name and refinement.like:
            assert refinement.like in entry.service, name
        ids = [cause.id for cause in (*refinement.cause, *(entry.cause if name else ()))]
        assert len(ids) == len(set(ids)), name
        for cause in refinement.cause:
            assert 0 < cause.weight <= 1
            assert cause.id.isidentifier()
            assert cause.id.islower()
            assert cause.check, cause.id


def test_the_rows_of_the_missions_table_are_there():
    """Connection refused, timeout, DNS failure, intermittent, works locally but fails externally."""
    wanted = {
        Failure.REFUSED: ("nothing_listening", "port_binding", "container_mapping"),
        Failure.TIMEOUT: ("filtered", "routing", "overloaded", "host_down"),
        Failure.DNS_NXDOMAIN: ("record_missing", "dangling_cname"),
        Failure.DNS_BOGUS: ("signature_expired",),
        Failure.INTERMITTENT: ("one_backend", "unstable_path", "rate_limit", "exhaustion"),
        Failure.PARTIAL: ("listen_local", "nat", "firewall_allowlist", "public_routing"),
    }
    for failure, ids in wanted.items():
        assert set(ids) <= {cause.id for cause in KNOWLEDGE.entry(failure).cause}


ROWS = [
    Failure.REFUSED, Failure.TIMEOUT, *(f for f in Failure if f.startswith("dns_")), Failure.INTERMITTENT, Failure.PARTIAL,
]  # fmt: skip
"""The mission's table."""


@pytest.mark.parametrize("failure", list(Failure))
def test_every_check_has_the_command_that_shows_it_or_says_where_a_person_looks(failure):
    """For every service, one that names no unit, log or file among them, and before the name was resolved."""
    for cause in (cause for found in every(failure) for cause in found.causes):
        assert not cause.commands, "a command stands beside the check that it answers"
        for item in cause.items:
            assert item.command or item.where, (cause.id, item.text)
            assert not placeholders(item.where)


@pytest.mark.parametrize("failure", list(Failure))
def test_no_check_is_lost_for_want_of_a_fact(failure):
    entry = KNOWLEDGE.entry(failure)
    known = {cause.id: len(cause.items) for cause in entry.cause}
    for cause in hints(failure, "bare", None).causes:
        assert len(cause.items) == known[cause.id], cause.id


@pytest.mark.parametrize("failure", [*ROWS, Failure.HOST_UNREACHABLE, Failure.NET_UNREACHABLE, Failure.PROHIBITED])
def test_every_check_is_answered_by_its_evidence(failure):
    for name in CATALOGUE.services:
        found = hints(failure, name)
        for cause in found.causes:
            for item in cause.items:
                for id_, verdict in [(i, "fine") for i in item.fine] + [(i, "wrong") for i in item.wrong]:
                    seen = [Evidence(id_, Phase.CONNECT, None, id_)]
                    shown = next(each for each in rank(found, seen) if each.id == cause.id)
                    answered = {check.text: check.verdict for check in shown.checks}
                    assert answered[item.text] == verdict, (name, cause.id)


def test_service_causes_come_before_general_ones_of_less_weight():
    found = hints(Failure.TIMEOUT, "smtp")
    assert found.causes[0].id == "egress_25"
    assert [c.weight for c in found.causes] == sorted((c.weight for c in found.causes), reverse=True)


def test_a_command_without_its_fact_gives_way_to_one_that_needs_none():
    running = {name: hints(Failure.REFUSED, name).causes[0].items[0] for name in ("imap", "tcp")}
    assert running["imap"].text == running["tcp"].text
    assert running["imap"].command == "systemctl status dovecot --no-pager"
    assert running["tcp"].command.startswith("systemctl list-units ")


def commands(failure, service_name, **place):
    return [command for cause in hints(failure, service_name, **place).causes for command in cause.every_command]


@pytest.mark.parametrize("failure", list(Failure))
def test_an_ipv6_address_stands_in_brackets_before_a_port(failure):
    for name in CATALOGUE.services:
        for command in commands(failure, name, address="2001:db8::7", host="2001:db8::7"):
            assert "db8::7:" not in command, command
            assert "-servername" not in command, command


@pytest.mark.parametrize(
    ("service", "word"),
    [("smtp", "smtp"), ("submission", "smtp"), ("imap", "imap"), ("pop3", "pop3"), ("ftp", "ftp"), ("imaps", "")],
)
def test_a_certificate_is_asked_for_in_the_services_own_way(service, word):
    asked = [c for c in commands(Failure.TLS_EXPIRED, service) if c.startswith("openssl s_client")]
    assert asked
    for command in asked:
        assert (f" -starttls {word} " in command) if word else ("-starttls" not in command), command
        assert " -servername host.example" in command


def test_a_hosts_zone_and_any_path_stay_one_word_of_the_shell():
    service = CATALOGUE.get("https")
    target = Target("https", "fe80::1%eth0", 443, "/$(id);`x`?a='b'&c")
    facts = facts_for(Monitor(MonitorId(1), "m", target, "web"), service, None)
    assert shlex.split(facts["url"]) == ["https://[fe80::1%eth0]:443/$(id);`x`?a='b'&c"]
    assert shlex.split(facts["place"]) == ["[fe80::1%eth0]:443"]
    assert facts_for(Monitor(MonitorId(1), "m", target, "web"), service, "fe80::1%eth0")["address"] == "fe80::1"


def test_what_is_like_one_that_is_like_another_has_the_words_of_all():
    plain, secured = (hints(Failure.TIMEOUT, name).causes for name in ("redis", "rediss"))
    assert [cause.id for cause in secured] == [cause.id for cause in plain]
    (blocked,) = (cause for cause in secured if cause.id == "blocked_loop")
    assert "redis-cli --tls -h host.example -p 6379 slowlog get 10" in blocked.every_command
    assert KNOWLEDGE.entry(Failure.TIMEOUT).service["mongodb"].like == "mysql", "two steps"


def test_what_is_said_of_one_service_counts_for_those_that_are_like_it():
    assert hints(Failure.BUSY, "pop3s").causes[0].id == "login_service_full"
    missing = hints(Failure.STARTTLS_MISSING, "pop3")
    assert missing.causes[0].id == "dovecot_ssl_off"
    assert "no_certificate" not in {cause.id for cause in missing.causes}
    assert missing.meaning.startswith("The mailbox server")


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (Failure.REFUSED_SERVICE, "key_not_accepted"),
        (Failure.WRONG_SERVICE, "host_key_changed"),
        (Failure.CLOSED_EARLY, "chroot_modes"),
        (Failure.BAD_PROTOCOL, "shell_talks"),
        (Failure.VANTAGE_POLICY, "sftp_key"),
    ],
)
def test_sftp_has_hints_of_its_own(failure, cause):
    assert cause in {found.id for found in hints(failure, "sftp").causes}
    assert cause not in {found.id for found in hints(failure, "ssh").causes}


@pytest.mark.parametrize("failure", list(Failure))
def test_nobody_is_told_to_connect_bare_to_mysql(failure):
    """It counts such a visit, and blocks the host after some (probes of it have to log in for the same reason)."""
    assert not [text for text in commands(failure, "mysql") if re.search(r"\bnc\b.*\b3306\b", text)]
