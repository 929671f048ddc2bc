"""A watcher with a real engine, its router, and the rest of the internet behind it, in three namespaces."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.certificates import issue
from support.netns import Namespace, link, namespaces, need_namespaces, route, routers
from uptime_tui.client.spawn import is_running
from uptime_tui.config.paths import Home, find_home

PORT = 7000
GATEWAY, WATCHER, RESOLVER = "10.77.1.1", "10.77.1.2", "10.77.2.53"
FAR = ("192.0.2.1", "198.51.100.1", "203.0.113.1", "100.64.1.1", "172.20.1.1", "10.9.1.1")
"""Monitored by address, each in a network of its own."""
NAMES = {
    "www.alpha.test": ("198.18.1.1",),
    "www.beta.test": ("198.18.2.1",),
    "www.gamma.test": ("198.18.3.1", "2001:db8:3::1"),
}
"""Monitored by name; the watcher has no IPv6, so that half of the last one is never reached."""
PLACES = (*FAR, *NAMES)
CLOCK = """import os, time
_file, _last = os.open(os.environ["TEST_CLOCK"], os.O_RDONLY), [0.0]
def _ahead():
    try:
        _last[0] = float(os.pread(_file, 64, 0))
    except ValueError:  # it is being written
        pass
    return _last[0]
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + _ahead()
time.time_ns = lambda: _time_ns() + int(_ahead() * 1e9)
"""
"""A `sitecustomize` of the engine: nobody may set the clock of the machine that tests run on."""
INTERVAL_S = 1.4
"""Long enough for a SYN that is sent again after a second."""
TALK_PORT, TLS_PORT = 7001, 7002
SERVICES = {"far": ("tcp", "none", PORT), "talk": ("pop3", "none", TALK_PORT), "vault": ("tcp", "implicit", TLS_PORT)}
"""Name to handshake, TLS and port: a mere connection, one that waits for a greeting, one with a certificate."""


def service(name: str) -> str:
    """Its table."""
    handshake, tls, port = SERVICES[name]
    return (
        f'[{name}]\ntitle = "{name.title()}"\ncategory = "custom"\nhandshake = "{handshake}"\ntls = "{tls}"\n'
        f'meaning = "A service of the tests."\ninterval_s = {INTERVAL_S}\nmin_interval_s = 1.0\nport = {port}\n'
        "per_host = 2\n"
    )


@dataclass
class World:
    """What situations are made in."""

    watcher: Namespace
    router: Namespace
    host: Namespace
    wan: str
    """The watcher's interface."""
    lan: str
    """The router's, at the other end of the cable."""
    home: Home
    mood: Path
    clock: Path
    """Seconds that the engine's wall clock is ahead."""
    held: list[subprocess.Popen] = field(default_factory=list)
    engines: list[subprocess.Popen] = field(default_factory=list)
    undo: list[Callable[[], object]] = field(default_factory=list)
    """What takes back the situation that is on."""

    # --- the line -----------------------------------------------------------------------

    def filter(self, where: Namespace, hook: str, rule: str) -> None:
        """One nft rule."""
        where.nft(f"table inet f {{ chain c {{ type filter hook {hook} priority 0; {rule}; }}; }}")

    def tunnel(self, routes: str) -> None:
        """A way out without a gateway, into which these lead, and from which nothing comes back."""
        self.undo.append(lambda: self.watcher.ip("link delete tun9"))
        self.watcher.ip(
            "link add tun9 type veth peer name tun9end\nlink set tun9 arp off up\nlink set tun9end up\n" + routes
        )

    def queue(self, discipline: str) -> None:
        """How packets leave the watcher (tc(8))."""
        self.undo.append(lambda: self.watcher.run("tc", "qdisc", "del", "dev", self.wan, "root"))
        self.watcher.run("tc", "qdisc", "replace", "dev", self.wan, "root", *discipline.split())

    def resolv(self, text: str) -> None:
        """Rewrite the watcher's resolv.conf in place: it is mounted over /etc's."""
        (self.watcher.etc / "resolv.conf").write_text(text)

    def heal(self) -> None:
        """Everything as it was."""
        while self.undo:
            self.undo.pop()()
        for process in self.held:
            process.kill()
            process.communicate()
        self.held.clear()
        for place in (self.watcher, self.router, self.host):
            place.nft("flush ruleset")
        self.router.ip(f"link set {self.lan} up")
        for kind in ("blackhole", "prohibit", "unreachable"):
            self.watcher.run("ip", "route", "flush", "type", kind, check=False)
        self.watcher.ip(
            f"link set {self.wan} up\naddress replace {WATCHER}/24 dev {self.wan}\n"
            f"route replace default via {GATEWAY}\n"
        )
        self.watcher.sysctl("net.ipv4.ip_local_port_range=32768 60999")
        self.mood.write_text("well")
        self.set_clock(0)
        wanted = f"nameserver {RESOLVER}\n"
        if (self.watcher.etc / "resolv.conf").read_text() != wanted:
            self.resolv(wanted)

    def set_clock(self, days: float) -> None:
        """Have the engine see a clock that is so many days ahead."""
        with self.clock.open("r+") as file:  # the same file: an engine without descriptors reads on
            file.write(f"{days * 86400:<24}")

    def hold(self, code: str) -> None:
        """Run Python on the watcher until `heal`; returns once it has printed something."""
        process = self.watcher.popen(sys.executable, "-c", code, stdout=subprocess.PIPE)
        self.held.append(process)
        assert process.stdout is not None
        assert process.stdout.readline()

    # --- the engine ---------------------------------------------------------------------

    @property
    def pid(self) -> int:
        pid = is_running(self.home)
        assert pid
        return pid

    def write_fleet(
        self, confirmations: int = 1, service: str = "far", places: Sequence[str] = PLACES
    ) -> None:  # fmt: skip
        """Every failure that is believed to be the target's is confirmed at once."""
        port = SERVICES[service][2]
        blocks = [
            f'[[monitor]]\nname = "{place}"\ntarget = "{service}://{place}:{port}"\nconfirmations = {confirmations}\n'
            f'interval = "{INTERVAL_S * share}s"\ntimeout = "{INTERVAL_S * share}s"\n'
            for place in places
            for share in [len(NAMES.get(place, (place,)))]  # each address gets its part of the timeout
        ]
        self.home.monitors_file.write_text("\n".join(blocks))

    def start(self) -> subprocess.Popen:
        """An engine on the watcher."""
        words = (sys.executable, "-m", "uptime_tui", "engine", "--keep", "--home", str(self.home.config))
        env = os.environ | {"PYTHONPATH": str(self.clock.parent), "TEST_CLOCK": str(self.clock)}
        self.engines.append(self.watcher.popen(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env))
        return self.engines[-1]

    def end(self, number: int = signal.SIGKILL) -> None:
        """Kill it and wait."""
        pid = is_running(self.home)
        if pid:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, number)
        deadline = time.monotonic() + 10
        while is_running(self.home):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for process in self.engines:
            process.wait(10)
        self.engines.clear()


def make_certificates(folder: Path) -> None:
    """A chain with its key for each address, and who issued them all."""
    folder.mkdir()
    authority = issue("Far CA", ca=True, from_days=-4000, to_days=4000)
    (folder / "ca.pem").write_bytes(authority.pem())
    for place in PLACES:
        leaf = issue(place, authority, chain=(authority,))
        for address in NAMES.get(place, (place,)):
            (folder / f"{address}.pem").write_bytes(leaf.key_pem() + leaf.pem())


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """One that is well, with the engine started."""
    need_namespaces()
    with ExitStack() as stack:
        watcher, router, host = stack.enter_context(namespaces("watcher", "router", "host"))
        (watcher.etc / "resolv.conf").write_text(f"nameserver {RESOLVER}\n")
        (watcher.etc / "hosts").write_text("127.0.0.1 localhost\n")
        wan, lan = link(watcher, router, f"{WATCHER}/24", f"{GATEWAY}/24")
        _, end = link(router, host, "10.77.2.1/24", f"{RESOLVER}/24")
        routers([router])
        route(watcher, f"default via {GATEWAY}")
        route(router, f"default via {RESOLVER}")
        route(host, "default via 10.77.2.1")
        own = (*FAR, *(address for some in NAMES.values() for address in some))
        host.ip(
            "\n".join(
                f"address add {address} dev {end} nodad" if ":" in address else f"address add {address}/32 dev {end}"
                for address in own
            )
        )
        (folder / "home").mkdir()
        disk = folder / "home"
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", disk], check=True)
        stack.callback(subprocess.run, ["umount", "--lazy", disk], check=False)
        home = find_home(str(disk), {})
        (home.config / "services.d").mkdir(parents=True, mode=0o700)
        (home.config / "services.d" / "far.toml").write_text("\n".join(map(service, SERVICES)))
        certificates = folder / "certificates"
        make_certificates(certificates)
        home.config_file.write_text(f'[tls]\nca_file = "{certificates / "ca.pem"}"\n')
        mood = folder / "mood"
        mood.write_text("well")
        made = World(watcher, router, host, wan, lan, home, mood, folder / "clock" / "ahead")
        made.clock.parent.mkdir()
        made.clock.touch()
        made.set_clock(0)
        (made.clock.parent / "sitecustomize.py").write_text(CLOCK)
        made.write_fleet()
        names = [f"{name}={','.join(addresses)}" for name, addresses in NAMES.items()]
        script = Path(__file__).with_name("far_side.py")
        words = (sys.executable, str(script), str(mood), str(certificates), RESOLVER, *names)
        far = host.popen(*words, stdout=subprocess.PIPE)
        made.start()
        try:
            assert far.stdout is not None
            assert far.stdout.readline()
            yield made
        finally:
            for process in made.held:
                process.kill()
                process.communicate()
            made.end()
            far.kill()
            far.wait()
            far.stdout.close()
