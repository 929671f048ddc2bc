"""Servers that begin well and then turn: each plays a recorded dialogue, and at one of its messages does something else.

The visits turn at the first message, the second, and so on, and again at the first; a TLS handshake is a message too.
`python hostile.py DEADLINE_S CASE...` prints the port of each kind as JSON and serves until its input ends.
"""

import asyncio
import itertools
import json
import os
import random
import socket
import struct
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.bytescript import FOLDER, read_script
from support.certificates import authority
from support.peers import TlsPeer, server_context
from support.siegecases import CASES, home
from support.siegessh import MESSAGES, Relay, sftp_server
from uptime_tui.dial.tds import TdsFraming

FLOOD_BYTES = 65536


class Visit:
    """One visitor: what he said, and how he is answered, through TLS once it stands."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, framing: TdsFraming | None) -> None:
        self.reader, self.writer, self.framing = reader, writer, framing
        self.tls: TlsPeer | None = None
        self.inbox = b""

    async def hear(self, most: int | None = None) -> bool:
        """Take what he has said, or so many bytes of it, waiting for it; False when he has gone."""
        while not self.inbox:
            data = await self.reader.read(FLOOD_BYTES)
            if not data:
                return False
            self.inbox = data if self.tls is None else self.decrypt(self.tls, data)
        self.inbox = b"" if most is None else self.inbox[most:]
        return True

    def decrypt(self, tls: TlsPeer, data: bytes) -> bytes:
        return tls.feed(data if self.framing is None or tls.done else self.framing.unwrap(data))

    async def secure(self) -> bytes:
        """Begin TLS; the server's flight, which is not sent yet."""
        tls, data, self.inbox = TlsPeer(server_context(authority.leaf("good"))), self.inbox, b""
        while not tls.outgoing.pending and (data := data or await self.reader.read(FLOOD_BYTES)):
            self.decrypt(tls, data)
            data = b""
        self.tls = tls
        return self.flight(tls)

    def flight(self, tls: TlsPeer) -> bytes:
        return tls.flush() if self.framing is None else self.framing.wrap(tls.flush())

    async def complete(self) -> None:
        """The rest of the handshake."""
        tls = self.tls
        while tls is not None and not tls.done and (data := await self.reader.read(FLOOD_BYTES)):
            self.inbox += self.decrypt(tls, data)
            if not tls.done or self.framing:
                await self.send(self.flight(tls))

    async def say(self, data: bytes) -> None:
        if self.tls is not None:
            self.tls.say(data)
            data = self.tls.flush()
        await self.send(data)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self, within_s: float | None = None) -> bool:
        """Whether he has gone within that time; None waits until he has."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while await self.reader.read(FLOOD_BYTES):
                    continue
                return True
        return False


Say = Callable[[bytes], Awaitable[None]]
"""Sends so that it is part of what is going on: plaintext, through TLS, or the bytes of its handshake."""


async def silent(visit: Visit, say: Say, message: bytes, deadline_s: float) -> None:
    await visit.gone()


async def dripping(visit: Visit, say: Say, message: bytes, deadline_s: float) -> None:
    for place in itertools.count():
        await say(message[place % len(message) :][:1])
        if await visit.gone(deadline_s / 20):
            return


async def endless(visit: Visit, say: Say, message: bytes, deadline_s: float) -> None:
    """A message without an end."""
    await say(message[: len(message) // 2])
    while not visit.reader.at_eof():
        await say(b"x" * FLOOD_BYTES)


async def half_closing(visit: Visit, say: Say, message: bytes, deadline_s: float) -> None:
    await say(message[: len(message) // 2])
    visit.writer.write_eof()
    await visit.gone()


async def resetting(visit: Visit, say: Say, message: bytes, deadline_s: float) -> None:
    await say(message[: len(message) // 2])
    sock = visit.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visit.writer.transport.abort()


async def garbage(visit: Visit, say: Say, message: bytes, deadline_s: float) -> None:
    await say(random.randbytes(1000))
    await visit.gone()


async def slow(visit: Visit, say: Say, message: bytes, deadline_s: float) -> None:
    """Two of its answers come before the deadline, a third does not."""
    if not await visit.gone(deadline_s * 0.4):
        await say(message)


TURNS = {turn.__name__: turn for turn in (silent, slow, dripping, endless, half_closing, resetting, garbage)}


class Server:
    """One kind, for one case."""

    def __init__(self, name: str, kind: str, deadline_s: float, backend: int) -> None:
        case = CASES[name]
        self.turn, self.deadline_s, self.backend = TURNS[kind], deadline_s, backend
        dialogue = read_script(FOLDER / f"{case.script}.toml").dialogue if case.script else (("peer", b"hello\r\n"),)
        self.dialogue = (("tls", b""), *dialogue) if case.tls else dialogue
        self.framing = TdsFraming if case.scheme == "mssql" else lambda: None
        messages = MESSAGES if backend else sum(what in {"peer", "tls"} for what, _ in self.dialogue)
        self.places = itertools.cycle(range(messages))

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = next(self.places)
        with suppress(OSError, ValueError):  # he has gone, or says what he would not have said to the recorded server
            if self.backend:
                await self.pass_on(Visit(reader, writer, None), place)
            else:
                await self.play(Visit(reader, writer, self.framing()), place)
        writer.transport.abort()

    async def pass_on(self, visit: Visit, place: int) -> None:
        """A real server answers; what it sends at a time is a message."""
        async with Relay(self.backend, visit) as relay:
            while message := await relay.message():
                if place <= 0:
                    await self.turn(relay, relay.send, message, self.deadline_s)
                    if self.turn is not slow:
                        return
                else:
                    await relay.send(message)
                place -= 1

    async def play(self, visit: Visit, place: int) -> None:
        for (what, data), (then, _) in itertools.pairwise((*self.dialogue, ("end", b""))):
            if what == "us":
                if not await visit.hear(len(data) if then == "tls" else None):
                    return
                continue
            message, say = (await visit.secure(), visit.send) if what == "tls" else (data, visit.say)
            if not message:
                return
            if place <= 0:
                await self.turn(visit, say, message, self.deadline_s)
                if self.turn is not slow:
                    return
            else:
                await say(message)
            await visit.complete()
            place -= 1
        await visit.gone()


async def listen(name: str, deadline_s: float) -> dict[str, int]:
    """Kind to port."""
    backend = 0 if CASES[name].script or CASES[name].scheme == "tcp" else await sftp_server()
    ports = {}
    for kind in TURNS:
        server = await asyncio.start_server(Server(name, kind, deadline_s, backend), "127.0.0.1", 0, backlog=4096)
        ports[kind] = server.sockets[0].getsockname()[1]
    return ports


def deaf() -> tuple[socket.socket, ...]:
    """A port that answers no SYN: the only place of its backlog is taken."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    return listener, socket.create_connection(listener.getsockname())


async def serve(deadline_s: float, names: Sequence[str]) -> None:
    kept = deaf()
    port = kept[0].getsockname()[1]
    print(json.dumps({name: await listen(name, deadline_s) | {"deaf": port} for name in names}), flush=True)
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def hostile(deadline_s: float, *names: str, cores: Sequence[int] = ()) -> Iterator[dict[str, dict[str, int]]]:
    """Case and kind to port, served by a process of its own, on these cores; the home folder is the case's meanwhile."""
    command = [sys.executable, __file__, str(deadline_s), *names]
    with home(), subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if cores:
            os.sched_setaffinity(process.pid, cores)
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), sys.argv[2:]))
