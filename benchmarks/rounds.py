"""A reference and its challengers, run in turn: CPU per probe as ratios taken within a round.

Every contestant is a process of its own on one core that prints "CPU_MICROSECONDS_PER_PROBE PROBES_PER_SECOND"; what
they probe runs on another core. CPU is user + system of the contestant alone; on loopback that includes the kernel's
work for both ends of a TCP handshake.
"""

import asyncio
import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src"
sys.path.insert(0, str(SOURCE))
TICK_S = 0.05
OURS, THEIRS = 0, 1
"""Cores: of the contestants, of what they probe."""


def cpu_us(who: int = resource.RUSAGE_SELF) -> float:
    used = resource.getrusage(who)
    return (used.ru_utime + used.ru_stime) * 1e6


class Load:
    """Starts `count` probes, `flight` at once, at `rate` a second (0: as fast as it goes), and prints their cost."""

    def __init__(self, count: int, flight: int, rate: int) -> None:
        self.count, self.flight, self.rate = count, flight, rate
        self.begun = self.done = 0
        self.loop = asyncio.get_running_loop()
        self.finished = asyncio.Event()

    async def run(self, start: Callable[[int], None]) -> None:
        self.start = start
        self.began_s, self.cpu_began_us = time.monotonic(), cpu_us()
        self.turn()
        await self.finished.wait()
        spent, took_s = cpu_us() - self.cpu_began_us, time.monotonic() - self.began_s
        print(f"{spent / self.count:.3f} {self.count / took_s:.1f}")

    def turn(self) -> None:
        if not self.rate:
            self.more(self.count)
            return
        elapsed_s = time.monotonic() - self.began_s
        self.more(int((elapsed_s + TICK_S) * self.rate))
        if self.begun < self.count:
            self.loop.call_at(self.loop.time() + TICK_S - elapsed_s % TICK_S, self.turn)

    def more(self, wanted: int) -> None:
        wanted = min(wanted, self.count)
        while self.begun < wanted and self.begun - self.done < self.flight:
            self.begun += 1
            self.start(self.begun)

    def ended(self) -> None:
        self.done += 1
        if self.done == self.count:
            self.finished.set()
        elif not self.rate and self.begun < self.count:
            self.begun += 1
            self.start(self.begun)


async def run_pipeline(load: Load, plans: Sequence, ca_file: str | None = None) -> None:
    """The product from plan to journal: resolver cache, dialler, handshake, result, status machine, batch on disk.

    One probe comes before and is not counted: what a process does once (imports, trust anchors) is no cost of a probe.
    """
    from uptime_tui.journal.writer import Journal
    from uptime_tui.model import status
    from uptime_tui.vantage.local import local_vantage

    tasks: set = set()

    def spawn(coroutine) -> None:
        task = asyncio.ensure_future(coroutine)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    vantage = local_vantage(spawn, ca_file=ca_file)
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.db")
        journal.open()
        journal.ids([plan.monitor.name for plan in plans])
        monitors = {plan.monitor.id: plan.monitor for plan in plans}
        states = dict.fromkeys(monitors, status.State())

        await first(vantage, plans[0])
        gc.freeze()  # as the engine does

        def done(result) -> None:
            if result.failure is not None:  # an exception here would end one conversation, and nobody would notice
                print(result, file=sys.stderr, flush=True)
                os._exit(1)
            states[result.monitor], _ = status.apply(states[result.monitor], result, monitors[result.monitor])
            journal.keep_result(result)
            load.ended()

        await load.run(lambda number: vantage.probe(plans[number % len(plans)], done))
        journal.close()
    vantage.close()


async def first(vantage, plan) -> None:
    from uptime_tui.vantage.local import probe_once

    result = await probe_once(vantage, plan)
    assert result.failure is None, result


def on_core(command: Sequence[str], core: int) -> subprocess.Popen:
    cores = sorted(os.sched_getaffinity(0))
    wanted = {cores[core % len(cores)]}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.sched_setaffinity(0, wanted)
    )


def measured(command: Sequence[str]) -> tuple[float, float]:
    with on_core(command, OURS) as process:
        out = process.communicate()[0]
    if process.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    cpu, rate = out.split()
    return float(cpu), float(rate)


def compile_c(name: str, folder: Path, *libraries: str) -> Path | None:
    """A reference in C, compiled now; None, with the reason said, where that does not work here."""
    binary = folder / name
    try:
        subprocess.run(["gcc", "-O2", "-o", binary, HERE / f"{name}.c", *libraries], check=True, stderr=subprocess.PIPE)
    except FileNotFoundError:
        print(f"no {name}: gcc is not installed")
        return None
    except subprocess.CalledProcessError as error:
        print(f"no {name}: {error.stderr.decode().splitlines()[0]}")
        return None
    return binary


def spread(values: Sequence[float], digits: int = 1) -> str:
    return f"{median(values):.{digits}f} [{min(values):.{digits}f}-{max(values):.{digits}f}]"


def compare(title: str, contestants: dict[str, list[str]], rounds: int, goals: dict[str, float]) -> None:
    """Print a table; the first contestant is the reference."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, command in contestants.items():
            found[name].append(measured(command))
    floor = next(iter(found.values()))
    print(f"\n{title}, {rounds} rounds")
    for name, values in found.items():
        ratios = [mine[0] / reference[0] for mine, reference in zip(values, floor, strict=True)]
        goal = f"  goal {goals[name]}" if name in goals else ""
        print(
            f"  {name:<24} {spread([v[0] for v in values]):>24} us CPU  x{spread(ratios, 2):<20}"
            f" {spread([v[1] for v in values], 0):>22}/s{goal}",
            flush=True,
        )
