"""Probes of servers that turn hostile: how late after its deadline a probe ends, and what is left of it.

    python benchmarks/hostile_servers.py [--probes 10000] [--rate 400] [--deadline 1.0] [--real-time] [CASE ...]

Each case is a service of the catalogue, or one with a login, redirects or a regex. Its servers, eight kinds
(`tests/support/hostile.py`), run in one process, its probes in another, new for each case: as in the engine, one loop
runs them all. A tenth more warms up and is not in the figures. `--real-time` runs the probes before every other
program on the first core and the servers on the other cores (root, or a limit for real-time priority), so that the
figures are ours and not the load's; where the probes need all of that core, Linux takes 50 ms of each second from
them (`sched_rt_runtime_us`). `--rounds N` makes the probes N times in one process, a line for each.
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

from support.hostile import hostile
from support.siege import Toll, siege
from support.siegecases import CASES

LATE_MS = 50.0
NAP_S = 0.01
FIRST = 60
"""Real-time priority of probes and servers; what measures the machine comes before them."""
HEAD = """\
               probes    per  to the late, ms                late  early   open files     memory, MiB     machine
case             made second     end   p50   p99   max   > 50 ms  50 ms  before after before after  peak  load  late"""
LEGEND = """
to the end   ran to their deadline of {deadline:g} s; the others had their answer before
late         from the deadline to the result, on the clock of the event loop
early        said that the time was up more than 50 ms before it was
open files   and memory: of the process that probes, before the first and after the last of these probes
machine      its load, and how late a third program woke up that sleeps 10 ms at a time, at most: not our doing"""


async def run(told: argparse.Namespace, name: str) -> None:
    case, cores = CASES[name], sorted(os.sched_getaffinity(0))
    rate, probes = told.rate / case.share, told.probes
    if told.real_time:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIRST))
    with hostile(told.deadline, name, cores=cores[1:] if told.real_time else ()) as ports:
        if told.real_time:
            os.sched_setaffinity(0, cores[:1])
        async with siege(case, ports[name], told.deadline) as here:
            await here.run(max(probes // 10, len(ports[name])), rate)
            for _ in range(told.rounds):
                toll = await here.run(probes, rate)
                print(line(name, probes, rate, toll), flush=True)
                if told.outcomes:
                    print(outcomes(toll), flush=True)


def line(name: str, probes: int, rate: float, toll: Toll) -> str:
    late = sorted(toll.late_ms) or [0.0]
    over = sum(each > LATE_MS for each in late)
    memory = [size / 2**20 for size in (*toll.memory, toll.peak[1])]
    return (
        f"{name:14} {probes:6} {rate:6.0f} {len(toll.late_ms):7} {at(late, 0.5):5.1f} {at(late, 0.99):5.1f}"
        f" {late[-1]:5.1f} {over:9} {toll.early:6} {toll.descriptors[0]:7} {toll.descriptors[1]:5}"
        f" {memory[0]:6.1f} {memory[1]:5.1f} {memory[2]:5.1f}"
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
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--probes", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=400.0, help="probes a second; a case may take a part of it")
    parser.add_argument("--deadline", type=float, default=1.0, help="of each probe, in seconds")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--real-time", action="store_true", help="before every other program")
    parser.add_argument("--outcomes", action="store_true", help="also what each kind of server came to")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.here:
        asyncio.run(run(told, *told.cases))
        return
    print(f"deadline {told.deadline:g} s, {told.rate:g} probes a second\n{HEAD}", flush=True)
    for name in told.cases or CASES:
        besiege(told, name)
    print(LEGEND.format(deadline=told.deadline))


def besiege(told: argparse.Namespace, name: str) -> None:
    """One case in a process of its own; each of its lines with what the machine did meanwhile."""
    command, cores = [sys.executable, __file__, "--here", *options(told), name], sorted(os.sched_getaffinity(0))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        if told.real_time:  # the core of the probes, and before them
            os.sched_setaffinity(0, cores[:1])
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIRST + 1))
        late_ms = 0.0
        for nap_ms in naps(process):
            late_ms = max(late_ms, nap_ms)
            while said := process.stdout.readline().rstrip():
                is_figures = said.startswith(name)
                print(f"{said} {os.getloadavg()[0]:5.1f} {late_ms:5.1f}" if is_figures else said, flush=True)
                late_ms = 0.0 if is_figures else late_ms
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(0, cores)
    if process.returncode:
        sys.exit(f"failed: {' '.join(command)}")


def naps(process: subprocess.Popen) -> Iterator[float]:
    """How many milliseconds late we wake up while that process runs."""
    running = True
    while running:
        running = process.poll() is None
        began_s = time.monotonic()
        time.sleep(NAP_S)
        yield (time.monotonic() - began_s - NAP_S) * 1000


def options(told: argparse.Namespace) -> list[str]:
    told_on = [f"--{name}={getattr(told, name)}" for name in ("probes", "rate", "deadline", "rounds")]
    return [*told_on, *(f"--{name}" for name in ("outcomes", "real-time") if getattr(told, name.replace("-", "_")))]


if __name__ == "__main__":
    main()
