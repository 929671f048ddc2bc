"""Redis: plain, with a password, full."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

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
)


@pytest.fixture(scope="session")
def redis() -> Iterator[Served]:
    """Redis: `plain`, `password`, and `full`, whose one client is there already."""
    binary = need("redis-server", "redis-server")
    address = own_address()
    variants = {"plain": [], "password": ["--requirepass", "secret"], "full": ["--maxclients", "1"]}
    served = Served(address, {variant: free_port(address) for variant in variants})
    ping = b"*1\r\n$4\r\nPING\r\n"
    with ExitStack() as stack:
        for variant, options in variants.items():
            folder = stack.enter_context(server_folder())
            port = served.ports[variant]
            served.logs[variant] = ServerLog(folder / "redis.log")
            command = [
                binary, "--port", str(port), "--bind", address, "--save", "", "--dir", str(folder),
                "--logfile", str(folder / "redis.log"), "--protected-mode", "no", *options,
            ]  # fmt: skip
            stack.enter_context(
                daemon(command, folder, lambda port=port: bool(converse(address, port, ping, until=b"\r\n")))
            )
        client = stack.enter_context(socket.create_connection((address, served.ports["full"]), timeout=5))
        client.sendall(ping)
        assert client.recv(100).startswith(b"+PONG")
        yield served
