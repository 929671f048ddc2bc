"""The lab's name server: every host of the fleet, its address, and names in every bad state. UDP and TCP."""

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import dns.message

STATES: Final = frozenset({"nxdomain", "no_address", "servfail", "dns_refused", "dns_silent", "dns_bogus"})
TTL_S: Final = 2
"""Names change state while one watches."""
_MAX_MESSAGE: Final = 4096
_TRIES: Final = 20


class Zone(asyncio.DatagramProtocol):
    """Answers for the names it was told, NXDOMAIN for all others."""

    def __init__(self) -> None:
        self.addresses: dict[str, tuple[str, ...]] = {}
        """Lower-case host to its IPv4 and IPv6 addresses."""
        self.states: dict[str, str] = {}
        """Host to one of STATES, where it is in one."""
        self.port = 0
        self._datagrams: asyncio.DatagramTransport | None = None
        self._streams: asyncio.Server | None = None

    async def open(self, address: str, port: int) -> None:
        """Listen on the same UDP and TCP port: the wanted one, or a free one where that is taken."""
        loop = asyncio.get_running_loop()
        for wanted in (port, *(0,) * _TRIES):
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                udp.bind((address, wanted))
                self.port = udp.getsockname()[1]
                tcp.bind((address, self.port))
            except OSError:
                udp.close()
                tcp.close()
                continue
            self._datagrams, _ = await loop.create_datagram_endpoint(lambda: self, sock=udp)
            self._streams = await asyncio.start_server(self._converse, sock=tcp)
            return
        raise OSError(f"no port on {address} is free for UDP and TCP")

    def close(self) -> None:
        """Stop listening."""
        if self._datagrams is not None:
            self._datagrams.close()
        if self._streams is not None:
            self._streams.close()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """A question by UDP."""
        reply = self.reply(data)
        if reply is not None and self._datagrams is not None:
            self._datagrams.sendto(reply, addr)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Questions by TCP, each with its length before it (RFC 1035 §4.2.2)."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            while True:
                async with asyncio.timeout(10):
                    length = int.from_bytes(await reader.readexactly(2))
                    question = await reader.readexactly(min(length, _MAX_MESSAGE))
                reply = self.reply(question)
                if reply is None:
                    break
                writer.write(len(reply).to_bytes(2) + reply)
                await writer.drain()
        writer.close()

    def reply(self, wire: bytes) -> bytes | None:
        """The answer to one message; None where none is sent."""
        import dns.exception
        import dns.flags
        import dns.message
        import dns.rcode

        try:
            question = dns.message.from_wire(wire)
            asked = question.question[0]
            reply = dns.message.make_response(question, recursion_available=True)
        except (dns.exception.DNSException, IndexError):
            return None
        host = asked.name.to_text(omit_final_dot=True).lower()
        match self.states.get(host, ""):
            case "dns_silent":
                return None
            case "dns_refused":
                reply.set_rcode(dns.rcode.REFUSED)
            case "servfail":
                reply.set_rcode(dns.rcode.SERVFAIL)
            case "dns_bogus" if not question.flags & dns.flags.CD:
                reply.set_rcode(dns.rcode.SERVFAIL)
                _explain_bogus(reply)
            case "nxdomain":
                _nothing(reply, exists=False)
            case "no_address":
                _nothing(reply, exists=True)
            case _:
                self._answer(reply, host)
        return reply.to_wire()

    def _answer(self, reply: "dns.message.Message", host: str) -> None:
        import dns.rdatatype
        import dns.rrset

        asked = reply.question[0]
        kinds = {dns.rdatatype.A: False, dns.rdatatype.AAAA: True}
        known = self.addresses.get(host, ())
        found = [address for address in known if (":" in address) is kinds.get(asked.rdtype)]
        if not found:
            _nothing(reply, exists=bool(known) or host == ".")  # the root exists, and it is how a resolver is known
            return
        reply.answer.append(dns.rrset.from_text_list(asked.name, TTL_S, "IN", asked.rdtype, found))


def _nothing(reply: "dns.message.Message", *, exists: bool) -> None:
    """No such record, or no such name; the SOA says for how long (RFC 2308)."""
    import dns.rcode
    import dns.rrset

    if not exists:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    soa = f"ns1.hosting.example. hostmaster.hosting.example. 1 3600 600 86400 {TTL_S}"
    reply.authority.append(dns.rrset.from_text("hosting.example.", TTL_S, "IN", "SOA", soa))


def _explain_bogus(reply: "dns.message.Message") -> None:
    """What a validating resolver says when signatures do not fit (RFC 8914 §4.7)."""
    import dns.edns

    reply.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS, "signature expired")])
