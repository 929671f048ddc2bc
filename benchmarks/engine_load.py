"""What the engine costs: memory, CPU and start lateness with many monitors against listeners on loopback.

The engine is a process of its own on one core, the acceptor another on the other core; every monitor has an address
of its own in 127.0.0.0/8, so that the limit per host does not matter. Prints one line for each size.

Usage: engine_load.py [--monitors 1000,10000] [--interval 30] [--seconds 60] [--service tcp|smtp|http]
"""

import argparse
import asyncio
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
sys.path.insert(0, str(SOURCE))

from uptime_tui.client.session import Session
from uptime_tui.config.paths import Home, find_home
from uptime_tui.wire.messages import AskStatus

HTTP = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def accept(service: str) -> None:
    """Accept and answer for ever; the port is the first line of the output."""
    listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
    print(listener.getsockname()[1], flush=True)
    listener.setblocking(False)
    chosen = selectors.DefaultSelector()
    chosen.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in chosen.select():
            if key.fileobj is not listener:
                serve(key.fileobj, service, chosen)
                continue
            while True:
                try:
                    conn = listener.accept()[0]
                except BlockingIOError:
                    break
                if service == "smtp":
                    conn.send(b"220 load ESMTP\r\n")
                chosen.register(conn, selectors.EVENT_READ)


def serve(conn: socket.socket, service: str, chosen: selectors.BaseSelector) -> None:
    try:
        data = conn.recv(4096)
        if service == "http" and data:
            conn.send(HTTP)
        elif service == "smtp" and data:
            conn.send(b"221 bye\r\n" if data.upper().startswith(b"QUIT") else b"250 load\r\n")
            if not data.upper().startswith(b"QUIT"):
                return
    except OSError:
        pass
    chosen.unregister(conn)
    conn.close()


def write_fleet(home: Home, count: int, port: int, interval: int, service: str) -> None:
    home.config.mkdir(parents=True, exist_ok=True)
    more = f'interval = "{interval}s"\n' + ("expect = { plaintext_ok = true }\n" if service == "smtp" else "")
    places = ((n, f"127.{1 + n // 65536}.{n // 256 % 256}.{n % 256}") for n in range(1, count + 1))
    blocks = (
        f'[[monitor]]\nname = "monitor {n}"\ntarget = "{service}://{place}:{port}"\n{more}' for n, place in places
    )
    home.monitors_file.write_text("\n".join(blocks))


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> dict[str, float]:
    """MiB by name of /proc/pid/status: VmRSS now, VmHWM at most."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {words[0][:-1]: int(words[1]) / 1024 for words in lines if words and words[0] in {"VmRSS:", "VmHWM:"}}


async def ask(home: Home, *, watch: bool) -> tuple[object, Session]:
    session = await Session.connect(home.socket_file, client="benchmark", watch=watch)
    return (await session.request(AskStatus)).status, session


async def measure(home: Home, pid: int, settle_s: float, seconds: float, watchers: int) -> None:
    await asyncio.sleep(settle_s)
    sessions = [(await ask(home, watch=True))[1] for _ in range(watchers)]

    async def read(session: Session) -> None:
        async for _ in session:
            continue

    readers = [asyncio.create_task(read(session)) for session in sessions]
    before, session = await ask(home, watch=False)
    used, began = cpu_s(pid), time.monotonic()
    await asyncio.sleep(seconds)
    after = (await session.request(AskStatus)).status
    used, took = cpu_s(pid) - used, time.monotonic() - began
    probes = after.vitals.probes - before.vitals.probes
    for reader in readers:
        reader.cancel()
    for one in (*sessions, session):
        await one.close()
    counts, size = after.counts, memory(pid)
    total = sum(getattr(counts, name) for name in counts.__struct_fields__)
    print(
        f"{total:6d} monitors, {watchers} watching: {probes / took:6.1f} probes/s, "
        f"{100 * used / took:5.2f} % of a core, {1e6 * used / max(1, probes):5.0f} us a probe, "
        f"lateness p99 {after.vitals.lateness_p99_ms:5.1f} ms, "
        f"RSS {size['VmRSS']:.1f} MiB (peak {size['VmHWM']:.1f}), {counts.up} up, {after.vitals.skipped} skipped",
        flush=True,
    )


def run(count: int, arguments: argparse.Namespace) -> None:
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="engine-load-") as folder:
        home = find_home(folder, {})
        acceptor = subprocess.Popen(
            [sys.executable, __file__, "--accept", arguments.service], stdout=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores[-1:]),
        )  # fmt: skip
        port = int(acceptor.stdout.readline())
        write_fleet(home, count, port, arguments.interval, arguments.service)
        began = time.monotonic()
        engine = subprocess.Popen(
            [sys.executable, "-m", "uptime_tui", "engine", "--home", folder],
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            preexec_fn=lambda: os.sched_setaffinity(0, cores[:1]),
        )
        try:
            while not home.socket_file.exists():
                time.sleep(0.005)
            print(f"{count:6d} monitors: listens after {time.monotonic() - began:.2f} s", flush=True)
            for watchers in (0, 1):
                settle_s = 1.5 * arguments.interval + 3 if watchers == 0 else 2.0
                asyncio.run(measure(home, engine.pid, settle_s, arguments.seconds, watchers))
        finally:
            engine.terminate()
            began = time.monotonic()
            engine.wait()
            print(f"{count:6d} monitors: ended in {time.monotonic() - began:.2f} s", flush=True)
            acceptor.terminate()
            acceptor.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--monitors", default="1000,10000")
    parser.add_argument("--interval", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--service", default="tcp", choices=["tcp", "smtp", "http"])
    parser.add_argument("--accept", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.accept:
        accept(arguments.accept)
    for count in map(int, arguments.monitors.split(",")):
        run(count, arguments)


if __name__ == "__main__":
    main()
