"""The certificate that each monitor's server shows, and what is said when it is another one than before."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from uptime_tui.engine.wallclock import BY_THE_CLOCK, WallClock
from uptime_tui.journal.writer import Journal
from uptime_tui.model.certificate import Certificate
from uptime_tui.model.events import Event, EventKind
from uptime_tui.model.failure import Phase, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result
from uptime_tui.model.succession import Shown, Succession, judge_succession, tell_succession
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.base import Plan
from uptime_tui.wire.messages import NAMES_SHOWN, CertificateRow

_KINDS: Final = {
    Succession.RENEWED: EventKind.CERTIFICATE_RENEWED,
    Succession.CHANGED: EventKind.CERTIFICATE_CHANGED,
}


class Certificates:
    """Owns what was shown last.

    Args:
        journal: keeps it across restarts; written only when another certificate comes.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.shown: dict[MonitorId, Shown] = {}
        self.clock = WallClock(self.shown)
        """Judges what is held against a certificate by time alone."""
        self.changed: Callable[[MonitorId], None] = lambda _: None
        """Told the id of a monitor whose certificate, or what is said of it, changed."""

    def get(self, number: MonitorId) -> Certificate | None:
        """The newest certificate of a monitor's server."""
        shown = self.shown.get(number)
        return None if shown is None else shown.newest

    def row(self, number: MonitorId) -> CertificateRow | None:
        """What a list shows of it."""
        certificate = self.get(number)
        if certificate is None:
            return None
        names = certificate.names
        return CertificateRow(
            number, certificate.not_before, certificate.not_after, certificate.subject, names[:NAMES_SHOWN],
            max(0, len(names) - NAMES_SHOWN), certificate.issuer, certificate.problems, certificate.protocol,
            certificate.sha256,
        )  # fmt: skip

    def rows(self) -> tuple[CertificateRow, ...]:
        """All of them."""
        return tuple(row for number in self.shown if (row := self.row(number)) is not None)

    def restore(self, shown: dict[MonitorId, Shown], monitors: Iterable[Monitor]) -> None:
        """Go on where the last engine ended, with those whose target is still the same."""
        for monitor in monitors:
            if monitor.id in shown:
                self.shown[monitor.id] = shown[monitor.id]
                self.settle(monitor)

    def settle(self, monitor: Monitor) -> None:
        """A monitor was edited: what another target has shown does not count."""
        shown = self.shown.get(monitor.id)
        if shown is not None and shown.place != _place(monitor):
            del self.shown[monitor.id]

    def are_awaited(self, monitor: Monitor, result: Result, plans: Mapping[MonitorId, Plan]) -> bool:
        """Whether nothing but our clock is against a target, and certificates that could tell of it are to come."""
        if result.failure not in BY_THE_CLOCK:
            return False
        if monitor.id not in self.shown:  # it is one of them itself
            self.take(monitor, result, Status.PENDING)
        if self.clock.has_witnesses:
            return False
        return any(
            plan.service.tls != "none" and not plan.monitor.paused and number not in self.shown
            for number, plan in plans.items()
        )

    def take(self, monitor: Monitor, result: Result, status: Status) -> tuple[Event, ...]:
        """Take in what a probe saw; returns what is to be announced.

        Args:
            monitor: whose probe it was.
            result: its record.
            status: the monitor's, for the event.
        """
        certificate = result.certificate
        if certificate is None or (monitor.request.follow and result.phase is Phase.TLS):
            return ()  # after a redirect it may be another server's
        before = self.shown.get(monitor.id)
        if before is None:
            after = Shown(_place(monitor), certificate, (certificate.sha256,))
        elif before.newest == certificate:
            return ()
        else:
            after = before.followed_by(certificate)
        self.shown[monitor.id] = after
        self.changed(monitor.id)
        if before is not None and after.lately is before.lately:
            return ()
        self._journal.keep_certificate(monitor.id, after)
        if before is None:
            return ()
        kind = _KINDS[judge_succession(before.newest, certificate)]
        told = tell_succession(before.newest, certificate)
        return (Event(monitor.id, result.at_ms, kind, status, status, None, told),)


def _place(monitor: Monitor) -> str:
    """What the certificate belongs to: another name may have another certificate on the same server."""
    target = monitor.target
    return f"{target.service} {monitor.expect.tls_name or target.host} {target.host}:{target.port}"
