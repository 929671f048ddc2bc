"""What a TCP probe costs, as a ratio to a C epoll connect loop that is compiled now and runs in the same round.

The prober runs on one core, the acceptor on another. Every round runs the reference and every variant in turn;
figures are medians [lowest-highest] over the rounds, ratios are taken within a round. CPU is user + system of the
prober alone; on loopback that includes the kernel's work for both ends of the handshake.

    python benchmarks/probe_cost.py [--rounds 5] [--count 20000] [--flight 200]
"""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

HERE = Path(__file__).parent
PORT = 19_710
TARGETS = 200
TICK_S = 0.05
RATES = (0, 2000)
"""As fast as it goes, and paced: connects that complete one at a time cost a wake-up each."""
GOALS = {"dialler": 1.25, "pipeline": 2.0}


def cpu_us() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e6


def place(number: int) -> str:
    return f"127.1.0.{number % TARGETS + 1}"


class Load:
    """Starts `count` probes, `flight` at once, at `rate` a second (0: as fast as it goes)."""

    def __init__(self, count: int, flight: int, rate: int) -> None:
        self.count, self.flight, self.rate = count, flight, rate
        self.begun = self.done = 0
        self.loop = asyncio.get_running_loop()
        self.finished = asyncio.Event()

    async def run(self, start) -> None:
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
        while self.begun < min(wanted, self.count) and self.begun - self.done < self.flight:
            self.begun += 1
            self.start(self.begun)

    def ended(self) -> None:
        self.done += 1
        if self.done == self.count:
            self.finished.set()
        elif not self.rate and self.begun < self.count:
            self.begun += 1
            self.start(self.begun)


async def run_dialler(load: Load) -> None:
    from uptime_tui.dial.direct import Dialler

    dialler = Dialler()
    loop, places = load.loop, [place(number) for number in range(TARGETS)]

    def done(end) -> None:
        assert end.errno == 0, end
        load.ended()

    def start(number: int) -> None:
        dialler.dial(places[number % TARGETS], PORT, None, loop.time() + 10, done)

    await load.run(start)
    dialler.close()


async def run_pipeline(load: Load) -> None:
    from uptime_tui.catalogue.load import load_catalogue
    from uptime_tui.journal.writer import Journal
    from uptime_tui.model import status
    from uptime_tui.model.monitor import Monitor
    from uptime_tui.model.target import Target
    from uptime_tui.vantage.base import Plan
    from uptime_tui.vantage.local import local_vantage

    service = load_catalogue().get("tcp")
    names = [f"t{number}" for number in range(TARGETS)]
    tasks = set()

    def spawn(coroutine) -> None:
        task = asyncio.ensure_future(coroutine)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    vantage = local_vantage(spawn)
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.db")
        journal.open()
        ids = journal.ids(names)
        plans = [
            Plan(Monitor(ids[name], name, Target("tcp", place(number), PORT), "custom"), service)
            for number, name in enumerate(names)
        ]
        states = dict.fromkeys(ids.values(), status.State())
        monitors = {plan.monitor.id: plan.monitor for plan in plans}

        def done(result) -> None:
            assert result.failure is None, result
            number = result.monitor
            states[number], _ = status.apply(states[number], result, monitors[number])
            journal.keep_result(result)
            load.ended()

        await load.run(lambda number: vantage.probe(plans[number % TARGETS], done))
        journal.close()
    vantage.close()


async def run_open_connection(load: Load) -> None:
    """What a plain asyncio program would do."""
    tasks = set()

    async def connect(number: int) -> None:
        async with asyncio.timeout(10):
            _, writer = await asyncio.open_connection(place(number), PORT)
            writer.close()
            await writer.wait_closed()
        load.ended()

    def start(number: int) -> None:
        task = asyncio.ensure_future(connect(number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    await load.run(start)


VARIANTS = {"dialler": run_dialler, "pipeline": run_pipeline, "open_connection": run_open_connection}


async def run(variant: str, count: int, flight: int, rate: int) -> None:
    await VARIANTS[variant](Load(count, flight, rate))


def on_core(command: list[str], core: int) -> subprocess.Popen:
    cores = sorted(os.sched_getaffinity(0))
    wanted = {cores[core % len(cores)]}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.sched_setaffinity(0, wanted)
    )


def measured(command: list[str]) -> tuple[float, float]:
    with on_core(command, 0) as process:
        out = process.communicate()[0]
    if process.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    cpu, rate = out.split()
    return float(cpu), float(rate)


def compile_reference(folder: Path) -> Path | None:
    binary = folder / "reference_epoll"
    try:
        subprocess.run(["gcc", "-O2", "-o", binary, HERE / "reference_epoll.c"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no reference: gcc does not work here ({error})")
        return None
    return binary


def spread(values: list[float], digits: int = 1) -> str:
    return f"{median(values):.{digits}f} [{min(values):.{digits}f}-{max(values):.{digits}f}]"


def compare(binary: Path, rate: int, args: argparse.Namespace) -> None:
    count = args.count if rate == 0 else min(args.count, rate * 4)
    shape = [str(count), str(args.flight), str(rate)]
    found: dict[str, list[tuple[float, float]]] = {"C epoll": [], **{name: [] for name in VARIANTS}}
    for _ in range(args.rounds):
        found["C epoll"].append(measured([str(binary), "connect", str(PORT), *shape]))
        for name in VARIANTS:
            found[name].append(measured([sys.executable, __file__, "--run", name, *shape]))
    title = f"paced at {rate}/s" if rate else "as fast as it goes"
    print(f"\n{count} TCP probes, {args.flight} in flight, {title}, {args.rounds} rounds")
    for name, values in found.items():
        ratios = [mine[0] / floor[0] for mine, floor in zip(values, found["C epoll"], strict=True)]
        goal = f"  goal {GOALS[name]}" if name in GOALS else ""
        print(
            f"  {name:<16} {spread([v[0] for v in values]):>20} us CPU  x{spread(ratios, 2):<18}"
            f" {spread([v[1] for v in values], 0):>24}/s{goal}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--flight", type=int, default=200)
    parser.add_argument("--run", nargs=4, metavar=("VARIANT", "COUNT", "FLIGHT", "RATE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        asyncio.run(run(args.run[0], *map(int, args.run[1:])))
        return
    with tempfile.TemporaryDirectory() as folder:
        binary = compile_reference(Path(folder))
        if binary is None:
            sys.exit(1)
        with on_core([str(binary), "accept", str(PORT)], 1) as acceptor:
            assert acceptor.stdout is not None
            try:
                acceptor.stdout.readline()
                for rate in RATES:
                    compare(binary, rate, args)
            finally:
                acceptor.terminate()


if __name__ == "__main__":
    main()
