"""One probe's record: how far it got, how long each phase took, and what was seen."""

from typing import Final

import msgspec

from uptime_tui.model.certificate import Certificate
from uptime_tui.model.failure import FACTS, Failure, Phase, Side, Status
from uptime_tui.model.outcome import Rest
from uptime_tui.model.units import LOCAL, MonitorId, VantageName

NO_NEIGHBOUR: Final = "neighbour_silent"
"""Evidence that the first hop, the target itself or the gateway towards it, does not answer this machine's search."""

WENT_SILENT: Final = "went_silent"
"""Evidence that a conversation ended because nothing came any more."""


class Timings(msgspec.Struct, frozen=True, gc=False):
    """Milliseconds spent in each phase; None for a phase that was not reached or not needed."""

    dns: float | None = None
    connect: float | None = None
    tls: float | None = None
    protocol: float | None = None
    total: float | None = None
    content: float | None = None
    """Share of `protocol` that waited for and read the body; not part of the JSON contract."""


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """One checked fact of a probe, in the order in which it was seen."""

    id: str
    phase: Phase
    ok: bool | None
    """True speaks for the target, False against it, None is neither."""
    text: str
    """Safe text, one line."""


ACCEPTED: Final = Evidence("tcp_connect", Phase.CONNECT, ok=True, text="")
"""A connection that stood. Nearly every probe has it, so its text is made when somebody reads it (`Result.facts`)."""


class AddressTrial(msgspec.Struct, frozen=True, gc=False):
    """What one address of a name with several said in one probe."""

    address: str
    failure: Failure | None
    total_ms: float | None = None


class Result(msgspec.Struct, frozen=True, gc=False):
    """One probe's full record. `failure is None` means the probe succeeded."""

    monitor: MonitorId
    at_ms: int
    """Unix time in milliseconds at which the probe started (wall clock of the vantage's machine)."""
    failure: Failure | None
    phase: Phase | None
    """Where it failed; None on success."""
    detail: str
    timings: Timings
    address: str | None = None
    port: int | None = None
    vantage: VantageName = LOCAL
    certificate: Certificate | None = None
    banner: str = ""
    evidence: tuple[Evidence, ...] = ()
    severity: Status | None = None
    """Overrides the code's own status: a panel's self-signed certificate; what this machine itself forbids."""
    rest: Rest | None = None
    """The server is to be left alone for a while; the engine obeys, whatever the interval says."""
    trials: tuple[AddressTrial, ...] = ()
    """Of a name with several addresses: each that was spoken to and said something of the target."""

    @property
    def status(self) -> Status:
        """The status this single probe speaks for."""
        if self.failure is None:
            return Status.UP
        return self.severity or FACTS[self.failure].status

    @property
    def facts(self) -> tuple[Evidence, ...]:
        """The evidence with every text in full."""
        return tuple(each if each != ACCEPTED else self._accepted() for each in self.evidence)

    def _accepted(self) -> Evidence:
        host = f"[{self.address}]" if self.address and ":" in self.address else self.address
        text = f"{host}:{self.port} accepted in {self.timings.connect or 0.0:.1f} ms"
        return msgspec.structs.replace(ACCEPTED, text=text)

    @property
    def side(self) -> Side | None:
        """Whose fault; None on success. What leaves the status unknown is ours, whatever the code usually means."""
        if self.failure is None:
            return None
        return Side.OURS if self.severity is Status.UNKNOWN else FACTS[self.failure].side
