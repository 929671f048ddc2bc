"""Where a probe starts from: the interface every vantage has, and what it is asked to do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from uptime_tui.catalogue.service import Service
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result
from uptime_tui.model.units import VantageName

Done = Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """One probe to run: the monitor, and the catalogue's word on its service."""

    monitor: Monitor
    service: Service


class Vantage(Protocol):
    """Starts probes. `done` is called exactly once for each, on the loop's thread, whatever happens."""

    @property
    def name(self) -> VantageName:
        """As written in Result."""

    @property
    def in_flight(self) -> int:
        """Probes started and not done."""

    def probe(self, plan: Plan, done: Done) -> None:
        """Start one probe. Never raises for a target's fault; `done` gets the Result."""

    def close(self) -> None:
        """Give up what is in flight (its `done` is not called any more) and free every descriptor."""
