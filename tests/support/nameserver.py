"""A name server on loopback whose every answer is a function of the question; and folders like /etc."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

from uptime_tui.resolve.answer import Answer
from uptime_tui.resolve.lookup import Resolver


class NameServer(asyncio.DatagramProtocol):
    """Sends what `answer(question)` returns: a message, bytes, several of them, or None for silence.

    The root is another matter, and is not among what was `asked`: every resolver knows it.
    """

    def __init__(self, answer) -> None:
        self._answer = answer
        self.knows_root = True
        """Without it, whatever is wrong is wrong with this server."""
        self.asked = []
        self.place = ("", 0)

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.place = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data, addr) -> None:
        question = dns.message.from_wire(data)
        if question.question[0].name == dns.name.root and self.knows_root:
            self.transport.sendto(reply(question, (None, "NS", "a.root.example.")).to_wire(), addr)
            return
        self.asked.append(question.question[0].name.to_text(omit_final_dot=True))
        found = self._answer(question)
        for each in found if isinstance(found, list) else [found]:
            if each is not None:
                self.transport.sendto(each if isinstance(each, bytes) else each.to_wire(), addr)


@asynccontextmanager
async def name_server(answer):
    """A running one; `place` is where it listens."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: NameServer(answer), local_addr=("127.0.0.1", 0))
    try:
        yield server
    finally:
        transport.close()


def reply(question, *records, rcode=0, ttl=60, negative_ttl=None):
    """An answer with (owner, type, value) records; owner None is the name that was asked for."""
    message = dns.message.make_response(question)
    message.set_rcode(rcode)
    for owner, kind, value in records:
        message.answer.append(dns.rrset.from_text(owner or question.question[0].name, ttl, "IN", kind, value))
    if negative_ttl is not None:
        soa = f"ns. admin. 1 2 3 4 {negative_ttl}"
        message.authority.append(dns.rrset.from_text("example.", negative_ttl, "IN", "SOA", soa))
    return message


def asks_a(question) -> bool:
    return question.question[0].rdtype is dns.rdatatype.A


def address(question, value="192.0.2.7", **more):
    """That A record, and no AAAA."""
    return reply(question, (None, "A", value), **more) if asks_a(question) else reply(question, **more)


class Asker:
    """A resolver with a folder like /etc of its own."""

    def __init__(self, etc: Path, *servers, hosts="", resolv="", order="files dns", machine="watcher") -> None:
        self.etc = etc
        (etc / "hosts").write_text(hosts)
        (etc / "resolv.conf").write_text(resolv)
        (etc / "nsswitch.conf").write_text(f"hosts: {order}\n")
        self._tasks = set()
        self.resolver = Resolver(self._spawn, nameservers=servers, etc=etc, machine=machine)

    def _spawn(self, coroutine) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ask(self, host="www.example.net", within_s=3.0, family=0) -> Answer:
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        self.resolver.resolve(host, loop.time() + within_s, waiting.set_result, family)
        return await asyncio.wait_for(waiting, 20)
