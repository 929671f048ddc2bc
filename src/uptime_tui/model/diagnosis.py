"""Why a monitor fails: the facts that were checked, the causes they leave, what to check next."""

from typing import Literal

import msgspec

from uptime_tui.model.failure import Failure
from uptime_tui.model.result import Evidence, Result
from uptime_tui.model.units import MonitorId

Verdict = Literal["fine", "wrong", "open"]
"""`fine`: checked, nothing wrong; `wrong`: found to be so; `open`: cannot be seen from here."""


class Check(msgspec.Struct, frozen=True, gc=False):
    """One thing to check, and what is known of it already."""

    text: str
    verdict: Verdict = "open"
    seen: tuple[str, ...] = ()
    """Ids of the evidence that answers it."""
    command: str = ""
    """What shows it, to be run where it can be seen."""
    where: str = ""
    """Where a person looks, for what no command shows or shows in part only."""


class Suspect(msgspec.Struct, frozen=True):
    """A possible cause of one failure, ranked."""

    id: str
    text: str
    confidence: float
    """0 to 1; those of all suspects of a diagnosis sum up to 1 at most: what is left is none of them."""
    speaks_for: tuple[str, ...] = ()
    """Ids of evidence."""
    speaks_against: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


class Relation(msgspec.Struct, frozen=True, gc=False):
    """Other monitors that share something with this one: how far the fault reaches."""

    shared: str
    """`host`, `network`, `name`, `certificate`, `mail domain`…, with its value: `host mx1.example.net`."""
    failing: tuple[str, ...] = ()
    """Names of monitors."""
    fine: tuple[str, ...] = ()


class Past(msgspec.Struct, frozen=True, gc=False):
    """One earlier result of a monitor; one of each address where its name has several."""

    at_ms: int
    failure: Failure | None
    address: str | None = None
    total_ms: float | None = None


class Diagnosis(msgspec.Struct, frozen=True):
    """What was found out about one failure, frozen at the time; readable long after the recovery."""

    monitor: MonitorId
    at_ms: int
    """Unix time in milliseconds at which the search began."""
    failed: Result
    """The probe that is explained."""
    failure: Failure | None = None
    """What is explained: the probe's failure, or what several of them make (`intermittent`)."""
    last_good: Result | None = None
    """The newest success before it, where there was one."""
    evidence: tuple[Evidence, ...] = ()
    """The probe's own first, then in the order in which it was found."""
    suspects: tuple[Suspect, ...] = ()
    """Likeliest first."""
    relations: tuple[Relation, ...] = ()
    summary: str = ""
    """What several monitors together say, one sentence: the mail stack, not the host; empty when nothing."""
    complete: bool = False
    """False while facts still arrive."""
    took_ms: float = 0.0
    packets: int = 0
    """Sent in search of it."""
    audit: tuple[Evidence, ...] = ()
    """The mail domain's records, where the monitor is a mail server's."""

    @property
    def first(self) -> Suspect | None:
        """The likeliest cause."""
        return self.suspects[0] if self.suspects else None
