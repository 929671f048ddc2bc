"""The knowledge base is complete: every failure of every service has a cause, a check and a command that parses."""

import shlex
from importlib.resources import files

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.diagnose.rank import rank
from uptime_tui.knowledge.entry import hints_for, placeholders
from uptime_tui.knowledge.facts import facts_for
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Evidence
from uptime_tui.model.target import Target
from uptime_tui.model.units import MonitorId

CATALOGUE = load_catalogue()
KNOWLEDGE = load_knowledge()


def hints(failure, service_name, address="192.0.2.7", host="host.example"):
    service = CATALOGUE.get(service_name)
    target = Target(service_name, host, service.port or 7000)
    monitor = Monitor(MonitorId(1), "a monitor", target, service.category)
    facts = facts_for(monitor, service, address)
    return hints_for(KNOWLEDGE.entry(failure), failure, service_name, facts)


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
            assert not entry.service[refinement.like].like, name
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


@pytest.mark.parametrize(
    "failure",
    [
        Failure.REFUSED, Failure.TIMEOUT, Failure.INTERMITTENT, Failure.PARTIAL, Failure.HOST_UNREACHABLE,
        Failure.NET_UNREACHABLE, Failure.PROHIBITED,
    ],
)  # fmt: skip
def test_every_check_of_the_missions_table_is_answered_or_has_its_command(failure):
    """Without any evidence each shows the command to run; with its fact it is answered."""
    for name in CATALOGUE.services:
        found = hints(failure, name)
        for suspect in rank(found, []):
            assert any(check.command for check in suspect.checks), (name, suspect.id)
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


def test_a_command_without_its_fact_is_left_out():
    found = hints(Failure.REFUSED, "tcp")
    assert not any("systemctl status" in command for cause in found.causes for command in cause.commands)
    assert any("nc -vz" in command for cause in found.causes for command in cause.commands)


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
