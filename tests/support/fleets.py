"""Monitors, results and rows with everything that a test does not care about filled in."""

from uptime_tui.model.failure import FACTS, Failure, Status
from uptime_tui.model.monitor import Expectations, Monitor
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.target import Target
from uptime_tui.model.units import MonitorId
from uptime_tui.wire.messages import CertificateRow, FleetState, MonitorRow, Vitals

NOW_MS = 1_800_000_000_000


def monitor(number=1, name="", **changes):
    """A monitor; a target is `service, host, port[, path]`."""
    target = Target(*changes.pop("target", ("tcp", f"host{number}.example.net", 9000)))
    fields = {"category": "web", "interval_s": 60.0, "expect": Expectations(), **changes}
    return Monitor(MonitorId(number), name or f"monitor {number:05}", target, **fields)


def result(failure=None, at_ms=NOW_MS, number=1, **changes):
    """A result; None is a success."""
    if failure is not None:
        failure = Failure(failure)
        changes = {"phase": FACTS[failure].phase, "detail": f"saw {failure}", **changes}
    fields = {"phase": None, "detail": "", "timings": Timings(total=12.5), **changes}
    return Result(monitor=MonitorId(number), at_ms=at_ms, failure=failure, **fields)


def row(number=1, status="up", **changes):
    """A row, as the engine sends it."""
    for key in ("suspected", "failure"):
        if changes.get(key) is not None:
            changes[key] = Failure(changes[key])
    fields = {
        "since_ms": NOW_MS - 240_000, "suspected": None, "failure": None, "detail": "", "flapping": False,
        "last_ms": NOW_MS - 5000, "latency_ms": 12.5, "cert_not_after": None, "trend": b"", **changes,
    }  # fmt: skip
    return MonitorRow(id=MonitorId(number), status=Status(status), **fields)


def certificate_row(number=1, days=60.0, now_ms=NOW_MS, **changes):
    """A certificate of 90 days with so many left; problems by their codes."""
    end = int(now_ms / 1000 + days * 86_400)
    fields = {
        "not_before": end - 90 * 86_400, "not_after": end, "subject": f"host{number}.example.net",
        "names": (f"host{number}.example.net",), "more_names": 0, "issuer": "E7, Let's Encrypt", "protocol": "TLSv1.3",
        "sha256": f"{number:064x}", **changes,
    }  # fmt: skip
    fields["problems"] = tuple(Failure(code) for code in changes.get("problems", ()))
    return CertificateRow(id=MonitorId(number), **fields)


def fleet(*entries, **changes):
    """A FleetState of (monitor, row) pairs."""
    fields = {"notices": (), "vitals": Vitals(), **changes}
    return FleetState(monitors=tuple(m for m, _ in entries), rows=tuple(r for _, r in entries), **fields)
