"""A certificate's problem may be worse, or better, than its code says."""

import msgspec
import pytest

from support.fleets import monitor, result
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.model.certificate import DAY_S, Certificate
from uptime_tui.model.failure import Failure, Status
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.findings import judge_severity

NOW = 1_800_000_000
CERTIFICATE = Certificate("a.test", "CA", ("a.test",), NOW - 60 * DAY_S, NOW + 30 * DAY_S, "0" * 64)
CATALOGUE = load_catalogue()


@pytest.mark.parametrize(
    ("service", "failure", "changes", "status"),
    [
        ("https", Failure.TLS_EXPIRING, {"not_after": NOW + 8 * DAY_S}, Status.DEGRADED),
        ("https", Failure.TLS_EXPIRING, {"not_after": NOW + 6 * DAY_S}, Status.DOWN),
        ("https", None, {"not_after": NOW + 6 * DAY_S}, Status.UP),
        ("https", Failure.TLS_SELF_SIGNED, {}, Status.DOWN),
        ("cpanel", Failure.TLS_SELF_SIGNED, {}, Status.DEGRADED),
        ("cpanel", Failure.TLS_UNTRUSTED, {}, Status.DEGRADED),
        ("cpanel", Failure.TLS_UNTRUSTED, {"pinned": False}, Status.DOWN),
        ("cpanel", Failure.TIMEOUT, {}, Status.DOWN),
    ],
)
def test_severity(service, failure, changes, status):
    plan = Plan(monitor(target=(service, "a.test", 443)), CATALOGUE.get(service))
    certificate = msgspec.structs.replace(CERTIFICATE, **changes)
    severity = judge_severity(failure, certificate, plan, NOW)
    assert result(failure, certificate=certificate, severity=severity).status is status
