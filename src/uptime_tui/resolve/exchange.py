"""One question to one name server, over UDP and, where the answer does not fit, over TCP."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from typing import Final, NamedTuple

import dns.edns
import dns.exception
import dns.inet
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from dns.flags import CD, RD, TC

from uptime_tui.model.safetext import safe_text
from uptime_tui.resolve.classify import OURS

_PAYLOAD: Final = 1232
"""EDNS size that is not fragmented (DNS flag day 2020)."""
TCP_PACKETS: Final = 6
"""What one question over TCP costs: SYN, ACK, question, the answer's ACK, and the two of its end."""
_ACKNOWLEDGED: Final = 2000
"""Bytes of a long answer for each packet that confirms them: one for two full ones (RFC 9293 §3.8.6.3), or sooner."""
_WINDOW: Final = 4096
"""Bytes that may arrive before it is known how long the answer is."""
Granted = Callable[[int], bool]
"""Whether so many more packets may be sent."""
_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Heard(NamedTuple):
    """What one server said to one question."""

    server: tuple[str, int]
    rcode: str
    """`NOERROR`, `NXDOMAIN`…; one of `classify.SILENT` when no answer came."""
    message: dns.message.Message | None = None
    """None exactly when no answer came."""
    why: str = ""
    """Why none came, or the extended error of the answer (RFC 8914); safe."""
    cut: bool = False
    """It has answered: over UDP, with the word that the whole comes over TCP, and there it did not come."""

    @property
    def shown(self) -> str:
        """The server as people write it."""
        return shown(self.server)


def make_question(
    name: str | dns.name.Name, kind: str | dns.rdatatype.RdataType, *,
    edns: bool = True, recursive: bool = True, validate: bool = True, signatures: bool = False,
) -> dns.message.Message:  # fmt: skip
    """A question.

    Args:
        name: A-labels.
        kind: record type.
        edns: with RFC 6891's extension.
        recursive: RD; off for the servers of a zone.
        validate: off sets CD: the resolver is to answer what does not validate (RFC 4035 §3.2.2).
        signatures: DO: with RRSIG and NSEC.

    Raises:
        dns.exception.DNSException: that cannot be a name.
    """
    full = dns.name.from_text(name) if isinstance(name, str) else name
    question = dns.message.make_query(
        full, kind, use_edns=0 if edns else -1, payload=_PAYLOAD if edns else None, want_dnssec=signatures
    )
    if not recursive:
        question.flags &= ~RD
    if not validate:
        question.flags |= CD
    return question


async def exchange(
    question: dns.message.Message,
    server: tuple[str, int],
    timeout_s: float,
    granted: Granted = lambda _: True,
) -> Heard:
    """The answer, or why there is none.

    Args:
        question: as `make_question` makes it.
        server: address and port.
        timeout_s: for all of it.
        granted: asked when the answer was cut, whether so many packets may be sent for the whole; else it stays cut.
    """
    over = ""
    try:
        async with asyncio.timeout(timeout_s):
            message = await _ask_udp(question, server)
            if message.flags & TC and granted(TCP_PACKETS):
                over = "its answer does not fit into UDP, and over TCP: "
                message = await _ask_tcp(question, server, granted) or message
    except TimeoutError:
        return Heard(server, "UNREACHABLE", why=f"{over}no answer", cut=True) if over else Heard(server, "TIMEOUT")
    except OSError as error:
        if error.errno in _NO_DESCRIPTORS:
            return Heard(server, OURS, why=os.strerror(error.errno or 0))
        why = os.strerror(error.errno) if error.errno else "connection failed"
        return Heard(server, "UNREACHABLE", why=f"{over}{why}", cut=bool(over))
    except (EOFError, dns.exception.DNSException) as error:
        why = "closed by the server" if isinstance(error, EOFError) else safe_text(str(error), 80)
        return Heard(server, "UNREACHABLE", why=f"{over}{why}", cut=bool(over))
    return Heard(server, dns.rcode.to_text(message.rcode()), message, _extended(message))


async def exchange_tcp(
    question: dns.message.Message, server: tuple[str, int], timeout_s: float, granted: Granted = lambda _: True
) -> Heard:
    """The same over TCP at once: to tell a dead server from a filter that lets no UDP pass."""
    try:
        async with asyncio.timeout(timeout_s):
            message = await _ask_tcp(question, server, granted)
    except TimeoutError:
        return Heard(server, "TIMEOUT")
    except OSError as error:
        return Heard(server, "UNREACHABLE", why=os.strerror(error.errno) if error.errno else "connection failed")
    except (EOFError, dns.exception.DNSException) as error:
        return Heard(server, "UNREACHABLE", why=safe_text(str(error), 80) or "closed by the server")
    if message is None:
        return Heard(server, "UNREACHABLE", why="its answer is longer than may be taken up", cut=True)
    return Heard(server, dns.rcode.to_text(message.rcode()), message)


def _extended(message: dns.message.Message) -> str:
    """The server's own word on its error (RFC 8914): its text, or what its code stands for."""
    for option in message.options:
        if isinstance(option, dns.edns.EDEOption):
            return safe_text(option.text or option.code.name.replace("_", " ").lower(), 80)
    return ""


def shown(server: tuple[str, int]) -> str:
    """Address, with the port where it is not DNS's own."""
    return server[0] if server[1] == 53 else f"{server[0]}:{server[1]}"


async def _ask_tcp(
    question: dns.message.Message, server: tuple[str, int], granted: Granted
) -> dns.message.Message | None:
    """The whole answer (RFC 7766 §8: its length stands before it); None where taking it up is not granted."""
    loop = asyncio.get_running_loop()
    family = dns.inet.af_for_address(server[0])
    wire = question.to_wire()
    with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
        await loop.sock_connect(sock, dns.inet.low_level_address_tuple(server, family))
        await loop.sock_sendall(sock, len(wire).to_bytes(2) + wire)
        length = int.from_bytes(await _exactly(sock, 2))
        if not granted(length // _ACKNOWLEDGED):
            return None
        message = dns.message.from_wire(await _exactly(sock, length), ignore_trailing=True)
    if not question.is_response(message):
        raise dns.exception.FormError
    return message


async def _exactly(sock: socket.socket, count: int) -> bytes:
    """So many bytes.

    Raises:
        EOFError: there are fewer.
    """
    loop = asyncio.get_running_loop()
    found = b""
    while len(found) < count:
        some = await loop.sock_recv(sock, count - len(found))
        if not some:
            raise EOFError
        found += some
    return found


async def _ask_udp(question: dns.message.Message, server: tuple[str, int]) -> dns.message.Message:
    """Over a connected socket: a closed port is told at once, and nobody else can answer."""
    loop = asyncio.get_running_loop()
    family = dns.inet.af_for_address(server[0])
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        sock.connect(dns.inet.low_level_address_tuple(server, family))
        transport, waiting = await loop.create_datagram_endpoint(lambda: _Exchange(question), sock=sock)
    except BaseException:
        sock.close()
        raise
    try:
        transport.sendto(question.to_wire())
        return await waiting.answer
    finally:
        transport.abort()


class _Exchange(asyncio.DatagramProtocol):
    """Waits for the answer to one question; whatever else arrives is not looked at."""

    def __init__(self, question: dns.message.Message) -> None:
        self.question = question
        self.answer: asyncio.Future[dns.message.Message] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr
        try:
            message = dns.message.from_wire(data, ignore_trailing=True)
        except Exception:  # noqa: BLE001 - garbage of any kind: the answer may still come
            return
        if self.question.is_response(message) and not self.answer.done():
            self.answer.set_result(message)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)
