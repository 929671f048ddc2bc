"""What a fault of the table is: how it is made, and what must be said of it."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from faults.names import HOST

FOLDER = Path(__file__).parent / "table"
HOOKS = ("input", "output", "forward")


_BESIDE = (
    "unshare", "--pid", "--fork", "--mount-proc", "sh", "-c",
    """(printf %s "$0" >/proc/self/comm; exec >/dev/null 2>&1 </dev/null; while :; do sleep 1; done) &
    until grep -qsx "$0" /proc/[0-9]*/comm; do :; done; exec "$@\"""",
)  # fmt: skip
"""Runs a command in a table of processes that has one more, of a name that comes first."""


class DoorSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A server of the lab."""

    service: str
    state: str = "up"
    machine: str = "host"
    """host or watcher."""
    address: str = HOST
    port: int = 0
    """0: the service's own."""
    body: str = ""
    """HTTP: the page of a healthy answer."""
    moved_to: str = ""
    """HTTP: where a healthy answer leads."""
    named: str = ""
    """Whom its certificate is for, where that is not the target's host."""
    tls: str = ""
    """Its way with TLS, where that is a setting and no certificate (`faults.doors`)."""
    says: tuple[str, ...] = ()
    """Said instead of what the service says: at first, after the first words of the visitor…; then it hangs up."""
    one_in: int = 1
    """So many visitors are served in turn of whom the first one is told that."""
    after_s: float = 0
    """Until it hangs up, where `says` is given."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault."""

    id: str
    target: str
    status: str
    failure: str
    cause: str
    """The one of the knowledge base that is true."""
    doors: tuple[DoorSpec, ...] = ()
    rules: dict[str, str] = {}
    """`machine.hook` to a rule of nft(8)."""
    ip: dict[str, str] = {}
    """Machine to `ip` commands; `{end:NEIGHBOUR}` is the machine's own end of that cable."""
    undo: dict[str, str] = {}
    """The `ip` commands that take these, and what the settings took along, back."""
    resolver: tuple[str, ...] = ()
    """Whom the watcher asks, where it is not the usual resolver."""
    engine: bool = False
    """Whether an engine explains it, which has probed before it came."""
    well: bool = True
    """With an engine: whether the target is up at first; its doors go over to their state with the fault then."""
    others: tuple[str, ...] = ()
    """With an engine: targets of the other monitors."""
    stale: bool = False
    """Whether the resolver has asked for the name before its record was made."""
    expect: dict[str, Any] | str = {}
    request: dict[str, Any] = {}
    login: dict[str, Any] = {}
    timeout: str = ""
    """Of the probe; by default 3 s where it ends in a timeout, and so long elsewhere that a busy machine is no matter."""
    wrapper: tuple[str, ...] = ()
    """Command that runs the program."""
    process: str = ""
    """Name of another process of the watcher that the program sees."""
    sysctl: tuple[str, ...] = ()
    """Settings of the watcher, `key=value`."""
    sysctl_back: tuple[str, ...] = ()
    hold: int = 0
    """Connections to the target that something else on the watcher has open."""
    alike: str = ""
    """Why no probe from the watcher could tell this cause from the one that is named first; empty where one can."""
    suite: bool = False
    """Whether the test suite makes it; the bench makes all of them."""
    group: str = ""
    """The file it stands in."""

    @property
    def command(self) -> tuple[str, ...]:
        """What the program is run by."""
        return (*_BESIDE, self.process) if self.process else self.wrapper

    @property
    def host(self) -> str:
        """The target's, as it is written."""
        return self.target.partition("://")[2].partition(":")[0]

    @property
    def patience(self) -> str:
        """The timeout as the command line takes it."""
        return self.timeout or ("3s" if self.failure in {"timeout", "dns_timeout"} else "10s")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fault: tuple[Fault, ...]


def read_table() -> tuple[Fault, ...]:
    """Every fault, file by file."""
    found: list[Fault] = []
    for path in sorted(FOLDER.glob("*.toml")):
        table = msgspec.convert(tomllib.loads(path.read_text()), _Table)
        found += [msgspec.structs.replace(fault, group=path.stem) for fault in table.fault]
    return tuple(found)
