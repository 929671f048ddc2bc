"""Asks name servers with dnspython; imported at the first name that no file knows."""

import asyncio
import errno
import os
import socket
from typing import Final

import dns.asyncquery
import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from uptime_tui.model.safetext import safe_text
from uptime_tui.resolve.classify import OURS, SILENT, Reply
from uptime_tui.resolve.system import NameServers

OTHER_FAMILY_S: Final = 1.0
"""With an address of one family in hand, the other one's answer is waited for so long: some servers and firewalls
drop questions for AAAA, and the probe needs the rest of its time."""
_PAYLOAD: Final = 1232
"""EDNS size that is not fragmented (DNS flag day 2020)."""
_MAX_CHAIN: Final = 16
_ANSWERED: Final = frozenset({"NOERROR", "NXDOMAIN"})
_NO_EDNS: Final = frozenset({"FORMERR", "NOTIMP", "BADVERS"})
"""What servers older than EDNS say of it (RFC 6891 §7)."""
_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


async def query_both(name: str, servers: NameServers, deadline_s: float) -> tuple[Reply, ...]:
    """Replies for A and AAAA, asked at the same time.

    Args:
        name: full name, A-labels.
        servers: whom to ask, how long to wait for each and how often.
        deadline_s: on the loop's clock.
    """
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    tasks = [asyncio.ensure_future(_query(name, kind, servers, deadline_s)) for kind in kinds]
    try:
        done, late = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if late:
            patience_s = OTHER_FAMILY_S if any(task.result().addresses for task in done) else None
            await asyncio.wait(late, timeout=patience_s)
        return tuple(task.result() if task.done() else Reply("TIMEOUT") for task in tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _query(name: str, kind: dns.rdatatype.RdataType, servers: NameServers, deadline_s: float) -> Reply:
    """The first answer that any server gives; else the most telling of the others."""
    loop = asyncio.get_running_loop()
    trouble = Reply("TIMEOUT")
    blamed = servers.servers[0]
    for attempt in range(servers.attempts):
        for server in servers.servers:
            left_s = deadline_s - loop.time()
            if left_s <= 0.01:
                return trouble if trouble.server else Reply("TIMEOUT", server=_shown(server))
            share_s = min(servers.timeout_s, left_s if attempt else max(left_s / 2, 0.5))
            # some firewalls drop what carries EDNS: the second round goes without
            reply = await _ask(_question(name, kind, edns=attempt == 0), server, min(share_s, left_s))
            if reply.rcode in _NO_EDNS and attempt == 0:
                reply = await _ask(_question(name, kind, edns=False), server, min(share_s, left_s))
            if reply.rcode in _ANSWERED:
                return reply
            if trouble.rcode in SILENT:
                trouble, blamed = reply, server
        if trouble.rcode not in SILENT:
            break
    if trouble.rcode == "SERVFAIL":
        return await _without_validation(name, kind, blamed, trouble, min(deadline_s - loop.time(), servers.timeout_s))
    return trouble


async def _without_validation(
    name: str, kind: dns.rdatatype.RdataType, server: tuple[str, int], failed: Reply, left_s: float
) -> Reply:
    """The same reply, marked bogus when it succeeds once the resolver is told not to validate (CD bit)."""
    if left_s <= 0.05:
        return failed
    question = _question(name, kind, edns=True)
    question.flags |= dns.flags.CD
    again = await _ask(question, server, left_s)
    return failed._replace(bogus=again.rcode in _ANSWERED)


def _question(name: str, kind: dns.rdatatype.RdataType, *, edns: bool) -> dns.message.Message:
    """A question; raises dns.exception.DNSException for what cannot be a name."""
    return dns.message.make_query(
        dns.name.from_text(name), kind, use_edns=0 if edns else -1, payload=_PAYLOAD if edns else None
    )


async def _ask(question: dns.message.Message, server: tuple[str, int], timeout_s: float) -> Reply:
    shown = _shown(server)
    over = ""
    try:
        async with asyncio.timeout(timeout_s):
            message = await _ask_udp(question, server)
            if message.flags & dns.flags.TC:
                over = "its answer does not fit into UDP, and over TCP: "
                message = await dns.asyncquery.tcp(question, server[0], port=server[1])
    except TimeoutError:
        return (
            Reply("UNREACHABLE", server=shown, extended=f"{over}no answer") if over else Reply("TIMEOUT", server=shown)
        )
    except OSError as error:
        if error.errno in _NO_DESCRIPTORS:
            return Reply(OURS, server=shown, extended=os.strerror(error.errno or 0))
        why = os.strerror(error.errno) if error.errno else "connection failed"
        return Reply("UNREACHABLE", server=shown, extended=f"{over}{why}")
    except (EOFError, dns.exception.DNSException) as error:
        why = "closed by the server" if isinstance(error, EOFError) else safe_text(str(error), 80)
        return Reply("UNREACHABLE", server=shown, extended=f"{over}{why}")
    return _taken_apart(message, question, shown)


async def _ask_udp(question: dns.message.Message, server: tuple[str, int]) -> dns.message.Message:
    """Over a connected socket: a closed port is told at once, and nobody else can answer."""
    loop = asyncio.get_running_loop()
    family = dns.inet.af_for_address(server[0])
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        sock.connect(dns.inet.low_level_address_tuple(server, family))
        transport, exchange = await loop.create_datagram_endpoint(lambda: _Exchange(question), sock=sock)
    except BaseException:
        sock.close()
        raise
    try:
        transport.sendto(question.to_wire())
        return await exchange.answer
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


def _taken_apart(message: dns.message.Message, question: dns.message.Message, server: str) -> Reply:
    """What the answer says of the name that was asked for, along its aliases; other names do not count."""
    asked = question.question[0]
    owner = asked.name
    ttls: list[int] = []
    addresses: tuple[str, ...] = ()
    extended = next((safe_text(text, 80) for option in message.options if (text := getattr(option, "text", None))), "")
    for _ in range(_MAX_CHAIN):
        found = message.get_rrset(message.answer, owner, dns.rdataclass.IN, asked.rdtype)
        if found is not None:
            addresses = tuple(rdata.address for rdata in found)
            ttls.append(found.ttl)
            break
        link = message.get_rrset(message.answer, owner, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if link is None:
            break
        owner = link[0].target
        ttls.append(link.ttl)
    else:
        return Reply("SERVFAIL", server=server, extended="its aliases lead in a circle")
    if not ttls:
        ttls = [min(rrset.ttl, rrset[0].minimum) for rrset in message.authority if rrset.rdtype == dns.rdatatype.SOA]
    alias = "" if owner == asked.name else safe_text(owner.to_text(omit_final_dot=True), 255)
    rcode = dns.rcode.to_text(message.rcode())
    return Reply(rcode, addresses, float(min(ttls, default=0)), alias, extended, server)


def _shown(server: tuple[str, int]) -> str:
    return server[0] if server[1] == 53 else f"{server[0]}:{server[1]}"
