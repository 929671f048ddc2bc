"""What HTTP and TLS probes cost: beside wrk, and beside a C OpenSSL client that is compiled now, in the same rounds.

The server is nginx on the other core: 1 KB over HTTP, a new connection each, as fast as it goes and paced; TLS with a
verified chain and host name, a full handshake each. "pipeline" is the product from plan to journal. See rounds.py for
how it is measured.

    python benchmarks/web_cost.py [--rounds 5] [--count 4000] [--flight 50]
"""

import argparse
import asyncio
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from rounds import HERE, THEIRS, TICK_S, Load, compare, compile_c, cpu_us, on_core, run_pipeline

sys.path.insert(0, str(HERE.parent / "tests"))

from support.certificates import NAME, authority, write_pem

PORTS = {"http": 19_720, "rsa": 19_721, "good": 19_722}
KEYS = {"rsa": "RSA-2048", "good": "P-256"}
GOALS = {"pipeline": 1.5, "pipeline TLS": 1.3}
TARGETS = 20
RATES = (0, 1000, 2000)
WRK_S = 2
WRK_PACE = "function delay() return {delay_ms} end\n"
"""wrk has no rate: a pause before each request paces it, and as many connections as one pause holds requests."""

NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_timeout 0; ssl_session_cache off; ssl_session_tickets off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; root {folder};
  server {{ listen {http} backlog=4096; }}
  server {{ listen {rsa} ssl backlog=4096; ssl_certificate {folder}/rsa.pem; ssl_certificate_key {folder}/rsa.key; }}
  server {{ listen {good} ssl backlog=4096; ssl_certificate {folder}/good.pem; ssl_certificate_key {folder}/good.key; }}
}}
"""


async def run_web(load: Load, port: int, ca_file: str, *, tls: bool, page: bool) -> None:
    """Probe it: `page` asks for the document, otherwise a TLS handshake is all."""
    from uptime_tui.catalogue.service import Service
    from uptime_tui.model.monitor import Expectations, Monitor
    from uptime_tui.model.target import Target
    from uptime_tui.model.units import MonitorId
    from uptime_tui.vantage.base import Plan

    service = Service(
        name="https" if tls else "http",
        title="web",
        category="web",
        handshake="http" if page else "tcp",
        meaning="",
        tls="implicit" if tls else "none",
    )
    expect = Expectations(tls_name=NAME if tls else "")
    plans = [
        Plan(
            Monitor(
                MonitorId(number + 1),
                f"w{number}",
                Target(service.name, f"127.1.0.{number + 1}", port, "/index.html"),
                "web",
                expect=expect,
            ),
            service,
        )
        for number in range(TARGETS)
    ]
    await run_pipeline(load, plans, ca_file)


def run_wrk(flight: int, rate: int) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        pace = []
        if rate:
            flight, pace = int(rate * TICK_S), ["-s", script.name]
            script.write(WRK_PACE.format(delay_ms=int(TICK_S * 1000)))
            script.flush()
        url = f"http://127.0.0.1:{PORTS['http']}/"
        before_us, began_s = cpu_us(resource.RUSAGE_CHILDREN), time.monotonic()
        said = subprocess.run(
            ["wrk", "-t1", f"-c{flight}", f"-d{WRK_S}s", *pace, "-H", "Connection: close", url],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    count = int(re.search(r"(\d+) requests in", said)[1])
    spent = cpu_us(resource.RUSAGE_CHILDREN) - before_us
    print(f"{spent / count:.3f} {count / (time.monotonic() - began_s):.1f}")


@contextmanager
def nginx(folder: Path):
    for kind in KEYS:
        issued = authority.leaf(kind)
        (folder / kind).mkdir()
        certificate, key = write_pem(issued, folder / kind)
        shutil.copy(certificate, folder / f"{kind}.pem")
        shutil.copy(key, folder / f"{kind}.key")
    (folder / "ca.pem").write_bytes(Path(authority.ca_file).read_bytes())
    (folder / "index.html").write_bytes(b"x" * 1024)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, **PORTS))
    binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") or sys.exit("nginx is not installed")
    command = [binary, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with on_core(command, THEIRS) as server:
        try:
            deadline_s = time.monotonic() + 10
            while socket.socket().connect_ex(("127.0.0.1", PORTS["good"])):
                if time.monotonic() > deadline_s or server.poll() is not None:
                    sys.exit(f"nginx does not start: {(folder / 'error.log').read_text()}")
                time.sleep(0.01)
            yield
        finally:
            server.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--flight", type=int, default=50)
    parser.add_argument("--run", nargs=4, metavar=("WHAT", "PORT", "CA", "RATE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        what, port, ca_file, rate = args.run
        if what == "wrk":
            run_wrk(args.flight, int(rate))
            return

        async def run() -> None:
            load = Load(args.count, args.flight, int(rate))
            await run_web(load, int(port), ca_file, tls=what != "http", page=what != "tls")

        asyncio.run(run())
        return
    with tempfile.TemporaryDirectory() as name, nginx(folder := Path(name)):

        def ours(what: str, port: int, rate: int = 0) -> list[str]:
            flight = max(args.flight, int(rate * TICK_S))
            shape = ["--count", str(args.count), "--flight", str(flight)]
            return [sys.executable, __file__, *shape, "--run", what, str(port), str(folder / "ca.pem"), str(rate)]

        for rate in RATES if shutil.which("wrk") else ():
            contestants = {"wrk": ours("wrk", 0, rate), "pipeline": ours("http", PORTS["http"], rate)}
            pace = f"paced at {rate}/s" if rate else f"{args.flight} in flight, as fast as it goes"
            compare(f"{args.count} HTTP probes of 1 KB, {pace}", contestants, args.rounds, GOALS)
        if not shutil.which("wrk"):
            print("no ratio for HTTP: wrk is not installed")
        binary = compile_c("reference_tls", folder, "-lssl", "-lcrypto")
        for kind, key in KEYS.items():
            if binary is None:
                break
            contestants = {
                "C OpenSSL": [str(binary), str(PORTS[kind]), str(args.count), str(folder / "ca.pem"), NAME],
                "pipeline TLS": ours("tls", PORTS[kind]),
                "pipeline HTTPS, 1 KB": ours("https", PORTS[kind]),
            }
            compare(f"{args.count} TLS probes, {key}, {args.flight} in flight", contestants, args.rounds, GOALS)


if __name__ == "__main__":
    main()
