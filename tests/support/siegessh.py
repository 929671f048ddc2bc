"""A real SFTP server behind a relay: what is encrypted cannot be recorded, but it can be held up and damaged."""

import asyncio
import os
from contextlib import suppress
from typing import Protocol, Self

import asyncssh

MESSAGES = 14
"""What a whole session brings, about: identification, key exchange, login, channel, SFTP and the goodbye."""
_BYTES = 65536


class Ends(Protocol):
    """The visitor's two ends."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Guests(asyncssh.SSHServer):
    """Lets the home folder's key in."""

    def __init__(self) -> None:
        self.connection: asyncssh.SSHServerConnection

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connection = conn

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "backup" and key == _key().convert_to_public()


def _key() -> asyncssh.SSHKey:
    return asyncssh.import_private_key(os.environ["SIEGE_KEY"])


async def sftp_server() -> int:
    """Start one; its port."""
    asyncssh.set_log_level("CRITICAL")
    server = await asyncssh.listen("127.0.0.1", 0, server_host_keys=[_key()], server_factory=Guests, sftp_factory=True)
    return int(server.get_port())


class Relay:
    """Between a visitor and the real server; a `Visit` to whoever turns on the visitor."""

    def __init__(self, port: int, visit: Ends) -> None:
        self.port, self.reader, self.writer = port, visit.reader, visit.writer

    async def __aenter__(self) -> Self:
        self.answers, self.questions = await asyncio.open_connection("127.0.0.1", self.port)
        self.asked = asyncio.ensure_future(self.ask())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.asked.cancel()
        self.questions.transport.abort()

    async def ask(self) -> None:
        with suppress(OSError):
            while data := await self.reader.read(_BYTES):
                self.questions.write(data)

    async def message(self) -> bytes:
        with suppress(OSError):
            return await self.answers.read(_BYTES)
        return b""

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self, within_s: float | None = None) -> bool:
        """Whether the visitor has gone within that time; None waits until he has."""
        await asyncio.wait({self.asked}, timeout=within_s)
        return self.asked.done()
