"""One connection to a lab server: read, say, wait, begin TLS; whatever the visitor does, it ends quietly."""

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

PATIENCE_S: Final = 60.0
"""A visitor who says nothing for so long is sent away."""
MAX_LINE: Final = 65536
MAX_COMMANDS: Final = 20
"""A visitor who has more to say in lines is sent away."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a server plays: the same for all its visits."""

    name: str
    """The monitor's."""
    host: str
    port: int
    service: str
    tls: str
    """`none`, `implicit` or `starttls`, as the catalogue says of the service."""
    body: str = ""
    """HTTP: the page of a healthy answer."""
    moved_to: str = ""
    """HTTP: a healthy answer leads there; a path of its own is reached one part after the other."""
    login: str = ""
    """HTTP: the only `Authorization` that is let in; empty: everybody is."""


@dataclass(slots=True)
class Visit:
    """One connection; a server's `serve` gets it in the state that was set when it came in."""

    role: Role
    state: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    context: ssl.SSLContext | None
    """For TLS from the first byte, or when the server is asked for it."""
    secured: bool = field(default=False)

    async def say(self, data: bytes) -> None:
        """Write all of it."""
        self.writer.write(data)
        await self.writer.drain()

    async def line(self) -> bytes:
        """One line without its end; empty once the visitor has gone."""
        async with asyncio.timeout(PATIENCE_S):
            return (await self.reader.readline()).rstrip(b"\r\n")

    async def exactly(self, count: int) -> bytes:
        """So many bytes; empty once the visitor has gone, or when they are more than any visitor has to say."""
        if count > MAX_LINE:
            return b""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.reader.readexactly(count)
        except asyncio.IncompleteReadError:
            return b""

    def hold_back(self) -> None:
        """Read nothing ahead: a visitor may begin TLS without waiting for a word, and `secure` wants all of it."""
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]

    async def exactly_held_back(self, count: int) -> bytes:
        """So many bytes and not one more, while reading is held back; fewer once the visitor has gone."""
        loop, data = asyncio.get_running_loop(), b""
        with socket.socket(fileno=os.dup(self.writer.get_extra_info("socket").fileno())) as twin:
            async with asyncio.timeout(PATIENCE_S):
                while len(data) < count and (part := await loop.sock_recv(twin, count - len(data))):
                    data += part
        return data

    async def secure(self) -> None:
        """Begin TLS as the server's end."""
        assert self.context is not None, f"{self.role.name} has no certificate"
        await self.writer.start_tls(self.context)
        self.secured = True

    async def begin_tls(self, go: bytes, *, refused: bytes, injected: bytes) -> bool:
        """Answer a command for TLS as the state wants it; False when the conversation is over.

        Args:
            go: the answer after which TLS begins.
            refused: what a server says that cannot.
            injected: plaintext behind `go` that would be taken for the secured server's (CVE-2011-0411).
        """
        if self.state == "starttls_refused":
            await self.say(refused)
            return True
        if self.state == "starttls_injection":
            await self.say(go + injected)
            await self.wait_for_end()
            return False
        await self.say(go)
        await self.secure()
        return True

    async def answer_lines(self, answer: Callable[["Visit", bytes], Awaitable[bool]]) -> None:
        """Have each line answered until that says False, or the visitor has nothing more to say."""
        for _ in range(MAX_COMMANDS):
            command = await self.line()
            if not command or not await answer(self, command):
                return

    async def wait_for_end(self) -> None:
        """Read and forget until the visitor closes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while await self.reader.read(4096):
                    continue

    def reset(self) -> None:
        """End with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
