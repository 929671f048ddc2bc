"""A server's door: a port that listens, refuses, never answers or lets visitors in, and changes between these."""

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from uptime_tui.lab.visit import Role, Visit

Serve = Callable[[Visit], Awaitable[None]]
ContextFor = Callable[[str, str], ssl.SSLContext]
"""Host and state to a server's context."""

STATES: Final = frozenset(
    {"refused", "timeout", "silent", "closes_early", "reset", "slow", "very_slow", "wrong_service", "intermittent"}
)
"""What a door of any kind can do."""
TLS_STATES: Final = frozenset({"not_tls", "tls_refused"})
"""What only a door with TLS from the first byte can do, beside wrong certificates."""
BACKLOG: Final = 100
SLOW_S: Final = {"slow": 0.9, "very_slow": 6.0}
EVERY: Final = 3
"""In the state `intermittent` one visitor of so many is thrown out, the first one too."""
_BLOCKERS: Final = 2
_STRANGER: Final = dict.fromkeys(("ssh", "sftp"), b"220 ftp.hosting.example FTP server ready\r\n")
_OTHER_SERVICE: Final = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
_HANDSHAKE_FAILURE: Final = b"\x15\x03\x03\x00\x02\x02\x28"
"""A fatal TLS alert 40 (RFC 8446 §6)."""


class Door:
    """One server's port, held from `open` to `close` whatever the state.

    Args:
        role: what is played behind it; its port is filled in by `open`.
        serve: holds a conversation (`lab.servers.<kind>.serve`).
        context_for: certificates.
        delay_s: usual time before the first answer.
        chance: for the delay's spread.
    """

    def __init__(
        self, role: Role, serve: Serve, context_for: ContextFor, *, delay_s: float = 0.0, chance: random.Random
    ) -> None:
        self.role = role
        self.state = "up"
        self._serve = serve
        self._context_for = context_for
        self._delay_s = delay_s
        self._chance = chance
        self._visits = 0
        self._reserve: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._full: list[socket.socket] = []
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self, address: str, port: int) -> int:
        """Listen, on a free port where the wanted one is taken; returns the port.

        A second socket holds the port while the first is away: bound without listening, it makes the kernel refuse.
        """
        first = _bound(address, port) or _bound(address, 0)
        assert first is not None, f"no port on {address} is free"
        taken: int = first.getsockname()[1]
        self._reserve = _bound(address, taken)
        self.role = replace(self.role, port=taken)
        await self._listen(first)
        return taken

    async def change(self, state: str) -> None:
        """Go over to another state; who is inside is thrown out where the door is shut."""
        self.state = state
        if state in {"refused", "timeout"}:
            self._shut()
            if state == "timeout":
                self._fill()
        elif self._server is None:
            self._empty()
            place = self._place()
            sock = _bound(*place)
            assert sock is not None, f"{place} was held and is lost"
            await self._listen(sock)

    def close(self) -> None:
        """Stop, and give the port back."""
        self._shut()
        self._empty()
        if self._reserve is not None:
            self._reserve.close()

    # --- ways to stand --------------------------------------------------------------

    def _place(self) -> tuple[str, int]:
        assert self._reserve is not None, "the door was never opened"
        address, port = self._reserve.getsockname()[:2]
        return address, port

    async def _listen(self, sock: socket.socket) -> None:
        self._server = await asyncio.start_server(self._visit, sock=sock, backlog=BACKLOG)

    def _shut(self) -> None:
        self._empty()
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in tuple(self._writers):
            writer.transport.abort()

    def _fill(self) -> None:
        """A queue that is full and never emptied: the kernel drops every further SYN (listen(2))."""
        place = self._place()
        queue = _bound(*place)
        assert queue is not None, f"{place} was held and is lost"
        queue.listen(0)
        self._full.append(queue)
        for _ in range(_BLOCKERS):
            blocker = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            blocker.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                blocker.connect(place)
            self._full.append(blocker)

    def _empty(self) -> None:
        for sock in self._full:
            sock.close()
        self._full.clear()

    # --- visits ---------------------------------------------------------------------

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        state = self._state_for_visit()
        context = self._context(state)
        visit = Visit(self.role, state, reader, writer, context)
        try:
            # a visitor who leaves, breaks off TLS or says nothing is none of a server's trouble
            with contextlib.suppress(OSError, EOFError, ValueError, TimeoutError, asyncio.CancelledError):
                await self._receive(visit)
                writer.close()
                await writer.wait_closed()
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    def _state_for_visit(self) -> str:
        if self.state != "intermittent":
            return self.state
        self._visits += 1
        return "reset" if self._visits % EVERY == 1 else "up"

    def _context(self, state: str) -> ssl.SSLContext | None:
        return None if self.role.tls == "none" else self._context_for(self.role.host, state)

    async def _receive(self, visit: Visit) -> None:
        match visit.state:
            case "silent":
                await visit.wait_for_end()
            case "closes_early":
                return
            case "reset":
                visit.reset()
            case "wrong_service":
                await visit.say(_STRANGER.get(visit.role.service, _OTHER_SERVICE))
                await visit.wait_for_end()
            case "tls_refused":
                await visit.reader.read(1)
                await visit.say(_HANDSHAKE_FAILURE)
            case _:
                await self._converse(visit)

    async def _converse(self, visit: Visit) -> None:
        if visit.role.tls == "implicit" and visit.state != "not_tls":
            await visit.secure()
        delay_s = SLOW_S.get(visit.state, self._delay_s)
        if delay_s:
            await asyncio.sleep(delay_s * self._chance.uniform(0.8, 1.3))
        await self._serve(visit)


def _bound(address: str, port: int) -> socket.socket | None:
    """A socket with that address; None where it is taken."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setblocking(False)
    try:
        sock.bind((address, port))
    except OSError:
        sock.close()
        return None
    return sock
