"""One question to one name server, over UDP and, where the answer does not fit, over TCP."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from typing import Final, NamedTuple

import dns.asyncquery
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
    may_use_tcp: Callable[[], bool] = lambda: True,
) -> Heard:
    """The answer, or why there is none.

    Args:
        question: as `make_question` makes it.
        server: address and port.
        timeout_s: for all of it.
        may_use_tcp: asked once when the answer was cut; False leaves it cut.
    """
    over = ""
    try:
        async with asyncio.timeout(timeout_s):
            message = await _ask_udp(question, server)
            if message.flags & TC and may_use_tcp():
                over = "its answer does not fit into UDP, and over TCP: "
                message = await dns.asyncquery.tcp(question, server[0], port=server[1])
    except TimeoutError:
        return Heard(server, "UNREACHABLE", why=f"{over}no answer") if over else Heard(server, "TIMEOUT")
    except OSError as error:
        if error.errno in _NO_DESCRIPTORS:
            return Heard(server, OURS, why=os.strerror(error.errno or 0))
        why = os.strerror(error.errno) if error.errno else "connection failed"
        return Heard(server, "UNREACHABLE", why=f"{over}{why}")
    except (EOFError, dns.exception.DNSException) as error:
        why = "closed by the server" if isinstance(error, EOFError) else safe_text(str(error), 80)
        return Heard(server, "UNREACHABLE", why=f"{over}{why}")
    return Heard(server, dns.rcode.to_text(message.rcode()), message, _extended(message))


async def exchange_tcp(question: dns.message.Message, server: tuple[str, int], timeout_s: float) -> Heard:
    """The same over TCP at once: to tell a dead server from a filter that lets no UDP pass."""
    try:
        async with asyncio.timeout(timeout_s):
            message = await dns.asyncquery.tcp(question, server[0], port=server[1])
    except TimeoutError:
        return Heard(server, "TIMEOUT")
    except OSError as error:
        return Heard(server, "UNREACHABLE", why=os.strerror(error.errno) if error.errno else "connection failed")
    except (EOFError, dns.exception.DNSException) as error:
        return Heard(server, "UNREACHABLE", why=safe_text(str(error), 80) or "closed by the server")
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
