"""PostgreSQL: what a probe sees, and that the server has nothing to say of it."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from support.certificates import NAME
from support.mariadb import run_as_ordinary_user
from support.servers import (
    UP,
    Served,
    ServerLog,
    converse,
    daemon,
    do_without,
    free_port,
    give_away,
    own_address,
    seen,
    server_folder,
    write_certificates,
)
from uptime_tui.handshakes.postgresql import SSL_REQUEST, startup
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers"), pytest.mark.timeout(120)]

PROBES = 100
SCRAM = "host all all 0.0.0.0/0 scram-sha-256\n"
ACCESS = {"open": "host all all 0.0.0.0/0 trust\n", "closed": "host all all 192.0.2.1/32 trust\n"}
CONNECTIONS = 4


def programme(name: str) -> str:
    """Debian keeps them away from the PATH, one folder a version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found:
        do_without(f"{name} is not installed (Debian package postgresql)")
    return str(found[-1])


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    with server_folder() as folder:
        give_away(folder)
        binary = programme("initdb")
        data = folder / "fresh"
        run_as_ordinary_user([binary, "-D", str(data), "-A", "trust", "-U", "postgres", "-N", "--no-locale"], folder)
        yield data


@contextmanager
def postgresql(
    folder: Path, cluster: Path, address: str, port: int, access: str, *options: str, recovers: str = ""
) -> Iterator[subprocess.Popen]:
    """A server on that port; one that recovers (`recovery` or `standby`) is awaited as soon as it says that it does."""
    data = folder / "data"
    shutil.copytree(cluster, data)
    if recovers:
        (data / f"{recovers}.signal").touch()
    (data / "pg_hba.conf").write_text(access)
    settings = {
        "port": port, "listen_addresses": address, "unix_socket_directories": "", "fsync": "off",
        "log_checkpoints": "off", "max_connections": CONNECTIONS, "superuser_reserved_connections": 0,
        "max_wal_senders": 0, "max_parallel_workers": 0,
    }  # fmt: skip
    more = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    command = [programme("postgres"), "-D", str(data), *more, *(p for o in options for p in ("-c", o))]

    def ready() -> bool:
        said = converse(address, port, startup("probe"), until=b"\0\0")
        return bool(said) and (b"57P03" in said) is bool(recovers)

    with daemon(command, folder, ready) as process:
        yield process


@pytest.fixture(scope="session")
def postgres(cluster) -> Iterator[Served]:
    """`tls`, `plain`, `open` (trust), `closed` (no entry), and certificates that are no good."""
    address = own_address()
    states = ("expired", "wrong_name", "self_signed", "expiring")
    served = Served(address, {variant: free_port(address) for variant in ("tls", "plain", "open", "closed", *states)})
    with ExitStack() as stack:
        for variant, port in served.ports.items():
            folder = stack.enter_context(server_folder())
            certificate, key = write_certificates(folder)[variant if variant in states else "good"]
            key.chmod(0o600)  # it starts with no other
            tls = ["ssl=on", f"ssl_cert_file={certificate}", f"ssl_key_file={key}"]
            served.logs[variant] = ServerLog(folder / "output")
            stack.enter_context(
                postgresql(
                    folder, cluster, address, port, ACCESS.get(variant, SCRAM), *(tls if variant != "plain" else [])
                )
            )  # fmt: skip
        yield served


async def test_a_login_is_asked_for(postgres, probe):
    result = await probe(postgres.target("postgresql", "tls"))
    assert seen(result) == UP, result.detail
    assert "asks for a login (SCRAM)" in result.detail
    assert NAME in result.certificate.names
    assert result.rest is None


async def test_without_tls(postgres, probe):
    result = await probe(postgres.target("postgresql", "plain"))
    assert seen(result) == UP
    assert "no TLS is offered" in result.detail


async def test_an_open_server_does_not_know_us(postgres, probe):
    result = await probe(postgres.target("postgresql", "open"))
    assert seen(result) == UP
    assert "28000" in result.detail


async def test_an_open_server_lets_its_user_in_and_sees_him_leave(postgres, probe):
    offset = postgres.logs["open"].size
    result = await probe(postgres.target("postgresql", "open"), user="postgres")
    assert seen(result) == UP, result.detail
    assert "without a password" in result.detail
    assert postgres.logs["open"].since(offset) == ""


async def test_no_entry_for_us_in_pg_hba(postgres, probe):
    result = await probe(postgres.target("postgresql", "closed"))
    assert seen(result) == UP
    assert "no pg_hba.conf entry" in result.detail


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("expired", (Status.DOWN, Failure.TLS_EXPIRED, Phase.TLS)),
        ("wrong_name", (Status.DOWN, Failure.TLS_NAME_MISMATCH, Phase.TLS)),
        ("self_signed", (Status.DEGRADED, Failure.TLS_SELF_SIGNED, Phase.TLS)),
        ("expiring", (Status.DEGRADED, Failure.TLS_EXPIRING, Phase.TLS)),
    ],
)
async def test_a_bad_certificate_is_told_without_a_line_in_the_log(postgres, probe, state, wanted):
    offset = postgres.logs[state].size
    for _ in range(3):
        result = await probe(postgres.target("postgresql", state))
        assert seen(result) == wanted, result.detail
    assert postgres.logs[state].since(offset) == ""


@contextmanager
def held(address: str, port: int, count: int) -> Iterator[list[socket.socket]]:
    """So many clients that are logged in and idle."""
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = stack.enter_context(socket.create_connection((address, port), timeout=5))
            client.sendall(startup("postgres"))
            heard = b""
            while b"Z\0\0\0\x05I" not in heard:
                part = client.recv(4096)
                assert part, heard
                heard += part
            clients.append(client)
        yield clients


async def test_full(cluster, probe):
    address = own_address()
    port = free_port(address)
    with (
        server_folder() as folder,
        postgresql(folder, cluster, address, port, ACCESS["open"]),
        held(address, port, CONNECTIONS),
    ):
        result = await probe(f"postgresql://{address}:{port}")
    assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL)
    assert "53300" in result.detail


async def test_shutting_down(cluster, probe):
    address = own_address()
    port = free_port(address)
    with server_folder() as folder, postgresql(folder, cluster, address, port, ACCESS["open"]) as process:
        with held(address, port, 1):
            process.send_signal(signal.SIGTERM)  # smart: waits for its clients
            ServerLog(folder / "output").wait_for("smart shutdown", 0)
            result = await probe(f"postgresql://{address}:{port}")
        process.wait(20)
    assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL)
    assert "shutting down" in result.detail


@pytest.mark.parametrize(
    ("recovers", "options", "words"),
    [
        ("recovery", ["restore_command=sleep 60"], "the database system is starting up"),
        ("standby", ["hot_standby=off"], "the database system is not accepting connections"),
    ],
)
async def test_it_recovers(cluster, probe, recovers, options, words):
    address = own_address()
    port = free_port(address)
    with (
        server_folder() as folder,
        postgresql(folder, cluster, address, port, ACCESS["open"], *options, recovers=recovers),
    ):
        result = await probe(f"postgresql://{address}:{port}")
    assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL), result.detail
    assert result.detail == f"busy: 57P03 {words}"
    assert words in result.banner


async def test_another_service_is_expected(postgres, probe):
    result = await probe(postgres.target("smtp", "plain"), limit="1s")
    assert result.failure is Failure.NO_GREETING


@pytest.mark.parametrize("variant", ["tls", "plain"])
async def test_a_hundred_probes_leave_no_line(postgres, probe, variant):
    offset = postgres.logs[variant].size
    for _ in range(PROBES):
        assert seen(await probe(postgres.target("postgresql", variant))) == UP
    assert postgres.logs[variant].since(offset) == ""


async def test_breaking_off_after_the_answer_would_leave_one(postgres):
    """The control: the log tells of visitors that behave otherwise."""
    offset = postgres.logs["tls"].size
    converse(postgres.address, postgres.ports["tls"], SSL_REQUEST, until=b"S")
    assert "could not accept SSL connection" in postgres.logs["tls"].wait_for("could not accept", offset)
