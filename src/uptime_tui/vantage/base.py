"""Where a probe starts from: the interface every vantage has, and what it is asked to do."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from msgspec.structs import force_setattr

from uptime_tui.catalogue.service import Service
from uptime_tui.model.monitor import Login, Monitor
from uptime_tui.model.outcome import Leads, Search
from uptime_tui.model.result import Result
from uptime_tui.model.secret import Credentials
from uptime_tui.model.units import VantageName

Done = Callable[[Result], None]
Left = Leads | Search | None
"""What remains to be done after a conversation before its result is the probe's."""
LegDone = Callable[[Result, Left], None]
Unlock = Callable[[Login, float, Callable[[Credentials | str], None]], None]
"""Finds the secret of a login within so many seconds: credentials, or why there are none (`config.secrets`)."""


class Plan(msgspec.Struct, frozen=True):
    """One probe to run: the monitor, and the catalogue's word on its service."""

    monitor: Monitor
    service: Service
    bare: bool = False
    """A connect is all there is to see."""
    welcome: str = ""
    """What is said of one that stood."""
    steps: bool = False
    """A secret is to be found, redirects followed or a page searched: more than one conversation makes."""

    def __post_init__(self) -> None:
        """What depends on both and is asked for every probe."""
        monitor, service = self.monitor, self.service
        force_setattr(self, "bare", service.handshake == "tcp" and service.tls != "implicit")
        force_setattr(self, "welcome", f"port {monitor.target.port} accepts connections")
        steps = monitor.request.follow or monitor.login.secret or monitor.expect.regex
        force_setattr(self, "steps", bool(steps))

    def knock(self) -> "Plan":
        """The same, but nothing is said: is anybody there at all?"""
        knock = Plan(self.monitor, self.service)
        force_setattr(knock, "bare", True)
        force_setattr(knock, "steps", False)
        return knock


class Leg(msgspec.Struct, frozen=True):
    """One conversation of a probe that may need several."""

    deadline_s: float
    """On the loop's clock, the whole probe's."""
    login: Credentials | None = None
    sender: str = ""
    """Address of the server that sent us on by a redirect; empty: the target is the user's own choice."""
    address: str = ""
    """The only address of the target that is spoken to; empty: the first that can be reached."""
    key: Any = None
    """The private key of the login, read and ready (`vantage.sessions`), where it has one."""


class Vantage(Protocol):
    """Starts probes. `done` is called exactly once for each, on the loop's thread, whatever happens."""

    @property
    def name(self) -> VantageName:
        """As written in Result."""

    def probe(self, plan: Plan, done: Done) -> None:
        """Start one probe. Never raises for a target's fault; `done` gets the Result."""

    def close(self) -> None:
        """Give up what is in flight (its `done` is not called any more) and free every descriptor."""
