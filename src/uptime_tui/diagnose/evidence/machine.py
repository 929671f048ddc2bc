"""Where the target is this very machine: whether it is too busy to answer."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from uptime_tui.diagnose.case import Case, Means
from uptime_tui.dial.routes import is_own
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence

QUESTION: Final = "The target is this machine: is it overloaded?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "machine_load_high": "more than twice as many processes want to run as there are processors",
    "machine_load_fine": "the processors keep up",
    "machine_memory_low": "hardly any memory is left",
    "machine_memory_fine": "there is memory left",
}
_MUCH: Final = 2.0
_LITTLE: Final = 0.04
_ASKED: Final = frozenset(
    {
        Failure.TIMEOUT, Failure.NO_GREETING, Failure.CLOSED_EARLY, Failure.TOO_SLOW, Failure.PACKET_LOSS,
        Failure.BUSY, Failure.INTERMITTENT,
    }
)  # fmt: skip


def wants(case: Case) -> bool:
    """Only for addresses of this machine."""
    return case.is_here and case.failure in _ASKED and is_own(case.address)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:  # noqa: ARG001 - one signature for all
    """Load and memory, as proc(5) has them."""
    load = _text(means.proc / "loadavg").split()
    if load:
        each = float(load[0]) / (os.cpu_count() or 1)
        text = f"load {load[0]} {load[1]} {load[2]} on {os.cpu_count()} processors"
        yield Evidence("machine_load_high" if each > _MUCH else "machine_load_fine", Phase.CONNECT, None, text)
    memory = {line.partition(":")[0]: line.split()[1] for line in _text(means.proc / "meminfo").splitlines()}
    if "MemAvailable" in memory and int(memory.get("MemTotal", "0")):
        free = int(memory["MemAvailable"]) / int(memory["MemTotal"])
        id_ = "machine_memory_low" if free < _LITTLE else "machine_memory_fine"
        yield Evidence(id_, Phase.CONNECT, None, f"{free * 100:.0f} % of the memory is available")


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError:
        return ""
