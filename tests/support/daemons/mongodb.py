"""SecantusDB, an independent server that speaks MongoDB's wire protocol; mongod itself is not in Debian."""

import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from support.servers import (
    Served,
    ServerLog,
    converse,
    daemon,
    do_without,
    free_port,
    own_address,
    server_folder,
    write_certificates,
)
from uptime_tui.handshakes.mongodb import HELLO

BINARY = Path(sysconfig.get_path("scripts")) / "secantusd-py"
"""Comes with the test extra."""


@pytest.fixture(scope="session")
def mongodb() -> Iterator[Served]:
    """SecantusDB as `replica`, `standalone`, `login` (which wants one) and `tls`."""
    if not BINARY.exists():
        do_without(f"{BINARY.name} is not installed (test extra: secantusdb)")
    address = own_address()
    variants = {"replica": [], "standalone": ["--standalone"], "login": ["--auth"], "tls": []}
    served = Served(address, {variant: free_port(address) for variant in variants})
    processes = []
    with ExitStack() as stack:
        for variant, options in variants.items():
            folder = stack.enter_context(server_folder())
            port = served.ports[variant]
            served.logs[variant] = ServerLog(folder / "output")
            certificate, key = write_certificates(folder)["good"]
            tls = ["--tls-cert-file", str(certificate), "--tls-key-file", str(key)] if variant == "tls" else []
            command = [
                str(BINARY), "--host", address, "--port", str(port), "--storage-path", ":memory:", *options, *tls,
            ]  # fmt: skip
            server = daemon(command, folder, partial(_ready, address, port, variant), ours=True)
            processes.append(stack.enter_context(server))
        yield served
        for process in processes:
            process.kill()  # each takes two seconds to end by itself, and has nothing to lose


def _ready(address: str, port: int, variant: str) -> bool:
    try:
        return bool(converse(address, port, HELLO, until=b"isWritablePrimary"))
    except ConnectionResetError:
        return variant == "tls"  # how it ends a visit without TLS
