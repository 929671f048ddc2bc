"""The client's end of the socket: messages in, requests out, each answered once."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from uptime_tui.model.errors import UserError
from uptime_tui.model.units import MonitorId
from uptime_tui.wire.framing import Decoder, FramingError, encode
from uptime_tui.wire.messages import (
    PROTOCOL,
    ClientMessage,
    EngineMessage,
    Focused,
    Goodbye,
    Hello,
    Reply,
    Request,
    Trial,
    Welcome,
)

CONNECT_S: Final = 5.0
REPLY_S: Final = 30.0
_READ_BYTES: Final = 262_144
_AGAIN_S: Final = 0.02
MUTE: Final = ("the engine does not answer", "`uptime-tui stop`, then `uptime-tui start`")
"""One that hangs is there: it would only be found again by another start."""


class EngineLost(UserError):  # noqa: N818 - said to the user as it is, not an error of ours
    """The connection to the engine is gone."""

    def __init__(self, reason: str = "the engine has gone", todo: str = "start it again: `uptime-tui start`") -> None:
        super().__init__(reason, todo=todo)


class Session:
    """One connection to an engine. Iterate over it for messages; replies go to whoever asked."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, welcome: Welcome) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder: Decoder[EngineMessage] = Decoder(EngineMessage)
        self._inbox: list[EngineMessage] = []
        self._asked: dict[int, asyncio.Future[Reply]] = {}
        self._trials: dict[int, Callable[[Trial], None]] = {}
        self._number = 0
        self._pump: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()
        self._end = ""
        self.heard = False
        """Something has come since whoever asks this set it back; who watches is told something every two seconds."""
        self.welcome = welcome

    @classmethod
    async def connect(cls, socket_file: Path, *, client: str, watch: bool = True) -> "Session":
        """Connect and greet.

        Args:
            socket_file: where the engine listens.
            client: what we are, for the engine's log.
            watch: ask for the fleet and every change.

        Raises:
            EngineLost: nobody listens there.
            UserError: it is an engine of another version.
        """
        connected = await _connected(socket_file)
        reader, writer = await asyncio.open_unix_connection(sock=connected, limit=_READ_BYTES)
        session = cls(reader, writer, Welcome(PROTOCOL, "", 0))
        session.send(Hello(client=client, watch=watch))
        return await session._welcomed()

    @classmethod
    async def take_over(cls, greeted: socket.socket) -> "Session":
        """Go on with a connection on which a Hello was said (`client.greeting`).

        Raises:
            EngineLost: the engine has gone meanwhile.
            UserError: it is an engine of another version.
        """
        reader, writer = await asyncio.open_unix_connection(sock=greeted, limit=_READ_BYTES)
        session = cls(reader, writer, Welcome(PROTOCOL, "", 0))
        return await session._welcomed()

    async def _welcomed(self) -> "Session":
        """Read on, once the engine has answered the Hello."""
        self._pump = asyncio.get_running_loop().create_task(self._read())
        try:
            first = await asyncio.wait_for(anext(self), CONNECT_S)
        except (StopAsyncIteration, TimeoutError) as error:
            await self.close()
            raise (EngineLost(self._end) if self._end else EngineLost(*MUTE)) from error
        if isinstance(first, Goodbye):
            await self.close()
            raise UserError(first.reason, todo="`uptime-tui stop`, then start again")
        if isinstance(first, Welcome):
            if first.protocol != PROTOCOL:
                await self.close()
                what = f"engine {first.version} speaks protocol {first.protocol}, this client speaks {PROTOCOL}"
                raise UserError(what, todo="`uptime-tui stop`, then start again")
            self.welcome = first
        return self

    def __aiter__(self) -> AsyncIterator[EngineMessage]:
        """Messages as they come, but replies and trials; ends when the engine has gone."""
        return self

    async def __anext__(self) -> EngineMessage:
        """The next message."""
        while not self._inbox:
            if self._end:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._inbox.pop(0)

    def take(self) -> list[EngineMessage]:
        """Everything that has arrived, at once, without waiting; for a frame clock."""
        taken, self._inbox = self._inbox, []
        return taken

    async def arrival(self) -> None:
        """Wait until there is something to take, or the end."""
        while not self._inbox and not self._end:
            self._arrived.clear()
            await self._arrived.wait()

    @property
    def lost(self) -> str:
        """Why the connection ended; empty while it stands."""
        return self._end

    def send(self, message: ClientMessage) -> None:
        """Send a message that has no reply."""
        if not self._writer.is_closing():
            self._writer.write(encode(message))

    def focus(self, monitor: MonitorId | None) -> None:
        """Say which monitor the user looks at."""
        self.send(Focused(monitor))

    async def request(
        self,
        make: Callable[[int], Request],
        *,
        on_trial: Callable[[Trial], None] | None = None,
        timeout_s: float = REPLY_S,
    ) -> Reply:
        """Ask and wait for the reply.

        Args:
            make: the request from its number.
            on_trial: told the result of a TryTarget before the reply.
            timeout_s: seconds until the engine counts as gone.

        Raises:
            EngineLost: no reply came. A fault of the user is in the reply's `error`.
        """
        self._number += 1
        number = self._number
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._asked[number] = waiting
        if on_trial is not None:
            self._trials[number] = on_trial
        try:
            if self._end:
                raise EngineLost(self._end)
            self.send(make(number))  # type: ignore[arg-type]  # every Request is a ClientMessage
            return await asyncio.wait_for(waiting, timeout_s)
        except TimeoutError as error:
            raise EngineLost(*MUTE) from error
        finally:
            self._asked.pop(number, None)
            self._trials.pop(number, None)

    async def close(self) -> None:
        """Hang up."""
        if self._pump is not None:
            self._pump.cancel()
        self._writer.close()

    async def _read(self) -> None:
        reason = "the engine has gone"
        try:
            while data := await self._reader.read(_READ_BYTES):
                self.heard = True
                for message in self._decoder.feed(data):
                    if isinstance(message, Goodbye):
                        reason = message.reason
                    self._take(message)
        except (OSError, FramingError) as error:
            reason = str(error) or reason
        finally:
            self._end = reason
            self._arrived.set()
            for waiting in self._asked.values():
                if not waiting.done():
                    waiting.set_exception(EngineLost(reason))

    def _take(self, message: EngineMessage) -> None:
        if isinstance(message, Reply):
            waiting = self._asked.get(message.number)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif isinstance(message, Trial):
            listener = self._trials.get(message.number)
            if listener is not None:
                listener(message)
        else:
            self._inbox.append(message)
            self._arrived.set()


async def _connected(socket_file: Path) -> socket.socket:
    """A connection. Asyncio takes a queue that is full, as that of an engine that hangs gets, for one that stands."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + CONNECT_S
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected.setblocking(False)
    while number := connected.connect_ex(str(socket_file)):
        full = number == errno.EAGAIN
        if not full or loop.time() >= until_s:
            connected.close()
            raise EngineLost(*MUTE) if full else EngineLost("no engine listens")
        await asyncio.sleep(_AGAIN_S)
    return connected
