"""What is to be explained, and what a collector of evidence may use to explain it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from uptime_tui.dial.direct import Dialler
from uptime_tui.dial.routes import is_own, route_to
from uptime_tui.model.diagnosis import Past
from uptime_tui.model.failure import FACTS, Failure, Phase, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Evidence, Result
from uptime_tui.model.units import LOCAL
from uptime_tui.resolve.answer import Answer
from uptime_tui.resolve.lookup import Resolver
from uptime_tui.vantage.base import Plan

if TYPE_CHECKING:
    from uptime_tui.resolve.inquiry import Inquiry  # it loads dnspython

MAX_S: Final = 5.0
MAX_PACKETS: Final = 30
NEVER_BARE: Final = frozenset({3306})
"""Ports that are never connected to without a handshake, whoever listens there."""
NO_ANSWER: Final = frozenset({Failure.TIMEOUT, Failure.HOST_UNREACHABLE, Failure.NET_UNREACHABLE, Failure.PROHIBITED})
"""No connection, and it is not the target's port that has said so."""
NO_CONNECTION: Final = NO_ANSWER | {Failure.REFUSED}
NO_NAME: Final = frozenset(failure for failure, facts in FACTS.items() if facts.phase is Phase.DNS)
"""The name leads nowhere."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another monitor of the fleet as it is now."""

    monitor: Monitor
    status: Status
    failure: Failure | None = None
    address: str | None = None
    """Where its newest probe went."""
    since_ms: int = 0
    """Unix time at which its status began."""
    certificate: str = ""
    """SHA-256 of its server's certificate, hex; empty without one."""
    last_ms: int = 0
    """Unix time of its newest probe."""
    certificate_end: int = 0
    """Unix seconds at which its server's certificate expires; 0 without one."""


@dataclass(frozen=True, slots=True)
class Case:
    """A failed probe with everything that was known when it failed. Collectors read it, nobody changes it."""

    plan: Plan
    result: Result
    """The failed probe."""
    across: Failure | None = None
    """What several probes together make (`intermittent`), where that is what is to be explained."""
    addresses: tuple[str, ...] = ()
    """Of the target's name, as the system resolves it now; empty where it does not."""
    last_good: Result | None = None
    neighbours: tuple[Neighbour, ...] = ()
    """The rest of the fleet; empty where there is none (`diagnose TARGET` without an engine)."""
    past: tuple[Past, ...] = ()
    """Results before the failed one, oldest first, at most some hundred; the engine keeps them of names with several
    addresses only."""
    recent: tuple[bool, ...] = ()
    """Which of the last probes failed, oldest first, this one among them."""
    since_ms: int = 0
    """Unix time of the first of the failed probes in a row that ends with this one; 0: not known."""
    offline: bool = False
    """The engine knows that this machine has no network."""
    dkim_selectors: tuple[str, ...] = ()
    """That the user has named."""
    dnsbl: tuple[str, ...] = ()
    """Zones of block lists the user wants to be asked; none by default."""

    @property
    def failure(self) -> Failure | None:
        """What is to be explained; None where nothing failed."""
        return self.across or self.result.failure

    @property
    def address(self) -> str:
        """Where the failed probe went; empty when no address was known."""
        return self.result.address or (self.addresses[0] if self.addresses else "")

    @property
    def port(self) -> int:
        """The target's."""
        return self.plan.monitor.target.port

    @property
    def is_here(self) -> bool:
        """Whether the probe started from this machine, so that what is seen from here explains it."""
        return self.result.vantage == LOCAL

    @property
    def counts_connects(self) -> bool:
        """Whether a bare connect harms: MySQL blocks the whole machine after some (`max_connect_errors`)."""
        return self.plan.service.handshake == "mysql" or self.port in NEVER_BARE


def is_silent(case: Case) -> bool:
    """Whether nothing came back from the port of another machine, one that this machine has a route to."""
    asked = NO_ANSWER | {Failure.PARTIAL}
    if not (case.is_here and case.address and case.failure in asked) or is_own(case.address):
        return False
    return not route_to(case.address).errno


class Budget:
    """Packets that may still be sent. One that is not granted is not sent."""

    def __init__(self, packets: int = MAX_PACKETS) -> None:
        self.left = packets
        self.spent = 0

    def take(self, packets: int) -> bool:
        """Whether so many may be sent; they count as sent then."""
        if packets > self.left:
            return False
        self.left -= packets
        self.spent += packets
        return True

    def give(self, packets: int) -> None:
        """Back what was granted and not sent."""
        self.left += packets
        self.spent -= packets


@dataclass(slots=True)
class Means:
    """What collectors work with. Times are the loop's, in seconds."""

    dialler: Dialler
    resolver: Resolver
    deadline_s: float
    budget: Budget = field(default_factory=Budget)
    proc: Path = Path("/proc")
    _inquiry: "Inquiry | None" = None

    @property
    def names(self) -> "Inquiry":
        """Questions to name servers, on this budget; shared, so that two collectors do not ask the same twice."""
        if self._inquiry is None:
            from uptime_tui.resolve.inquiry import Inquiry

            self._inquiry = Inquiry(self.resolver.name_servers, self.budget.take, self.deadline_s)
        return self._inquiry

    async def addresses(self, host: str) -> tuple[str, ...]:
        """Addresses of a name as the system resolves it; none where it does not in time."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Answer] = loop.create_future()

        def arrived(answer: Answer) -> None:
            if not waiting.done():
                waiting.set_result(answer)

        self.resolver.resolve(host, self.deadline_s, arrived)
        return (await waiting).addresses

    @property
    def left_s(self) -> float:
        """Until the deadline; 0 when it has passed."""
        return max(0.0, self.deadline_s - asyncio.get_running_loop().time())


class Collector(Protocol):
    """A module of `diagnose.evidence`: it answers one question. Found by its file."""

    QUESTION: str
    """As a person would ask it."""
    STAGE: int
    """When: 0 sends nothing, 1 asks name servers, 2 looks next door, 3 walks the path. Those of one run together."""
    PACKETS: int
    """The most it sends; each is asked of the budget before it goes."""
    FACTS: dict[str, str]
    """Every evidence id it may yield, with what it means; the knowledge base refers to them."""

    @staticmethod
    def wants(case: Case) -> bool:
        """Whether its answer could change anything about this failure."""

    @staticmethod
    def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
        """Facts as they are found. Never raises for what the network does."""
