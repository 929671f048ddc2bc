"""Real daemons of the distribution on loopback, each in a folder of its own, as an ordinary user where it may.

Every set of servers has a loopback address of its own, so that nobody else's port is in the way.
"""

import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

from support.certificates import authority, write_pem
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.result import Result

START_S = 20.0
_CHANCE = random.SystemRandom()
"""Not `random` itself: it is seeded anew for each test, and all servers would get the same address."""
_given: set[tuple[str, int]] = set()
REQUIRED = os.environ.get("UPTIME_TUI_REQUIRE_SERVERS") == "1"
CERTIFICATES = (
    "good",
    "expired",
    "not_yet",
    "wrong_name",
    "expired_wrong_name",
    "expiring",
    "expiring_critical",
    "self_signed",
    "untrusted",
    "missing_intermediate",
    "short_lived",
)

UP = (Status.UP, None, None)


def seen(result: Result) -> tuple[Status, Failure | None, Phase | None]:
    """What a row says of it."""
    return result.status, result.failure, result.phase


def do_without(why: str) -> NoReturn:
    """Skip what needs the server, or fail where servers are required."""
    if REQUIRED:
        pytest.fail(f"{why}, and UPTIME_TUI_REQUIRE_SERVERS=1")
    pytest.skip(why)


def need(binary: str, package: str) -> str:
    """The path of a daemon."""
    found = shutil.which(binary, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")
    if found is None:
        do_without(f"{binary} is not installed (Debian package {package})")
    return found


def own_address() -> str:
    return f"127.{_CHANCE.randint(64, 250)}.{_CHANCE.randint(1, 250)}.{_CHANCE.randint(1, 250)}"


def free_port(address: str) -> int:
    """A port that nobody listens on, not on all addresses either, and that no outgoing connection can be given."""
    while True:
        port = _CHANCE.randint(10_000, 32_000)  # below net.ipv4.ip_local_port_range
        if (address, port) in _given:
            continue
        with socket.socket() as sock:
            try:
                sock.bind((address, port))
            except OSError:
                continue
        _given.add((address, port))
        return port


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder that the daemon's user may enter; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="ut-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def ordinary_user() -> str | None:
    """Whom a daemon runs as: nobody when we are root, ourselves otherwise."""
    return "nobody" if os.geteuid() == 0 else None


def give_away(folder: Path) -> None:
    """All of the folder belongs to the daemon's user."""
    user = ordinary_user()
    if user is None:
        return
    facts = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, facts.pw_uid, facts.pw_gid)


@contextmanager
def daemon(
    command: list[str], folder: Path, ready: Callable[[], bool], *, ours: bool = False, as_root: bool = False
) -> Iterator[subprocess.Popen]:
    """A daemon in the foreground, once it answers in its own protocol, until the block ends.

    Args:
        command: what to run.
        folder: its own.
        ready: whether it answers.
        ours: it comes from our own environment, which another user may not be able to read.
        as_root: it gives its rights away itself.
    """
    as_user = {}
    if os.geteuid() == 0 and not ours:
        give_away(folder)
        if not as_root:
            facts = pwd.getpwnam(ordinary_user() or pwd.getpwuid(os.geteuid()).pw_name)
            as_user = {"user": facts.pw_uid, "group": facts.pw_gid, "extra_groups": []}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **as_user
        )
    try:
        wait_until(ready, lambda: process.poll() is not None, folder)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(ready: Callable[[], bool], dead: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except OSError:
            pass
        if dead():
            break
        time.sleep(0.02)
    said = [f"{path.name}: {path.read_text(errors='replace')[-2000:]}" for path in folder.rglob("*") if _is_log(path)]
    pytest.fail("the server did not start\n" + "\n".join(said))


def _is_log(path: Path) -> bool:
    return path.is_file() and (path.name == "output" or "log" in path.name)


def converse(address: str, port: int, say: bytes, *, until: bytes, goodbye: bytes = b"") -> bytes:
    """Say something, read until the answer is there, take leave."""
    with socket.create_connection((address, port), timeout=5) as sock:
        if say:
            sock.sendall(say)
        heard = b""
        while until not in heard:
            part = sock.recv(4096)
            if not part:
                break
            heard += part
        if goodbye:
            sock.sendall(goodbye)
            while sock.recv(4096):
                continue
        return heard


def write_certificates(folder: Path) -> dict[str, tuple[Path, Path]]:
    """State to the files of a certificate for `support.certificates.NAME`, and its key."""
    files = {}
    for state in CERTIFICATES:
        place = folder / "tls" / state
        place.mkdir(parents=True)
        files[state] = write_pem(authority.leaf(state), place)
    return files


class ServerLog:
    """A log that somebody else writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def since(self, offset: int) -> str:
        return self.path.read_bytes()[offset:].decode("utf-8", "replace") if self.path.exists() else ""

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def wait_for(self, text: str, offset: int) -> str:
        """Everything since the offset, once the text is in it."""
        return self.wait_until(lambda said: text in said, offset, text)

    def wait_until(self, holds: Callable[[str], bool], offset: int = 0, what: str = "what was expected") -> str:
        """Everything since the offset, once this holds for it."""
        deadline = time.monotonic() + START_S
        while not holds(said := self.since(offset)):
            assert time.monotonic() < deadline, f"{what!r} does not come into {self.path.name}:\n{said}"
            time.sleep(0.02)
        return said


@dataclass
class Served:
    """Where a server's variants listen, and what they log."""

    address: str
    ports: dict[str, int]
    logs: dict[str, ServerLog] = field(default_factory=dict)

    def target(self, scheme: str, variant: str, path: str = "") -> str:
        return f"{scheme}://{self.address}:{self.ports[variant]}{path}"
