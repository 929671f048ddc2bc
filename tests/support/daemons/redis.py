"""Redis: plain, with a password, full, loading, a replica without its master, one that cannot save, and in TLS with a
good and a bad certificate."""

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
from uptime_tui.handshakes.redis import command

PING = b"*1\r\n$4\r\nPING\r\n"
TLS = ("tls", "expired", "self_signed")
VARIANTS = {
    "plain": ["--busy-reply-threshold", "1"],
    "password": ["--requirepass", "secret"],
    "full": ["--maxclients", "1"],
    # a second for each key, and a look at its visitors after each
    "loading": ["--key-load-delay", "1000000", "--loading-process-events-interval-bytes", "1024"],
    "orphan": ["--replica-serve-stale-data", "no", "--replicaof"],
    "unsaved": ["--save", "3600 1"],
    **{each: ["--tls-auth-clients", "no"] for each in TLS},
}


@pytest.fixture(scope="session")
def redis() -> Iterator[Served]:
    """A port and a log for each variant; the one client of `full` is there already."""
    binary = need("redis-server", "redis-server")
    address = own_address()
    served = Served(address, {variant: free_port(address) for variant in VARIANTS})
    running = {}
    with ExitStack() as stack:
        for variant, options in VARIANTS.items():
            folder = stack.enter_context(server_folder())
            port = served.ports[variant]
            served.logs[variant] = ServerLog(folder / "redis.log")
            words = [
                binary, "--bind", address, "--save", "", "--dir", str(folder),
                "--logfile", str(folder / "redis.log"), "--protected-mode", "no", *_port(folder, variant, port), *options,
            ]  # fmt: skip
            if variant == "orphan":
                words += [address, str(free_port(address))]
            if variant == "unsaved":
                (folder / "data").mkdir(mode=0o555)  # for its owner neither
                words += ["--dir", str(folder / "data")]
            if variant == "loading":
                (folder / "dump.rdb").write_bytes(_data_set(1000))
            running[variant] = stack.enter_context(daemon(words, folder, lambda port=port: _answers(address, port)))
        _fail_to_save(address, served.ports["unsaved"], served.logs["unsaved"])
        client = stack.enter_context(socket.create_connection((address, served.ports["full"]), timeout=5))
        client.sendall(PING)
        assert client.recv(100).startswith(b"+PONG")
        yield served
        running["unsaved"].kill()  # it does not end by itself without having saved


def _fail_to_save(address: str, port: int, log: ServerLog) -> None:
    """It forks, and learns later that its child could not write."""
    converse(address, port, command("BGSAVE"), until=b"\r\n")
    log.wait_for("Background saving error", 0)


def _port(folder: Path, variant: str, port: int) -> list[str]:
    if variant not in TLS:
        return ["--port", str(port)]
    certificate, key = write_certificates(folder)["good" if variant == "tls" else variant]
    files = ["--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-ca-cert-file", str(certificate)]
    return ["--port", "0", "--tls-port", str(port), *files]


def _answers(address: str, port: int) -> bool:
    """An answer; a port with TLS ends a visit without it."""
    try:
        return bool(converse(address, port, PING, until=b"\r\n"))
    except ConnectionResetError:
        return True


def _data_set(keys: int) -> bytes:
    """So many keys with a kilobyte each, as Redis saves them (RDB 9, no checksum)."""
    each = b"".join(b"\x00\x05%05d\x44\x00%b" % (number, b"x" * 1024) for number in range(keys))
    return b"REDIS0009\xfe\x00" + each + b"\xff" + bytes(8)
