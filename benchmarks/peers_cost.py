"""What a probe of each handshake costs against the real server, beside what people run today, in the same rounds.

Beside `prometheus-blackbox-exporter` (tcp, tls and http modules: the process that serves all probes, its own scrape
request included) and the `check_*` program of the monitoring plugins for the same service (a process for each probe;
what a process costs that does nothing stands below it). Where servers keep a client waiting and are visited one after
the other, a client in C that is compiled now and says the same lines shows what is left to gain: most of the cost is
the kernel's, for waking up. Servers of the distribution run on the other core, started as the tests start them. See
rounds.py.

    python benchmarks/peers_cost.py [--rounds 3] [NAME ...]

Goals: at least 5 times less CPU than blackbox_exporter for TCP and HTTP, no more than it for TLS, and at least
20 times less than the plugins.
"""

import argparse
import asyncio
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from rounds import HERE, OURS, THEIRS, Load, compare, compile_c, cpu_us, run_pipeline

sys.path.insert(0, str(HERE.parent / "tests"))

CORES = sorted(os.sched_getaffinity(0))
PLUGINS = Path("/usr/lib/nagios/plugins")
EXPORTER = shutil.which("prometheus-blackbox-exporter")
EXPORTER_PORT = 19_730
PLUGIN_RUNS = 40


class Peer(NamedTuple):
    """A service, its server, and how the others probe it."""

    service: str
    daemon: str
    variant: str
    count: int
    flight: int
    module: str
    """Of the exporter: what makes it do the same; empty: it cannot."""
    plugin: tuple[str, ...]
    """Program and options; address and port follow."""
    lines: tuple[str, ...] = ()
    """What the client in C says."""


PEERS = {
    "tcp": Peer("tcp", "nginx", "http", 4000, 50, "prober: tcp", ("check_tcp",)),
    "http": Peer("http", "nginx", "http", 2000, 20, "prober: http", ("check_http",)),
    "https": Peer(
        "https", "nginx", "good", 1000, 20, "prober: http\n    http: {tls_config: TLS}", ("check_http", "-S")
    ),
    "smtp": Peer("smtp", "postfix", "plaintext", 300, 1, "", ("check_smtp",), ("EHLO floor.test", "QUIT")),
    "starttls": Peer("smtp", "postfix", "smtp", 300, 1, "", ("check_smtp", "-S")),
    "imap": Peer("imap", "dovecot", "imap-plaintext", 300, 1, "", ("check_imap",), ("a1 CAPABILITY", "a2 LOGOUT")),
    "pop3": Peer("pop3", "dovecot", "pop3-plaintext", 300, 1, "", ("check_pop",), ("CAPA", "QUIT")),
    "ftp": Peer("ftp", "vsftpd", "plaintext", 300, 1, "", ("check_ftp",), ("FEAT", "QUIT")),
    "ssh": Peer("ssh", "sshd", "ssh", 300, 1, "", ("check_ssh",), ("SSH-2.0-floor",)),
    "redis": Peer("redis", "redis", "plain", 2000, 20, "", ()),
}
PLAIN = frozenset({"smtp", "imap", "pop3", "ftp"})
"""Their plugins speak clear text, so these are probed at servers without TLS."""


async def run_ours(name: str, address: str, port: int, ca_file: str) -> None:
    from support.certificates import NAME
    from uptime_tui.catalogue.load import load_catalogue
    from uptime_tui.config.draft import read_draft
    from uptime_tui.config.schema import Defaults
    from uptime_tui.vantage.base import Plan

    peer, catalogue = PEERS[name], load_catalogue()
    service = peer.service
    expect = {"plaintext_ok": True} if name in PLAIN else {"tls_name": NAME} if name in {"https", "starttls"} else {}
    table = {"name": name, "target": f"{service}://{address}:{port}", "expect": expect}
    monitor, faults = read_draft(table, catalogue, Defaults())
    assert monitor is not None, faults
    await run_pipeline(Load(peer.count, peer.flight, 0), [Plan(monitor, catalogue.get(service))], ca_file)


def run_plugin(service: str, address: str, port: int) -> None:
    """A process for each probe; its own CPU and that of its start."""
    program, *options = PEERS[service].plugin
    run_processes([str(PLUGINS / program), *options, "-H", address, "-p", str(port)])


def run_processes(command: list[str]) -> None:
    count = PLUGIN_RUNS
    began_s, before_us = time.monotonic(), cpu_us(resource.RUSAGE_CHILDREN)
    for _ in range(count):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode > 1:
            sys.exit(f"{' '.join(command)}: {ended.stdout}")
    spent = cpu_us(resource.RUSAGE_CHILDREN) - before_us
    print(f"{spent / count:.3f} {count / (time.monotonic() - began_s):.1f}")


def run_exporter(service: str, address: str, port: int, folder: str) -> None:
    """The exporter alone is counted, and runs on our core; who asks it is here only for that."""
    assert EXPORTER is not None
    config = [f"--config.file={folder}/blackbox.yml", f"--web.listen-address=127.0.0.1:{EXPORTER_PORT}"]
    os.sched_setaffinity(0, {CORES[OURS % len(CORES)]})
    with subprocess.Popen([EXPORTER, *config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as exporter:
        os.sched_setaffinity(0, {CORES[THEIRS % len(CORES)]})
        try:
            while socket.socket().connect_ex(("127.0.0.1", EXPORTER_PORT)):
                time.sleep(0.01)
            place = f"{address}:{port}"
            target = {"http": f"http://{place}/", "https": f"https://{place}/"}.get(service, place)
            url = f"http://127.0.0.1:{EXPORTER_PORT}/probe?module={service}&target={target}"
            ask(url)
            count, before_us, began_s = min(400, PEERS[service].count), process_us(exporter.pid), time.monotonic()
            for _ in range(count):
                ask(url)
            spent = process_us(exporter.pid) - before_us
            print(f"{spent / count:.3f} {count / (time.monotonic() - began_s):.1f}")
        finally:
            exporter.terminate()


def ask(url: str) -> None:
    with urllib.request.urlopen(url, timeout=20) as answer:
        said = answer.read()
    if b"\nprobe_success 1\n" not in said:
        with urllib.request.urlopen(f"{url}&debug=true", timeout=20) as answer:
            sys.exit(f"the exporter's probe failed: {answer.read().decode()[:1500]}")


def process_us(pid: int) -> float:
    """Of a process, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1e6


@contextmanager
def daemon(name: str):
    """The server as the tests start it, on the other core."""
    os.sched_setaffinity(0, {CORES[THEIRS % len(CORES)]})
    fixture = getattr(import_module(f"support.daemons.{name}"), name)
    try:
        with contextmanager(fixture.__wrapped__)() as served:
            os.sched_setaffinity(0, CORES)
            yield served
    finally:
        os.sched_setaffinity(0, CORES)


def write_config(folder: Path) -> None:
    from support.certificates import NAME, authority

    (folder / "ca.pem").write_bytes(authority.root.pem())
    tls = f"{{ca_file: {folder}/ca.pem, server_name: {NAME}}}"
    modules = (f"  {name}:\n    {peer.module.replace('TLS', tls)}\n" for name, peer in PEERS.items() if peer.module)
    (folder / "blackbox.yml").write_text("modules:\n" + "".join(modules))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("services", nargs="*", default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        who, service, address, port, folder = args.run
        if who == "ours":
            asyncio.run(run_ours(service, address, int(port), f"{folder}/ca.pem"))
        elif who == "plugin":
            run_plugin(service, address, int(port))
        elif who == "nothing":
            run_processes(["true"])
        else:
            run_exporter(service, address, int(port), folder)
        return
    with tempfile.TemporaryDirectory() as name:
        write_config(Path(name))
        floor = compile_c("reference_lines", Path(name))
        for service in args.services:
            peer = PEERS[service]
            with daemon(peer.daemon) as served:
                port = served.ports[peer.variant]

                def run(who: str, service: str = service, address: str = served.address, port: int = port) -> list[str]:
                    return [sys.executable, __file__, "--run", who, service, address, str(port), name]

                contestants = {"uptime-tui": run("ours")}
                if floor is not None and peer.lines:
                    command = [str(floor), served.address, str(port), str(peer.count)]
                    contestants["C, the same lines"] = [*command, *peer.lines]
                if EXPORTER and peer.module:
                    contestants["blackbox_exporter"] = run("exporter")
                if peer.plugin and (PLUGINS / peer.plugin[0]).exists():
                    contestants[peer.plugin[0]] = run("plugin")
                    contestants["a process that ends"] = run("nothing")
                compare(f"{service}, {peer.flight} in flight", contestants, args.rounds, {})


if __name__ == "__main__":
    main()
