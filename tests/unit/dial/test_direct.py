"""The dialler against a socket of the test's own."""

import asyncio
import socket

import pytest

from uptime_tui.dial.direct import Dialler


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
