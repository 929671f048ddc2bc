"""What a TCP probe costs, as a ratio to a C epoll connect loop that is compiled now and runs in the same round.

Targets are 127.1.0.1 to 127.1.0.200 in turn. As fast as it goes, and paced: connects that complete one at a time cost
a wake-up each. See rounds.py for how it is measured.

    python benchmarks/probe_cost.py [--rounds 5] [--count 20000] [--flight 200]
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rounds import THEIRS, Load, compare, compile_c, on_core, run_pipeline

PORT = 19_710
TARGETS = 200
RATES = (0, 1000, 2000)
GOALS = {"dialler": 1.25, "pipeline": 2.0}


def place(number: int) -> str:
    return f"127.1.0.{number % TARGETS + 1}"


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


async def run_whole(load: Load) -> None:
    from uptime_tui.catalogue.load import load_catalogue
    from uptime_tui.model.monitor import Monitor
    from uptime_tui.model.target import Target
    from uptime_tui.model.units import MonitorId
    from uptime_tui.vantage.base import Plan

    service = load_catalogue().get("tcp")
    plans = [
        Plan(Monitor(MonitorId(number + 1), f"t{number}", Target("tcp", place(number), PORT), "custom"), service)
        for number in range(TARGETS)
    ]
    await run_pipeline(load, plans)


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


VARIANTS = {"dialler": run_dialler, "pipeline": run_whole, "open_connection": run_open_connection}


async def run(variant: str, count: int, flight: int, rate: int) -> None:
    await VARIANTS[variant](Load(count, flight, rate))


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
        binary = compile_c("reference_epoll", Path(folder))
        if binary is None:
            sys.exit(1)
        with on_core([str(binary), "accept", str(PORT)], THEIRS) as acceptor:
            assert acceptor.stdout is not None
            try:
                acceptor.stdout.readline()
                for rate in RATES:
                    shape = [str(args.count if rate == 0 else min(args.count, rate * 4)), str(args.flight), str(rate)]
                    contestants = {"C epoll": [str(binary), "connect", str(PORT), *shape]}
                    contestants |= {name: [sys.executable, __file__, "--run", name, *shape] for name in VARIANTS}
                    pace = f"paced at {rate}/s" if rate else "as fast as it goes"
                    compare(f"{shape[0]} TCP probes, {args.flight} in flight, {pace}", contestants, args.rounds, GOALS)
            finally:
                acceptor.terminate()


if __name__ == "__main__":
    main()
