"""The network that faults are made in: watcher - r1 - r2 - host, with name servers and a resolver behind r2."""

import datetime as dt
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query

from faults.names import ADDRESSES, BACKEND, HEALTHY, RESOLVER, ROOT, tree
from support.backstage import Backstage, backstage
from support.netns import Namespace, link, namespaces, route, routers
from support.signed import serve
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.lab.authority import Authority
from uptime_tui.lab.door import Door
from uptime_tui.lab.fleet import server as lab_server
from uptime_tui.lab.visit import Role

WATCHER = "10.77.1.2"
START_S = 20.0
_AUTHORITY = Authority(dt.datetime.now(dt.UTC))
_KINDS = {"submission": "smtp", "smtps": "smtp", "imaps": "imap", "pop3s": "pop3", "https": "http", "ftps": "ftp"}
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

    def __getitem__(self, machine: str) -> Namespace:
        return self.machines[machine]

    def open_door(self, service: str, state: str, machine: str, address: str, **role: str | int) -> Door:
        """A server of the lab in that state, on its usual port unless `port` says otherwise."""
        entry = load_catalogue().get(service)
        host = str(role.pop("host", "www.shop.test"))
        port = int(role.pop("port", entry.port))
        kind = lab_server(_KINDS.get(service, service))
        door = Door(
            Role(service, host, port, service, entry.tls, **role),
            kind.serve,
            _AUTHORITY.context,
            chance=random.Random(),
        )
        self.stages[machine].run(_open(door, state, address, port))
        return door

    def close_door(self, door: Door, machine: str) -> None:
        self.stages[machine].run(_call(door.close))

    def resolve_by(self, *servers: str) -> None:
        """The name servers that the watcher asks."""
        lines = "".join(f"nameserver {server}\n" for server in servers)
        (self["watcher"].etc / "resolv.conf").write_text(lines)


async def _open(door: Door, state: str, address: str, port: int) -> None:
    assert await door.open(address, port) == port, f"{address} port {port} is taken"
    await door.change(state)


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
        for close in it.stages["names"].run(_serve_names()):
            stack.callback(lambda close=close: it.stages["names"].run(_call(close)))
        stack.enter_context(_resolver(machines["names"], folder))
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


async def _serve_names() -> list[Callable[[], None]]:
    """What ends each."""
    return [await serve(server, address) for address, server in tree().servers().items()]


@contextmanager
def _resolver(names: Namespace, folder: Path) -> Iterator[None]:
    (folder / "root.hints").write_text(f". 3600 NS ns.root.\nns.root. 3600 A {ROOT}\n")
    config = folder / "unbound.conf"
    config.write_text(_UNBOUND.format(resolver=RESOLVER, folder=folder, anchor=tree().anchor.strip()))
    process = names.popen("unbound", "-d", "-c", str(config), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_S
        while not names.call(_answers):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "the resolver does not answer"
        yield
    finally:
        process.terminate()
        process.wait()


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
