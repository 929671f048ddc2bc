"""The engine's end of the unix socket: frames in, requests to the desk, changes out by the bus."""

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, Protocol

from uptime_tui import __version__
from uptime_tui.engine.bus import Bus, Watcher
from uptime_tui.model.errors import UserError
from uptime_tui.wire.framing import Decoder, FramingError, encode
from uptime_tui.wire.messages import PROTOCOL, ClientMessage, Focused, Goodbye, Hello, Reply, Request, Trial, Welcome

MAX_BACKLOG: Final = 32 * 1024 * 1024
"""Bytes a client may leave unread: the largest fleet fits; a client that asks and never reads is turned away."""
_NO_SOCKET: Final = "check its folder: shares and FAT take no sockets; name another by --home or XDG_RUNTIME_DIR"

Answer = Coroutine[Any, Any, tuple[Trial | None, Reply]]


class Desk(Protocol):
    """Who answers requests."""

    def answer(self, request: Request) -> Answer:
        """Do what is asked; a user's fault is a reply, not an exception."""


class Server:
    """Listens for any number of clients.

    Args:
        bus: who is told what.
        desk: who answers.
        spawn: runs a coroutine and keeps hold of it.
        emptied: called when a client has left.
    """

    def __init__(
        self, bus: Bus, desk: Desk, spawn: Callable[[Coroutine[Any, Any, None]], None], emptied: Callable[[], None]
    ) -> None:
        self.bus = bus
        self.desk = desk
        self.spawn = spawn
        self.emptied = emptied
        self.clients: set[Client] = set()
        self._listener: asyncio.Server | None = None

    async def listen(self, path: Path) -> None:
        """Begin to listen; a socket that a killed engine left behind is replaced (the caller holds the lock).

        Raises:
            UserError: the socket cannot be made.
        """
        loop = asyncio.get_running_loop()
        before = os.umask(0o177)
        try:
            if self._listener is not None:
                self._listener.close()
            path.unlink(missing_ok=True)  # noqa: ASYNC240 - once, at the start, on a local disk
            self._listener = await loop.create_unix_server(lambda: Client(self), path)
        except OSError as error:
            raise UserError(f"cannot listen: {error.strerror or error}", where=str(path), todo=_NO_SOCKET) from error
        finally:
            os.umask(before)

    def stop(self, reason: str) -> None:
        """Say goodbye to everybody and close."""
        if self._listener is not None:
            self._listener.close()
        for client in list(self.clients):
            client.leave(reason)


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._decoder: Decoder[ClientMessage] = Decoder(ClientMessage)
        self._transport: asyncio.Transport | None = None
        self._watcher: Watcher | None = None
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let in only the user that the engine runs as."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if _peer_uid(transport) not in {os.geteuid(), 0}:
            self.leave("this engine belongs to another user")
            return
        self._server.clients.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's interface
        """Forget it."""
        if self._watcher is not None:
            self._server.bus.leave(self._watcher)
        if self in self._server.clients:
            self._server.clients.discard(self)
            self._server.emptied()

    def data_received(self, data: bytes) -> None:
        """Frames, in any split."""
        try:
            messages = self._decoder.feed(data)
        except FramingError:
            self.leave("that is not this engine's protocol")
            return
        for message in messages:
            self._take(message)

    def leave(self, reason: str) -> None:
        """Say why and hang up."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(Goodbye(reason)))
            self._transport.close()

    def _take(self, message: ClientMessage) -> None:
        if isinstance(message, Hello):
            self._greet(message)
        elif not self._greeted:
            self.leave("a Hello comes first")
        elif isinstance(message, Focused):
            if self._watcher is not None:
                self._server.bus.focus_on(self._watcher, message.monitor)
        else:
            self._server.spawn(self._answer(message))

    def _greet(self, hello: Hello) -> None:
        transport = self._transport
        if transport is None or self._greeted:
            return
        if hello.protocol != PROTOCOL:  # no Welcome: what a client hears first is what it says
            theirs = f"this client speaks {hello.protocol}"
            self.leave(f"engine {__version__} speaks protocol {PROTOCOL}, {theirs}: restart the older of the two")
            return
        transport.write(encode(Welcome(PROTOCOL, __version__, os.getpid())))
        self._greeted = True
        if hello.watch:
            self._watcher = Watcher(transport.write, transport.get_write_buffer_size)
            self._server.bus.join(self._watcher)

    async def _answer(self, request: Request) -> None:
        trial, reply = await self._server.desk.answer(request)
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if trial is not None:
            transport.write(encode(trial))
        transport.write(encode(reply))
        if transport.get_write_buffer_size() > MAX_BACKLOG:
            transport.abort()


def _peer_uid(transport: asyncio.Transport) -> int:
    """User of the process at the other end (unix(7), SO_PEERCRED)."""
    peer = transport.get_extra_info("socket")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(uid)
