"""What the dashboard costs: bytes, CPU, key latency, start, a stalled terminal, signals. Prints one table.

    python benchmarks/screen_cost.py [start idle load keys stall signals]

Everything is measured from outside, through a pseudo-terminal of 120x40 with 1,000 monitors on a scripted engine.
"""

import contextlib
import os
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.fake_engine import FakeEngine, make_fleet
from support.pty_terminal import PtyTerminal, process_cpu_s

MONITORS = 1000
CURSOR = re.compile(rb">(?: \xe2\x9c| !|\xe2\x96)")
"""A line under the cursor, as it is sent."""
ANY = re.compile(rb">")


def opened(engine, **options):
    """A dashboard that has drawn its first row."""
    terminal = PtyTerminal(engine.home.config, columns=120, lines=40, emulated=False, **options)
    terminal.wait(lambda t: b"smtp-0001" in t.raw, "the first row")
    return terminal


def window(terminal, seconds):
    """Bytes a second and CPU share over some seconds."""
    pid = terminal.process.pid
    bytes_before, cpu_before, start = len(terminal.raw), process_cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - start
    return (len(terminal.raw) - bytes_before) / took, (process_cpu_s(pid) - cpu_before) / took * 100


def show(name, value, goal):
    print(f"{name:<44} {value:>26}   goal {goal}", flush=True)


def start(engine):
    times = []
    for _ in range(6):
        with opened(engine) as terminal:
            times.append((time.monotonic() - terminal.started_s) * 1000)
    show(
        "start to first row, warm, 1,000 monitors",
        f"{min(times[1:]):.0f} best {statistics.median(times[1:]):.0f} ms",
        "350 ms",
    )


def idle(engine):
    with opened(engine) as terminal:
        time.sleep(3)
        size, cpu = window(terminal, 65)
        show("idle with the clock on, over a minute's turn", f"{size:.0f} B/s {cpu:.1f} %", "150 B/s, 1 %")


def load(engine):
    with opened(engine) as terminal:
        engine.storm(200)
        time.sleep(2)
        size, cpu = window(terminal, 20)
        engine.hang_up()
        engine.listen()
        show("200 results/s", f"{size:.0f} B/s {cpu:.1f} %", "5,000 B/s, 5 %")


def keys(engine):
    chance = random.Random(3)
    with opened(engine) as terminal:
        engine.storm(200)
        time.sleep(2)

        def press(key, drawn):
            before, begin = len(terminal.raw), time.perf_counter()
            terminal.send(key)
            while not drawn.search(terminal.raw, before) and time.perf_counter() - begin < 2:
                time.sleep(0.0005)
            took_ms = (time.perf_counter() - begin) * 1000
            time.sleep(0.1 + chance.random() * 0.1)  # no beat with the frame clock
            return took_ms

        before, begin = len(terminal.raw), time.monotonic()
        lines = sorted(press("j" if n % 40 < 20 else "k", CURSOR) for n in range(200))
        rate = (len(terminal.raw) - before) / (time.monotonic() - begin)
        pages = sorted(press(("G", "g", "\x04", "\x15")[n % 4], ANY) for n in range(100))
        engine.hang_up()
        engine.listen()
    for name, times in (("key to screen under that load, a line", lines), ("the same, a page or an end", pages)):
        middle, late = times[len(times) // 2], times[len(times) * 99 // 100]
        show(name, f"p50 {middle:.1f} p99 {late:.1f} ms", "10 / 50 ms")
    show("bytes while six keys a second are pressed", f"{rate:.0f} B/s", "-")


def stall(engine):
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "lag"
        code = (
            "import sys,time,threading,uptime_tui.ui.screens.dashboard as d\n"
            "old=d.Dashboard.frame; last=[0.0]; worst=[0.0]\n"
            "def frame(self):\n"
            "    now=time.monotonic()\n"
            "    if last[0]: worst[0]=max(worst[0], now-last[0]-0.2)\n"
            "    last[0]=now\n"
            f"    open({str(record)!r},'w').write(str(worst[0]*1000))\n"
            "    old(self); worst[0]=max(worst[0], time.monotonic()-now)\n"
            "d.Dashboard.frame=frame\n"
            "from uptime_tui.__main__ import main\nmain()\n"
        )
        with opened(engine, program=[sys.executable, "-c", code]) as terminal:
            engine.storm(200)
            time.sleep(2)
            record.write_text("0")
            terminal.stall()
            for _ in range(150):  # a user who tries whether it still lives
                with contextlib.suppress(BlockingIOError):
                    terminal.send("Gg")
                time.sleep(0.1)
            worst = float(record.read_text() or 0)
            terminal.go_on()
            engine.hang_up()
            engine.listen()
            show("terminal stalled 15 s: worst block of the loop", f"{worst:.0f} ms", "250 ms")


def signals(engine):
    for name, end in (
        ("SIGTERM", lambda t: t.signal(signal.SIGTERM)),
        ("SIGHUP", lambda t: t.signal(signal.SIGHUP)),
        ("hangup of the terminal", lambda t: t.hang_up()),
    ):
        times, clean = [], 0
        for _ in range(20):
            with opened(engine) as terminal:
                begin = time.monotonic()
                end(terminal)
                terminal.wait_exit(5)
                times.append(time.monotonic() - begin)
                clean += terminal.closed or not terminal.is_clean()
        good = sum(1 for t in times if t <= 1.1)
        show(f"{name}: ends", f"{good}/20, clean {clean}/20, max {max(times):.2f} s", "20/20 in 1 s")


PARTS = {"start": start, "idle": idle, "load": load, "keys": keys, "stall": stall, "signals": signals}


def main():
    wanted = sys.argv[1:] or list(PARTS)
    with tempfile.TemporaryDirectory(prefix="ut") as folder:
        os.environ.pop("NO_COLOR", None)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # pip compiles what it installs: a warm start has bytecode
        monitors, rows = make_fleet(MONITORS)
        for name in wanted:
            with FakeEngine(folder, monitors, rows) as engine:
                PARTS[name](engine)


if __name__ == "__main__":
    main()
