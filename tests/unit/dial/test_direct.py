"""The dialler against a socket of the test's own."""

import asyncio
import socket
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from uptime_tui.dial.deadlines import TICK_S
from uptime_tui.dial.direct import Dialler

LATE_S = 0.05
"""How late a deadline may be told."""


class Echoing:
    """Says a word, and another one after each that it hears, until it has said `words`; notes what its socket is."""

    greeting_due_s = None

    def __init__(self, words, look):
        self.words = words
        self.look = look
        self.over = False
        self.seen = []

    def start(self, now_s):
        return b"1"

    def feed(self, data, now_s):
        self.seen.append(self.look())
        self.over = len(self.seen) == self.words
        return b"" if self.over else b"n"

    def close(self, now_s, *, reset=False):
        return b""

    def expire(self, now_s):
        raise AssertionError("the deadline has passed")


@pytest.fixture
async def place():
    async def serve(reader, writer):
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()
    server.close()
    await server.wait_closed()


async def test_only_a_second_write_asks_that_nothing_is_held_back(place):
    dialler, ended = Dialler(), asyncio.get_running_loop().create_future()

    def look():
        (dial,) = dialler.dials.values()
        return bool(dial.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    conversation = Echoing(3, look)
    dialler.dial(*place, conversation, dialler.loop.time() + 10, ended.set_result)
    end = await ended
    dialler.close()
    assert end.errno == 0, end
    assert conversation.seen == [False, True, True]


async def test_what_is_not_answered_is_acknowledged_at_once(place, monkeypatch):
    """A server that sends in pieces (a TLS ticket, then its reply) holds the next one back until it hears of the first."""
    asked, acknowledged = [], asyncio.Event()

    class Watched(socket.SocketType):
        def setsockopt(self, level, option, value):
            if (level, option) == (socket.IPPROTO_TCP, socket.TCP_QUICKACK):
                asked.append(conversation.got)
                acknowledged.set()
            super().setsockopt(level, option, value)

    class Patient(Echoing):
        got = b""

        def feed(self, data, now_s):
            self.got += data
            self.over = self.got == b"1nothing"
            return b"nothing" if self.got == b"1" else b""

    async def serve(reader, writer):
        writer.write(await reader.read(100))
        writer.write((await reader.read(100))[:3])
        await writer.drain()
        await acknowledged.wait()
        writer.write(b"hing")
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    monkeypatch.setattr(socket, "SocketType", Watched)
    conversation = Patient(0, None)
    dialler, ended = Dialler(), asyncio.get_running_loop().create_future()
    dialler.dial(*server.sockets[0].getsockname(), conversation, dialler.loop.time() + 10, ended.set_result)
    assert (await asyncio.wait_for(ended, 5)).errno == 0
    dialler.close()
    server.close()
    assert asked == [b"1not"]


@pytest.mark.parametrize("each_s", [0.0, 0.002])
async def test_no_deadline_waits_for_all_who_are_ready(each_s):
    """Two milliseconds are a TLS handshake on a busy machine; what costs nothing is done in one turn of the loop."""
    dialler, loop, ended = Dialler(), asyncio.get_running_loop(), []
    loop.remove_reader(dialler.epoll.fileno())  # the test says when
    began_s = now_s = loop.time()

    def take_its_time():
        nonlocal now_s
        now_s += each_s

    talks = [Echoing(1, take_its_time) for _ in range(100)]
    with socket.create_server(("127.0.0.1", 0), backlog=len(talks)) as listener, ExitStack() as stack:
        for talk in talks:
            dialler.dial(*listener.getsockname(), talk, now_s + 1000, ended.append)
        peers = [stack.enter_context(listener.accept()[0]) for _ in talks]
        while any(dial.stood_ms is None for dial in dialler.dials.values()):
            dialler._drain()
        for peer in peers:
            peer.sendall(b"x")
        dialler.loop = SimpleNamespace(time=lambda: now_s)
        dialler._drain()
        assert now_s - began_s < LATE_S - TICK_S
        assert each_s or len(ended) == len(talks)
        while dialler.dials:
            dialler._drain()
        assert len(ended) == len(talks)
    dialler.loop = loop
    dialler.close()
