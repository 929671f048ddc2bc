"""Probes of hostile servers: how late after its deadline a probe ends, and what is left of descriptors and memory.

    python benchmarks/hostile_servers.py [--probes 10000] [--rate 400] [--deadline 1.0] [SCHEME ...]

Eight kinds of server for each protocol (`tests/support/hostile.py`) in one process, the probes in another, a fresh one
for each protocol; a tenth more warms up and is not in the figures. "ran out" are the probes that ended at or after
their deadline; only these can be late. "idle" is a third process that sleeps 10 ms at a time: how late it wakes up is
the machine's doing. Prints a line for each protocol, and with `--outcomes` one for each kind of server.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.hostile import DIALOGUES, hostile
from support.siege import Toll, besiege

LATE_MS = 50.0
NAP_S = 0.01
HEAD = (
    f"{'late, ms':>41} {'descriptors':>31} {'memory MiB':>11} {'peak MiB':>11} {'idle, ms':>16}\n"
    "protocol      probes ran out      p50     p99     max > 50 ms early  then    now  then   now   then   now"
    "  load  p99    max"
)


async def siege(scheme: str, probes: int, rate: int, deadline_s: float) -> Toll:
    with hostile(deadline_s, scheme) as ports:
        await besiege(scheme, ports[scheme], probes // 10, rate=rate, deadline_s=deadline_s)
        return await besiege(scheme, ports[scheme], probes, rate=rate, deadline_s=deadline_s)


def line(scheme: str, probes: int, toll: Toll) -> str:
    late = sorted(toll.late_ms) or [0.0]
    over = sum(each > LATE_MS for each in late)
    memory, peak = ([size / 2**20 for size in sizes] for sizes in (toll.memory, toll.peak))
    return (
        f"{scheme:13} {probes:6} {len(toll.late_ms):7} {at(late, 0.5):8.1f} {at(late, 0.99):7.1f} {late[-1]:7.1f}"
        f" {over:7} {toll.early:5} {toll.descriptors[0]:5} {toll.descriptors[1]:6}"
        f" {memory[0]:5.1f} {memory[1]:5.1f} {peak[0]:6.1f} {peak[1]:5.1f} {os.getloadavg()[0]:5.1f}"
    )


def at(ordered: Sequence[float], share: float) -> float:
    return ordered[int((len(ordered) - 1) * share)]


def outcomes(toll: Toll) -> str:
    return "\n".join(
        f"    {kind:13} " + ", ".join(f"{count} {name}" for name, count in found.most_common())
        for kind, found in toll.outcomes.items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("schemes", nargs="*", metavar="SCHEME", help=", ".join(DIALOGUES))
    parser.add_argument("--probes", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=400)
    parser.add_argument("--deadline", type=float, default=1.0)
    parser.add_argument("--outcomes", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.here:
        (scheme,) = told.schemes
        toll = asyncio.run(siege(scheme, told.probes, told.rate, told.deadline))
        print(line(scheme, told.probes, toll))
        if told.outcomes:
            print(outcomes(toll))
        return
    print(f"deadline {told.deadline} s, {told.rate} probes a second\n{HEAD}", flush=True)
    for scheme in told.schemes or DIALOGUES:
        command = [sys.executable, __file__, "--here", *options(told), scheme]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            idle = sorted(naps(process))
            said, _ = process.communicate()
        if process.returncode:
            sys.exit(f"failed: {' '.join(command)}")
        first, *more = said.splitlines()
        print(f"{first} {at(idle, 0.99):4.1f} {idle[-1]:6.1f}", *more, sep="\n", flush=True)


def naps(process: subprocess.Popen) -> Iterator[float]:
    """How many milliseconds late we wake up while that process runs."""
    while process.poll() is None:
        began_s = time.monotonic()
        time.sleep(NAP_S)
        yield (time.monotonic() - began_s - NAP_S) * 1000


def options(told: argparse.Namespace) -> list[str]:
    numbers = [f"--{name}={getattr(told, name)}" for name in ("probes", "rate", "deadline")]
    return [*numbers, "--outcomes"] if told.outcomes else numbers


if __name__ == "__main__":
    main()
