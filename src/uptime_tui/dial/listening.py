"""What listens on this machine, and which process does: from /proc and the kernel's socket statistics. No root.

proc(5) `net/tcp`, `net/tcp6`; sock_diag(7) for the length of the accept queue, which /proc does not tell. Another
user's process cannot be named without root; its user can.
"""

import ipaddress
import itertools
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

PROC: Final = Path("/proc")
_LISTEN: Final = "0A"
_NETLINK_SOCK_DIAG: Final = 4
_BY_FAMILY: Final = 20
_REQUEST: Final = struct.Struct("=IHHIIBBBBI48x")
_HEADER: Final = struct.Struct("=IHHII")
_MESSAGE: Final = struct.Struct("=BBBB48xIIIII")
"""`struct inet_diag_msg`: family, state, timer, retransmits; socket id; expires, rqueue, wqueue, uid, inode."""
_V6ONLY: Final = 11
_MAX_PROCESSES: Final = 20_000
_READ: Final = 1 << 16
_LITTLE: Final = 4096
"""Bytes of a table that are read at once."""


class Listener(NamedTuple):
    """One TCP socket that accepts."""

    address: str
    """As bound: `0.0.0.0` or `::` for all."""
    port: int
    uid: int
    inode: int
    waiting: int
    """Connections that stand and that the process has not taken up (Recv-Q of ss)."""
    room: int = 0
    """Of the queue they wait in (Send-Q of ss); 0 where the kernel did not tell."""
    v6_only: bool = False

    @property
    def is_full(self) -> bool:
        """Whether further connections are dropped: the kernel lets in one more than there is room."""
        return 0 < self.room < self.waiting

    @property
    def is_everywhere(self) -> bool:
        """Whether it is on every address of its family."""
        return ipaddress.ip_address(self.address).is_unspecified

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine itself can reach it."""
        return self.address.startswith("127.") or self.address == "::1"

    def serves(self, address: str) -> bool:
        """Whether a connection to that address of this machine comes here."""
        if self.address == "::":
            return ":" in address or not self.v6_only
        return self.address in {address.partition("%")[0], "" if ":" in address else "0.0.0.0"}  # noqa: S104


class Process(NamedTuple):
    """Who holds a socket."""

    pid: int
    name: str
    unit: str
    """Of systemd, `postfix.service`; empty when it is of none."""
    stopped: bool
    """Halted by a signal or a debugger (state T of proc(5))."""


def listeners(proc: Path = PROC) -> list[Listener]:
    """All of this network namespace."""
    found = [*_of_table(proc / "net/tcp"), *_of_table(proc / "net/tcp6")]
    rooms = _rooms() if found else {}
    return [
        each._replace(room=rooms[each.inode][0], v6_only=rooms[each.inode][1]) if each.inode in rooms else each
        for each in found
    ]


def overflows(proc: Path = PROC) -> int:
    """Connections dropped since the start because an accept queue was full (`TcpExt ListenOverflows`)."""
    rows = [line.split() for line in _lines(proc / "net/netstat") if line.startswith("TcpExt:")]
    if len(rows) < 2 or "ListenOverflows" not in rows[0]:
        return 0
    return int(rows[1][rows[0].index("ListenOverflows")])


def holder(inode: int, proc: Path = PROC) -> Process | None:
    """The process that holds a socket; None where it is another user's."""
    wanted = f"socket:[{inode}]"
    for folder in _processes(proc):
        try:
            if any(str(link.readlink()) == wanted for link in (folder / "fd").iterdir()):
                return _process(folder)
        except OSError:
            continue
    return None


def held_by(pid: int, proc: Path = PROC) -> set[int]:
    """Inodes of the sockets that a process holds; empty where it is another user's."""
    held: set[int] = set()
    try:
        for link in (proc / str(pid) / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile, as the one that lists them is
                kind, _, inode = str(link.readlink()).partition(":")
                if kind == "socket":
                    held.add(int(inode[1:-1]))
    except OSError:
        return held
    return held


def running(name: str, proc: Path = PROC) -> Process | None:
    """The first process of that name (15 characters are all that the kernel keeps of one) that has not ended.

    An ended one whose parent does not ask for it (state Z of proc(5)) keeps its name, in containers for ever.
    """
    for folder in _processes(proc):
        if "".join(_lines(folder / "comm")) == name[:15] and _state(folder) not in {"Z", "X"}:
            return _process(folder)
    return None


def _processes(proc: Path) -> Iterator[Path]:
    try:
        folders = (folder for folder in proc.iterdir() if folder.name.isdigit())
        for _, folder in zip(range(_MAX_PROCESSES), folders, strict=False):
            yield folder
    except OSError:
        return


def _process(folder: Path) -> Process:
    path = "".join(line.rpartition(":")[2] for line in _lines(folder / "cgroup")[-1:])
    unit = next((part for part in reversed(path.split("/")) if part.endswith(".service")), "")
    return Process(int(folder.name), "".join(_lines(folder / "comm")), unit, _state(folder) in {"T", "t"})


def _state(folder: Path) -> str:
    return "".join(_lines(folder / "stat")).rpartition(")")[2].strip()[:1]


def _of_table(path: Path) -> Iterator[Listener]:
    """The kernel lists those that listen first (Documentation/networking/proc_net_tcp.rst): the rest is not read.

    A busy server has 50,000 connections that wait for their end, and to write their lines takes the kernel seconds.
    """
    with suppress(OSError), path.open(encoding="ascii", errors="replace", buffering=_LITTLE) as table:
        for fields in map(str.split, itertools.islice(table, 1, None)):
            if len(fields) < 10 or fields[3] != _LISTEN:
                return
            address, _, port = fields[1].partition(":")
            waiting = int(fields[4].partition(":")[2], 16)
            yield Listener(_address(address), int(port, 16), int(fields[7]), int(fields[9]), waiting)


def _address(text: str) -> str:
    """The kernel writes each 32-bit word in this machine's byte order."""
    words = [bytes.fromhex(text[at : at + 8]) for at in range(0, len(text), 8)]
    data = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    return socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data)


def _rooms() -> dict[int, tuple[int, bool]]:
    """Inode to the room of the accept queue and whether it is IPv6 only; empty where the kernel is not to be asked."""
    found: dict[int, tuple[int, bool]] = {}
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG) as sock:
            sock.settimeout(0.5)
            for family in (socket.AF_INET, socket.AF_INET6):
                listening = 1 << 10
                sock.send(
                    _REQUEST.pack(_REQUEST.size, _BY_FAMILY, 0x301, 1, 0, family, socket.IPPROTO_TCP, 0, 0, listening)
                )
                while _take(sock.recv(_READ), found):
                    pass  # the kernel sends as many parts as it needs
    except OSError:
        return found
    return found


def _take(data: bytes, found: dict[int, tuple[int, bool]]) -> bool:
    """Read one part of the answer; False at its end."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if kind != _BY_FAMILY or length < _HEADER.size + _MESSAGE.size:
            return False
        *_, room, _uid, inode = _MESSAGE.unpack_from(data, at + _HEADER.size)
        found[inode] = (room, _is_v6_only(data[at + _HEADER.size + _MESSAGE.size : at + length]))
        at += (length + 3) & ~3
    return True


def _is_v6_only(attributes: bytes) -> bool:
    at = 0
    while at + 4 <= len(attributes):
        length, kind = struct.unpack_from("=HH", attributes, at)
        if kind == _V6ONLY and length > 4:
            return bool(attributes[at + 4])
        at += max(4, (length + 3) & ~3)
    return False


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
