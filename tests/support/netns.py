"""Network namespaces with links, addresses and firewalls of their own; they are gone when their maker is, however it ends.

    with namespaces("watcher", "host") as (watcher, host):
        link(watcher, host, "10.77.1.1/24", "10.77.1.2/24")
        host.nft("table inet f { chain i { type filter hook input priority 0; tcp dport 25 drop; } }")
        listening = host.call(socket.create_server, ("10.77.1.2", 80))   # a socket stays where it was made
        watcher.run("ping", "-c1", "10.77.1.2")

What `run` and `popen` start also has the namespace's own /etc/resolv.conf and /etc/hosts (ip-netns(8)).
"""

import ctypes
import itertools
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from support.servers import do_without

T = TypeVar("T")
_FOLDER = Path("/run/netns")
_ETC = Path("/etc/netns")
_CLONE_NEWNET = 0x40000000
_numbers = itertools.count()
_REAPER = """
trap '' INT TERM HUP
cat >/dev/null
for name in "$@"; do
  ip netns pids "$name" 2>/dev/null | xargs -r kill -9 2>/dev/null
  ip netns del "$name" 2>/dev/null
  rm -rf "/etc/netns/$name"
done
"""


@dataclass(frozen=True)
class Namespace:
    """One machine of a test network."""

    name: str
    """As `ip netns` knows it."""

    @property
    def etc(self) -> Path:
        """Files that stand in for those of /etc for whatever is run here."""
        return _ETC / self.name

    def command(self, *words: str) -> list[str]:
        """Those words as a command that runs here."""
        return ["ip", "netns", "exec", self.name, *words]

    def run(self, *words: str, check: bool = True, **more: Any) -> subprocess.CompletedProcess:
        """Run it here; raises `CalledProcessError` unless told not to."""
        more = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL} | more
        return subprocess.run(self.command(*words), check=check, **more)

    def popen(self, *words: str, **more: Any) -> subprocess.Popen:
        """Start it here; `ip netns exec` becomes the program, so its process is the program's."""
        return subprocess.Popen(self.command(*words), **{"stdin": subprocess.DEVNULL} | more)

    def ip(self, commands: str) -> None:
        """`ip` commands, one a line."""
        _feed(["ip", "-n", self.name, "-batch", "-"], commands)

    def nft(self, commands: str) -> None:
        """nft(8) commands; whole or not at all. `flush ruleset` takes everything away."""
        _feed(self.command("nft", "-f", "-"), commands)

    def sysctl(self, *settings: str) -> None:
        """`net.ipv4.ip_forward=1` and the like, for this namespace alone."""
        for setting in settings:
            key, _, value = setting.partition("=")
            self.call(Path("/proc/sys", *key.split(".")).write_text, value)

    def call(self, function: Callable[..., T], *args: Any, **named: Any) -> T:
        """What the function returns when a thread calls it here. Sockets that it opens stay in this namespace."""
        result: list[T] = []
        failure: list[BaseException] = []

        def work() -> None:
            try:
                _enter(self.name)
                result.append(function(*args, **named))
            except BaseException as error:  # noqa: BLE001 - it is raised again where it was asked for
                failure.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if failure:
            raise failure[0]
        return result[0]


def _enter(name: str) -> None:
    """Move the calling thread into a namespace (setns(2); `os.setns` came with Python 3.12)."""
    with (_FOLDER / name).open("rb") as file:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(file.fileno(), _CLONE_NEWNET):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))


def _feed(command: list[str], text: str) -> None:
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise ValueError(f"{' '.join(command)}: {done.stderr.strip()}\n{text}")


@cache
def why_not() -> str:
    """Why no namespaces can be made here; empty where they can."""
    missing = [each for each in ("ip", "nft") if shutil.which(each) is None]
    if missing:
        return f"{', '.join(missing)}: not installed (Debian packages iproute2, nftables)"
    name = f"ut-{os.getpid()}-try"
    try:
        done = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return f"no network namespaces: {done.stderr.strip()}" if done.returncode else ""


def need_namespaces() -> None:
    """Skip what needs them, or fail where servers are required."""
    if why_not():
        do_without(why_not())


@contextmanager
def namespaces(*roles: str) -> Iterator[tuple[Namespace, ...]]:
    """New ones with loopback up, one for each role, named so that no other test has them.

    A process of its own takes them away, and kills what runs in them, when the block ends or we die.
    """
    number = next(_numbers)
    made = tuple(Namespace(f"ut-{os.getpid()}-{number}-{role}") for role in roles)
    # what we start must not hold the reaper's pipe open: Popen's are close-on-exec
    reaper = subprocess.Popen(
        ["sh", "-c", _REAPER, "reaper", *(each.name for each in made)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        _feed(["ip", "-batch", "-"], "\n".join(f"netns add {each.name}" for each in made))
        for each in made:
            each.ip("link set lo up")
            each.etc.mkdir(parents=True, exist_ok=True)
            each.sysctl("net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0")
        yield made
    finally:
        reaper.stdin.close()
        reaper.wait()


_links = itertools.count()
_FIRST_INDEX = 1000
"""Of the devices: above those that the kernel gives by itself."""


def link(left: Namespace, right: Namespace, *addresses: str | tuple[str, str]) -> tuple[str, str]:
    """A cable between two; the names of its ends.

    Args:
        left: one end.
        right: the other.
        addresses: pairs of an address with its prefix length on the left and on the right, or both in turn.
    """
    flat = [each for given in addresses for each in ((given,) if isinstance(given, str) else given)]
    number = next(_links)
    ends = (f"l{number}", f"r{number}")
    # ends of the same index are taken for one device, whose carrier the kernel looks at once a second: IPv6 waits for it
    index = _FIRST_INDEX + 2 * number
    _feed(
        ["ip", "-batch", "-"],
        f"link add {ends[0]} index {index} netns {left.name} type veth "
        f"peer name {ends[1]} index {index + 1} netns {right.name}",
    )
    for place, end, own in ((left, ends[0], flat[::2]), (right, ends[1], flat[1::2])):
        lines = [f"addr add {address} dev {end}{' nodad' if ':' in address else ''}" for address in own]
        place.ip("\n".join([*lines, f"link set {end} up"]))
    return ends


def route(namespace: Namespace, *routes: str) -> None:
    """Add routes, each as `ip route add` takes it."""
    namespace.ip("\n".join(f"route add {each}" for each in routes))


def routers(chosen: Sequence[Namespace]) -> None:
    """These forward, and send ICMP errors as often as there is reason to."""
    for each in chosen:
        each.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        each.sysctl("net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")
