"""The network that faults are made in: watcher - r1 - r2 - host, with name servers and a resolver behind r2."""

import asyncio
import datetime as dt
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query

from faults.doors import context_for, greet, in_turn, talker
from faults.fault import DoorSpec
from faults.names import ADDRESSES, BACKEND, HEALTHY, LATE, MISLED, RESOLVER, ROOT, late, tree
from support.backstage import Backstage, backstage
from support.netns import Namespace, link, namespaces, route, routers
from support.signed import Server, serve
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.lab.authority import Authority
from uptime_tui.lab.door import Door
from uptime_tui.lab.fleet import server as lab_server
from uptime_tui.lab.visit import Role

WATCHER_TOO = "10.77.1.3"
"""The second address of the watcher; its first one is 10.77.1.2."""
START_S = 20.0
_CLOSING_S = 5.0
_AUTHORITY = Authority(dt.datetime.now(dt.UTC))
_KINDS = {
    "submission": "smtp", "smtps": "smtp", "imaps": "imap", "pop3s": "pop3", "https": "http", "ftps": "ftp",
    "cpanel": "http", "whm": "http", "plesk": "http", "elasticsearch": "http",
}  # fmt: skip
_UNBOUND = """
server:
  interface: {resolver}
  access-control: 0.0.0.0/0 allow
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  logfile: "log"
  root-hints: "root.hints"
  trust-anchor: "{anchor}"
  ede: yes
  local-zone: "test." nodefault
  local-zone: "blocked.shop.test" always_refuse
  do-ip6: no
  num-threads: 1
  so-rcvbuf: 0
  msg-cache-size: 1m
  rrset-cache-size: 1m
  outgoing-range: 60
remote-control:
  control-enable: no
"""


@dataclass
class Site:
    """One such network."""

    machines: dict[str, Namespace]
    home: Path
    """The configuration that whoever watches here uses."""
    ends: dict[str, str]
    """`machine-neighbour` to the name of the machine's end of their cable."""
    stages: dict[str, Backstage] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    """Name servers by address."""

    def __getitem__(self, machine: str) -> Namespace:
        return self.machines[machine]

    def open_door(self, spec: DoorSpec, host: str) -> Door:
        """A server of the lab that is well, on its usual port unless it says otherwise.

        Args:
            spec: what it is.
            host: whom its certificate is for, unless the spec says that.
        """
        entry = load_catalogue().get(spec.service)
        port = spec.port or entry.port
        kind = lab_server(_KINDS.get(spec.service, spec.service))
        role = Role(
            spec.service, spec.named or host, port, spec.service, "starttls" if spec.tls else entry.tls,
            body=spec.body, moved_to=spec.moved_to,
        )  # fmt: skip
        serve = greet if spec.tls else kind.serve
        if spec.says:
            serve = in_turn(talker(spec.says, spec.after_s), serve, spec.one_in)
        door = Door(role, serve, context_for(_AUTHORITY, spec.tls), chance=random.Random())
        self.stages[spec.machine].run(_open(door, spec.address, port))
        return door

    def change_door(self, door: Door, spec: DoorSpec) -> None:
        """Over to the state that it is to be in."""
        self.stages[spec.machine].run(door.change(spec.state))

    def close_door(self, door: Door, machine: str) -> None:
        self.stages[machine].run(_call(door.close))

    def make_late_record(self, name: str) -> None:
        """Have the resolver ask for a name of the server LATE, which has it only from then on."""
        self["watcher"].call(_ask_for, name)
        self.servers[LATE].serve(late())

    def take_late_record(self) -> None:
        """The server LATE has it no more."""
        self.servers[LATE].serve(tree().zones[LATE])

    def resolve_by(self, *servers: str) -> None:
        """The name servers that the watcher asks."""
        lines = "".join(f"nameserver {server}\n" for server in servers)
        (self["watcher"].etc / "resolv.conf").write_text(lines)


async def _open(door: Door, address: str, port: int) -> None:
    """Whoever had the port before may still be about to close it."""
    deadline_s = time.monotonic() + _CLOSING_S
    while await door.open(address, port) != port:
        assert time.monotonic() < deadline_s, f"{address} port {port} is taken"
        door.close()
        await asyncio.sleep(0.05)


async def _call(function) -> None:
    function()


@contextmanager
def site() -> Iterator[Site]:
    """One that is ready: both families routed, the resolver answers, the watcher trusts the lab's authority."""
    with ExitStack() as stack:
        made = stack.enter_context(namespaces("watcher", "r1", "r2", "host", "names"))
        machines = dict(zip(("watcher", "r1", "r2", "host", "names"), made, strict=True))
        ends = _wire(machines)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ut-site-")))
        it = Site(machines, folder / "home", ends)
        for name in ("watcher", "host", "names"):
            it.stages[name] = stack.enter_context(backstage(machines[name]))
        _write_home(it)
        it.servers = tree().servers()
        for close in it.stages["names"].run(_serve_names(it.servers)):
            stack.callback(lambda close=close: it.stages["names"].run(_call(close)))
        for address, anchor in ((MISLED, tree().wrong_anchor), (RESOLVER, tree().anchor)):
            stack.enter_context(_resolver(machines["names"], folder / address, address, anchor))
        machines["names"].call(_wait_for_names)
        yield it


def _wire(at: dict[str, Namespace]) -> dict[str, str]:
    cables = [("watcher", "r1", 1, 2, 1), ("r1", "r2", 2, 1, 2), ("r2", "host", 3, 1, 2), ("r2", "names", 5, 1, 2)]
    ends = {}
    for left, right, net, own, other in cables:
        pairs = (
            (f"10.77.{net}.{own}/24", f"10.77.{net}.{other}/24"),
            (f"fd77:{net}::{own}/64", f"fd77:{net}::{other}/64"),
        )
        ends[f"{left}-{right}"], ends[f"{right}-{left}"] = link(at[left], at[right], *pairs)
    routers([at["r1"], at["r2"]])
    at["watcher"].ip(f"addr add {WATCHER_TOO}/24 dev {ends['watcher-r1']}")
    at["host"].ip(f"addr add {BACKEND}/24 dev {ends['host-r2']}")
    at["names"].ip("\n".join(f"addr add {each}/24 dev {ends['names-r2']}" for each in ADDRESSES))
    for machine, gateway in (("watcher", "1::1"), ("host", "3::1"), ("names", "5::1")):
        route(at[machine], f"default via 10.77.{gateway.replace('::', '.')}", f"default via fd77:{gateway}")
    for net in (3, 5):
        route(at["r1"], f"10.77.{net}.0/24 via 10.77.2.2", f"fd77:{net}::/64 via fd77:2::2")
    route(at["r2"], "10.77.1.0/24 via 10.77.2.1", "fd77:1::/64 via fd77:2::1")
    # an address without a machine is given up after three tries
    at["r2"].sysctl(f"net.ipv4.neigh.{ends['r2-host']}.retrans_time_ms=200")
    at["r2"].sysctl(f"net.ipv6.neigh.{ends['r2-host']}.retrans_time_ms=200")
    return ends


def _write_home(it: Site) -> None:
    it.home.mkdir(mode=0o700)
    (it.home / "ca.pem").write_bytes(_AUTHORITY.ca_pem())
    (it.home / "config.toml").write_text(f'[tls]\nca_file = "{it.home / "ca.pem"}"\n')
    (it["watcher"].etc / "hosts").write_text("127.0.0.1 localhost\n")
    (it["watcher"].etc / "nsswitch.conf").write_text("hosts: files dns\n")
    it.resolve_by(RESOLVER)


async def _serve_names(servers: Mapping[str, Server]) -> list[Callable[[], None]]:
    """What ends each."""
    return [await serve(server, address) for address, server in servers.items()]


@contextmanager
def _resolver(names: Namespace, folder: Path, address: str, anchor: str) -> Iterator[None]:
    folder.mkdir()
    (folder / "root.hints").write_text(f". 3600 NS ns.root.\nns.root. 3600 A {ROOT}\n")
    config = folder / "unbound.conf"
    config.write_text(_UNBOUND.format(resolver=address, folder=folder, anchor=anchor.strip()))
    process = names.popen("unbound", "-d", "-c", str(config), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for_names() -> None:
    deadline = time.monotonic() + START_S
    while not _answers():
        assert time.monotonic() < deadline, "the resolver does not answer"


def _ask_for(name: str) -> None:
    for kind in ("A", "AAAA"):
        dns.query.udp(dns.message.make_query(name, kind), RESOLVER, timeout=5)


def _answers() -> bool:
    """Whether every name of the healthy zone is there, validated; it is in the resolver's memory from then on."""
    try:
        for name in HEALTHY:
            for kind in ("A", "AAAA"):
                query = dns.message.make_query(f"{name}.shop.test", kind, want_dnssec=True)
                if not dns.query.udp(query, RESOLVER, timeout=1).flags & dns.flags.AD:
                    return False
    except (OSError, dns.exception.DNSException):
        time.sleep(0.02)
        return False
    return True
