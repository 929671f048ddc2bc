"""The failure codes: exactly the contract's, each with its facts."""

import pytest

from uptime_tui.model.errors import UserError
from uptime_tui.model.failure import FACTS, Failure, Phase, Side, Status
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.units import MonitorId

CONTRACT = {
    Phase.DNS: "dns_nxdomain dns_no_address dns_servfail dns_bogus dns_timeout dns_refused dns_inconsistent",
    Phase.CONNECT: "refused timeout host_unreachable net_unreachable prohibited",
    Phase.TLS: "tls_expired tls_not_yet_valid tls_name_mismatch tls_self_signed tls_untrusted tls_expiring tls_not_tls "
    "tls_handshake starttls_missing starttls_injection",
    Phase.PROTOCOL: "no_greeting closed_early wrong_service bad_protocol busy refused_service watcher_blocked",
    Phase.CONTENT: "http_status keyword_missing keyword_present json_invalid json_mismatch redirect too_slow body_too_large exposed",
    None: "intermittent partial packet_loss no_descriptors no_source_ports watcher_offline vantage_down vantage_policy",
}
OURS = ["no_descriptors", "no_source_ports", "watcher_offline", "vantage_down", "vantage_policy"]


LATER = ["exposed"]
"""At the end whatever their phase: the journal keeps codes by their place."""


def test_the_codes_are_the_contracts():
    first = [code for code in " ".join(CONTRACT.values()).split() if code not in LATER]
    assert [failure.value for failure in Failure] == [*first, *LATER]
    assert list(FACTS) == list(Failure)


@pytest.mark.parametrize("failure", Failure)
def test_facts(failure):
    facts = FACTS[failure]
    assert failure.value in CONTRACT[facts.phase].split()
    assert (facts.side is Side.OURS) == (failure.value in OURS) == (facts.status is Status.UNKNOWN)
    assert facts.status in {Status.DOWN, Status.DEGRADED, Status.UNKNOWN}
    assert 0 < len(facts.title) <= 34


def result(failure, severity=None):
    return Result(MonitorId(1), 0, failure, None, "", Timings(), severity=severity)


def test_a_result_speaks_for_a_status():
    assert (result(None).status, result(None).side) == (Status.UP, None)
    assert (result(Failure.REFUSED).status, result(Failure.REFUSED).side) == (Status.DOWN, Side.THEIRS)
    assert (result(Failure.WATCHER_OFFLINE).status, result(Failure.WATCHER_OFFLINE).side) == (Status.UNKNOWN, Side.OURS)
    assert result(Failure.TLS_SELF_SIGNED, Status.DEGRADED).status is Status.DEGRADED


def test_a_users_error_is_one_line():
    assert str(UserError("port is no number")) == "port is no number"
    assert (
        str(UserError("bad\nkey", where="monitors.toml:12", todo="write  port"))
        == "monitors.toml:12: bad key (write port)"
    )
