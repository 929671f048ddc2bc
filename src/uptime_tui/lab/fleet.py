"""What the lab plays, read from `fleet.toml`: each host, its server, its state, and what happens to it over time."""

import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import msgspec

from uptime_tui.lab import authority, door, zone


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step of a script."""

    at: float
    """Seconds since the script began."""
    state: str


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One monitor with the server it watches."""

    name: str
    target: str
    """`scheme://host` with a path where there is one; the port is the lab's to say."""
    kind: str
    """A module of `lab.servers`; `none` is a name without a server."""
    port: int
    """Where its server listens if that port is free."""
    state: str = "up"
    """At the start."""
    purpose: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    runbook: str = ""
    interval: str = ""
    timeout: str = ""
    expect: dict[str, str | int | bool | list[str]] = {}
    """As in `[monitor.expect]`."""
    request: dict[str, str | bool | list[str]] = {}
    """As in `[monitor.request]`."""
    backends: tuple[Literal["up", "refused", "ipv6"], ...] = ()
    """Further addresses of the host: a server like the first one, nobody, `::1` with nobody."""
    user: str = ""
    """The monitor logs in so; over HTTP, nobody else is let in."""
    password: str = ""
    """Of that user; the lab's home keeps it in a file of its own."""
    body: str = ""
    """HTTP: the page of a healthy answer."""
    moved_to: str = ""
    """HTTP: a healthy answer leads there; a path of its own is reached one part after the other."""
    delay_ms: float = 0.0
    """Usual time before the first answer."""
    script: tuple[Change, ...] = ()
    every: float = 0.0
    """Seconds after which the script begins again; 0: it does not."""
    paused: bool = False

    @property
    def service(self) -> str:
        """The target's scheme."""
        return self.target.partition("://")[0]

    @property
    def host(self) -> str:
        """The target's host."""
        return self.target.partition("://")[2].partition("/")[0]

    @property
    def path(self) -> str:
        """The target's path."""
        host, slash, path = self.target.partition("://")[2].partition("/")
        del host
        return slash + path

    def state_at(self, elapsed_s: float) -> str:
        """The state so many seconds after the script began; without a script it stays as it is."""
        if self.every:
            elapsed_s %= self.every
        passed = [change.state for change in self.script if change.at <= elapsed_s]
        return passed[-1] if passed else self.state

    def next_change_s(self, elapsed_s: float) -> float | None:
        """Seconds since the script's begin at which the state may change next; None: never again."""
        round_s = elapsed_s - elapsed_s % self.every if self.every else 0.0
        later = [round_s + change.at for change in self.script if round_s + change.at > elapsed_s]
        if later:
            return min(later)
        return round_s + self.every if self.every and self.script else None


@cache
def states_of(kind: str, tls: str) -> frozenset[str]:
    """Every state that a server of this kind can be in.

    Args:
        kind: a module of `lab.servers`, or `none`.
        tls: `none`, `implicit` or `starttls`, as the catalogue says of the service.
    """
    own = {"up"} | zone.STATES
    if kind == "none":
        return frozenset(own)
    own |= door.STATES | server(kind).STATES
    if tls != "none":
        own |= authority.STATES
    if tls == "implicit":
        own |= door.TLS_STATES
    return frozenset(own)


def server(kind: str) -> Any:
    """The module of that kind, imported at first use."""
    return import_module(f"uptime_tui.lab.servers.{kind}")


def read_fleet(path: Path | None = None) -> tuple[Entry, ...]:
    """The entries of a fleet file, by default the built-in hosting company."""
    text = (path or Path(__file__).parent / "fleet.toml").read_text("utf-8")
    return tuple(msgspec.convert(table, Entry) for table in tomllib.loads(text)["monitor"])
