"""What this machine has run out of: file descriptors or source ports."""

import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from uptime_tui.diagnose.case import Case, Means
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence

QUESTION: Final = "What has this machine run out of?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "descriptors_used_up": "this process holds nearly as many files as it may",
    "descriptors_free": "this process may open many more files",
    "handles_used_up": "the whole machine holds nearly as many files as it may",
    "handles_free": "the whole machine may open many more files",
    "source_ports_used_up": "connections of this machine use most of its source ports",
    "source_ports_free": "most source ports of this machine are free",
}
_NEARLY: Final = 0.8


def wants(case: Case) -> bool:
    """Where a probe could not start."""
    return case.is_here and case.failure in {Failure.NO_DESCRIPTORS, Failure.NO_SOURCE_PORTS}


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """Each stock, and how much of it is used."""
    if case.failure is Failure.NO_SOURCE_PORTS:
        used, most = _source_ports(means.proc)
        text = f"{used} TCP connections and their remains here, {most} source ports"
        id_ = "source_ports_used_up" if used >= _NEARLY * most else "source_ports_free"
        yield Evidence(id_, Phase.CONNECT, None, text)
        return
    used, most = _own_files(means.proc), resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    id_ = "descriptors_used_up" if used < 0 or used >= _NEARLY * most else "descriptors_free"
    held = f"{used} files" if used >= 0 else "so many files that they cannot be counted"
    yield Evidence(id_, Phase.CONNECT, None, f"this process holds {held}, {most} are allowed")
    numbers = _numbers(means.proc / "sys/fs/file-nr")
    if len(numbers) == 3:
        id_ = "handles_used_up" if numbers[0] >= _NEARLY * numbers[2] else "handles_free"
        yield Evidence(id_, Phase.CONNECT, None, f"the machine holds {numbers[0]} file handles of {numbers[2]}")


def _own_files(proc: Path) -> int:
    """Without a descriptor to list them with there is none left: then -1."""
    try:
        return sum(1 for _ in (proc / "self/fd").iterdir())
    except OSError:
        return -1


def _source_ports(proc: Path) -> tuple[int, int]:
    """Connections in use and in TIME-WAIT (proc(5) net/sockstat), and source ports to start from."""
    used = 0
    for line in _text(proc / "net/sockstat").splitlines():
        words = line.split()
        if words[:1] == ["TCP:"]:
            counts = dict(zip(words[1::2], words[2::2], strict=False))
            used = int(counts.get("inuse", 0)) + int(counts.get("tw", 0))
    first, last = (_numbers(proc / "sys/net/ipv4/ip_local_port_range") or [32768, 60999])[:2]
    return used, last - first + 1


def _numbers(path: Path) -> list[int]:
    return [int(word) for word in _text(path).split() if word.isdigit()]


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError:
        return ""
