"""SQL Server as [MS-TDS] describes it: PRELOGIN, TLS in TDS packets, and a login that always fails with 18456."""

import ssl
import struct
from typing import Final

from uptime_tui.dial.tds import HEADER_BYTES, TdsFraming
from uptime_tui.lab.visit import Visit

STATES: Final = frozenset({"no_encryption", "garbage", "strict", "drops_tls"})
READ_BYTES: Final = 4096
_PRELOGIN: Final = 0x12
_LOGIN: Final = 0x10
_REPLY: Final = 0x04
_ON: Final = 1
_NOT_SUPPORTED: Final = 2
_VERSION: Final = bytes((15, 0)) + (4316).to_bytes(2, "big") + bytes(2)
_GARBAGE: Final = b"\x04\x01\xff\xff\0\0\x01\0"
_LOGIN_FAILED: Final = "Login failed for user."


async def serve(visit: Visit) -> None:
    """Answer PRELOGIN, then what comes inside TLS."""
    packet = await _read_packet(visit)
    if packet[:1] != bytes([_PRELOGIN]) or visit.state == "strict":
        return  # TDS 8 begins with TLS, and closes on anything else
    if visit.state == "garbage":
        await visit.say(_GARBAGE)
        return
    encryption = _NOT_SUPPORTED if visit.state == "no_encryption" else _ON
    await visit.say(_answer_prelogin(encryption))
    if encryption == _NOT_SUPPORTED:
        await _read_packet(visit)
        await visit.say(_refuse_login())
    elif visit.state == "drops_tls":
        await visit.reader.read(READ_BYTES)
    else:
        await _speak_tls(visit)


async def _speak_tls(visit: Visit) -> None:
    """The handshake in packets; then one request, which can only be a login."""
    assert visit.context is not None, f"{visit.role.name} has no certificate"
    incoming, outgoing, framing = ssl.MemoryBIO(), ssl.MemoryBIO(), TdsFraming()
    tls = visit.context.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            await visit.say(framing.wrap(outgoing.read()))
            incoming.write(framing.unwrap(await _read_some(visit)))
            continue
        break
    await visit.say(framing.wrap(outgoing.read()))
    request = await _read_secured(visit, tls, incoming)
    if request[:1] == bytes([_LOGIN]):
        tls.write(_refuse_login())
        await visit.say(outgoing.read())


async def _read_secured(visit: Visit, tls: ssl.SSLObject, incoming: ssl.MemoryBIO) -> bytes:
    while True:
        try:
            return tls.read(READ_BYTES)
        except ssl.SSLWantReadError:
            incoming.write(await _read_some(visit))


async def _read_some(visit: Visit) -> bytes:
    data = await visit.reader.read(READ_BYTES)
    if not data:
        raise EOFError  # the visitor has gone
    return data


async def _read_packet(visit: Visit) -> bytes:
    head = await visit.reader.readexactly(HEADER_BYTES)
    return head + await visit.reader.readexactly(int.from_bytes(head[2:4], "big") - HEADER_BYTES)


def _message(payload: bytes) -> bytes:
    return struct.pack(">BBHHBB", _REPLY, 1, HEADER_BYTES + len(payload), 0, 1, 0) + payload


def _answer_prelogin(encryption: int) -> bytes:
    """Version, encryption, instance, thread, MARS (2.2.6.5)."""
    options = ((0, _VERSION), (1, bytes([encryption])), (2, b"\0"), (3, b""), (4, b"\0"))
    place = 5 * len(options) + 1
    table, values = b"", b""
    for token, value in options:
        table += struct.pack(">BHH", token, place + len(values), len(value))
        values += value
    return _message(table + b"\xff" + values)


def _refuse_login() -> bytes:
    """ERROR 18456 and DONE (2.2.7.10, 2.2.7.6)."""
    text, server = _LOGIN_FAILED.encode("utf-16-le"), "lab".encode("utf-16-le")
    error = struct.pack("<IBBH", 18456, 1, 14, len(_LOGIN_FAILED)) + text
    error += bytes([len(server) // 2]) + server + bytes(1) + struct.pack("<I", 1)
    done = struct.pack("<BHHQ", 0xFD, 2, 0, 0)
    return _message(b"\xaa" + len(error).to_bytes(2, "little") + error + done)
