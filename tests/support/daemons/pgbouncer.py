"""PgBouncer in front of a PostgreSQL that need not be there: nobody gets so far as to log in.

`login`, `tls` (its log is as quiet as the documents make it), `full` (its one client is there), `unknown` (no such
database, which is told to whom it trusts only), `dead` (it trusts, and the server behind it is gone), `rejecting` (no
line for us in its access file).
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.servers import (
    Served,
    ServerLog,
    converse,
    daemon,
    free_port,
    need,
    own_address,
    server_folder,
    write_certificates,
)
from uptime_tui.handshakes.postgresql import startup

VARIANTS = {
    "login": {},
    "tls": {"client_tls_sslmode": "allow", "log_connections": 0},
    "full": {"max_client_conn": 1},
    "unknown": {"databases": "shop", "auth_type": "trust"},
    "dead": {"auth_type": "trust", "query_wait_timeout": 1},
    "rejecting": {"auth_type": "hba", "auth_hba_file": "/dev/null"},
}


@pytest.fixture(scope="session")
def pgbouncer() -> Iterator[Served]:
    """A port and a log for each variant."""
    binary = need("pgbouncer", "pgbouncer")
    address = own_address()
    served = Served(address, {variant: free_port(address) for variant in VARIANTS})
    with ExitStack() as stack:
        for variant, port in served.ports.items():
            folder = stack.enter_context(server_folder())
            command = [binary, "-q", str(_settings(folder, variant, address, port))]
            served.logs[variant] = ServerLog(folder / "pgbouncer.log")
            stack.enter_context(daemon(command, folder, lambda port=port: _listens(address, port)))
        client = stack.enter_context(socket.create_connection((address, served.ports["full"]), timeout=5))
        client.sendall(startup("visitor"))
        assert client.recv(100).startswith(b"R")  # it is asked for a password, and takes its time
        yield served


def _listens(address: str, port: int) -> bool:
    """It says something of a start without a name, and lets go."""
    return bool(converse(address, port, startup(""), until=b"\0\0"))


def _settings(folder: Path, variant: str, address: str, port: int) -> Path:
    more = dict(VARIANTS[variant])
    database = more.pop("databases", "*")
    certificate, key = write_certificates(folder)["good"]
    (folder / "users").write_text('"uptime_tui" ""\n' if variant != "login" else '"app" "secret"\n')
    settings = {
        "listen_addr": address, "listen_port": port, "unix_socket_dir": "", "auth_type": "scram-sha-256",
        "auth_file": folder / "users", "logfile": folder / "pgbouncer.log", "client_tls_cert_file": certificate,
        "client_tls_key_file": key, **more,
    }  # fmt: skip
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    place = folder / "pgbouncer.ini"
    place.write_text(f"[databases]\n{database} = host={address} port={free_port(address)}\n[pgbouncer]\n{lines}")
    return place
