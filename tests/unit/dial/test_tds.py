import pytest

from support.certificates import NAME, authority
from support.peers import TlsPeer, server_context, setup
from uptime_tui.dial.drive import Driver
from uptime_tui.dial.tds import HEADER_BYTES, PACKET_BYTES, NotTds, TdsFraming
from uptime_tui.dial.tls import context_for
from uptime_tui.handshakes import mssql
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.steps import Ask

ROOM = PACKET_BYTES - HEADER_BYTES
REPLY = bytes.fromhex("04 01 001a 0000 01 00  00 000b 0006  01 0011 0001  ff  0f 00 07d0 0000 01")
"""Version 15.0.2000, encryption on."""


def test_a_flight_is_one_message():
    framing = TdsFraming()
    assert framing.wrap(b"") == b""
    assert framing.wrap(b"hello") == b"\x12\x01\x00\x0d\0\0\0\0hello"
    long = bytes(range(256)) * 32
    packets = framing.wrap(long)
    first, second, third = packets[:PACKET_BYTES], packets[PACKET_BYTES : 2 * PACKET_BYTES], packets[2 * PACKET_BYTES :]
    assert [packet[:8] for packet in (first, second, third)] == [
        b"\x12\0\x10\0\0\0\0\0",
        b"\x12\0\x10\0\0\0\0\0",
        b"\x12\x01\0\x18\0\0\0\0",
    ]
    assert first[8:] + second[8:] + third[8:] == long
    assert framing.wrap(bytes(ROOM))[:8] == b"\x12\x01\x10\0\0\0\0\0"


@pytest.mark.parametrize("size", [1, 3, 8, 9, 4096, 100_000])
def test_records_come_out_whatever_the_pieces(size):
    flights = [b"a", b"", bytes(ROOM), bytes(range(256)) * 40]
    stream = b"".join(TdsFraming().wrap(flight) for flight in flights) + b"\x12\x01\0\x08\0\0\0\0"
    framing = TdsFraming()
    out = b"".join(framing.unwrap(stream[place : place + size]) for place in range(0, len(stream), size))
    assert out == b"".join(flights)


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x03", b"\x04\x01\0\x09\0\0\0\0x", b"\x12\x01\0\x07\0\0\0\0", b"\x12\x01\0\x09\0\0\0\0xx"]
)
def test_what_is_no_packet(data):
    with pytest.raises(NotTds):
        TdsFraming().unwrap(data)


class SqlServer:
    """The server's end: PRELOGIN, then TLS in packets until the handshake is done, then TLS alone."""

    def __init__(self, state: str) -> None:
        self.peer = TlsPeer(server_context(authority.leaf(state)))
        self.framing = TdsFraming()
        self.heard = b""
        self.raw = False

    def feed(self, data: bytes) -> bytes:
        if not self.heard:
            self.heard = data
            return REPLY
        if not self.raw:
            data = self.framing.unwrap(data)
        self.peer.feed(data)
        out = self.peer.flush()
        if self.raw:
            return out
        self.raw = self.peer.done
        return self.framing.wrap(out)


def probe(state: str, chunk: int, **changes):
    ask = Ask(NAME, 1433, "mssql", tls="starttls")
    driver = Driver(mssql.handshake(ask), tls=setup(implicit=False, **changes))
    server = SqlServer(state)
    waiting, now = driver.start(0.0), 0.0
    while waiting:
        said = server.feed(waiting)
        waiting = b""
        for place in range(0, len(said), chunk):
            now += 0.001
            waiting += driver.feed(said[place : place + chunk], now)
    return driver, server


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
def test_tls_inside_tds(chunk):
    driver, server = probe("good", chunk)
    assert driver.over
    ending = driver.ending
    assert ending.outcome.failure is None
    assert ending.outcome.detail == "SQL Server 2019 (15.0.2000) answers, TLS works"
    assert ending.certificate.protocol == "TLSv1.2"
    assert ending.certificate.problems == ()
    assert server.raw
    assert server.peer.ended  # our close_notify came without a packet around it


@pytest.mark.parametrize("state", ["expired", "self_signed"])
def test_a_refusal_is_told_in_a_packet_too(state):
    driver, server = probe(state, 100_000)
    assert driver.ending.outcome.failure in {Failure.TLS_EXPIRED, Failure.TLS_SELF_SIGNED}
    assert driver.ending.phase is Phase.TLS
    assert server.peer.alert.startswith(("SSLV3_ALERT", "TLSV1_ALERT"))


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x04\x01\0\x09\0\0\0\0x", b"\x12\x01\0\x15\0\0\0\0no TLS at all"]
)
def test_no_tls_in_the_packets(said):
    driver = Driver(mssql.handshake(Ask(NAME, 1433, "mssql", tls="starttls")), tls=setup(implicit=False))
    driver.start(0.0)
    driver.feed(REPLY, 0.1)
    driver.feed(said, 0.2)
    assert driver.over
    assert driver.ending.outcome.failure in {Failure.TLS_HANDSHAKE, Failure.TLS_NOT_TLS}
    assert driver.ending.phase is Phase.TLS


def test_only_what_rides_in_tds_is_held_to_the_old_version():
    new, old = (context_for(verify=True, ca_file=None, old=old) for old in (False, True))
    assert new is not old
    assert old.maximum_version.name == "TLSv1_2"
    assert new.maximum_version.name != "TLSv1_2"
