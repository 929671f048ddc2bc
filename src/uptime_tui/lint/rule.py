"""What a rule is, what it looks at, and what it says. Pure: no packet is sent, no file is read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from uptime_tui.catalogue.service import Service
from uptime_tui.model.monitor import Monitor
from uptime_tui.wire.messages import MonitorRow

Level = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Fleet:
    """What rules look at."""

    monitors: tuple[Monitor, ...]
    services: Mapping[str, Service]
    """The catalogue by name."""
    rows: Mapping[str, MonitorRow] | None = None
    """What the engine knows, by monitor name; None where no engine could be asked."""
    ignored: tuple[str, ...] = ()
    """Ids of rules that do not count, whatever they find."""

    @cached_property
    def open_monitors(self) -> tuple[Monitor, ...]:
        """Those of ports that are to answer."""
        return tuple(monitor for monitor in self.monitors if not monitor.expect.closed)

    @cached_property
    def well_known(self) -> Mapping[int, str]:
        """Port to the service that is usually there."""
        return {s.port: s.name for s in self.services.values() if s.port is not None and s.well_known}

    def service(self, monitor: Monitor) -> Service | None:
        """The catalogue's word on a monitor's service; None for one that is in it no more."""
        return self.services.get(monitor.target.service)


class Found(NamedTuple):
    """One thing that a rule has found."""

    monitor: str
    """Name of the monitor; empty where it is the fleet's."""
    text: str
    """What is so, one line."""
    key: str = ""
    """The key to look at, a sub-table's with a dot: `expect.tls_verify`."""
    changes: Mapping[str, object] = {}
    """Keys of the monitor that would mend it, None to remove one; empty where a person must decide."""
    adds: tuple[Mapping[str, object], ...] = ()
    """Monitors that would mend it."""
    level: Level | None = None
    """Where it is not the rule's own."""


@dataclass(frozen=True)
class Rule:
    """One practice. A file in `lint/rules/` holds it as `RULE`; its id is the file's name with hyphens."""

    level: Level
    what: str
    """What it looks for, in a few words."""
    why: str
    """What goes wrong without it, one sentence."""
    fix: str
    """What to do, one sentence."""
    find: Callable[[Fleet], Iterator[Found]] = field(repr=False)
