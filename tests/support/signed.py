"""A signed name tree from the root down, and name servers that serve it in every state. Signing as RFC 4035 §2."""

import asyncio
import datetime as dt
import functools
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ed25519

TTL_S = 3600
"""What was resolved once stays so for longer than any test lasts."""
MODES = {"refused": dns.rcode.REFUSED, "servfail": dns.rcode.SERVFAIL, "nxdomain": dns.rcode.NXDOMAIN}
_LARGEST = 1400
"""Bytes of a datagram; a longer answer is cut, and whoever wants it comes by TCP (RFC 1035 §4.2.1)."""
_SOA = "@ {ttl} SOA ns1.shop.test. hostmaster.shop.test. {serial} 3600 600 86400 {ttl}\n"


@dataclass
class Signed:
    """A zone with its key."""

    name: str
    zone: dns.zone.Zone
    ds: str
    """The line for its parent."""


def sign(
    name: str,
    text: str,
    *,
    days: tuple[int, int] = (-2, 20),
    serial: int = 1,
    key: ed25519.Ed25519PrivateKey | None = None,
) -> Signed:
    """Make a zone.

    Args:
        name: its apex, with the final dot.
        text: its records without the SOA, as in a master file.
        days: from and to when its signatures hold, from now.
        serial: of its SOA.
        key: signs it; a new one by default.
    """
    key = key or ed25519.Ed25519PrivateKey.generate()
    zone = plain(name, text, serial)
    public = dns.dnssec.make_dnskey(key.public_key(), dns.dnssec.Algorithm.ED25519, flags=257)
    now = dt.datetime.now(dt.UTC)
    begin, end = (now + dt.timedelta(days=each) for each in days)
    dns.dnssec.sign_zone(zone, keys=[(key, public)], dnskey_ttl=TTL_S, inception=begin, expiration=end)
    return Signed(name, zone, f"{name} {TTL_S} DS {dns.dnssec.make_ds(name, public, 'SHA256').to_text()}\n")


def plain(name: str, text: str, serial: int = 1) -> dns.zone.Zone:
    """A zone without signatures, from the same text as `sign` takes."""
    return dns.zone.from_text(_SOA.format(ttl=TTL_S, serial=serial) + text, name, relativize=False)


class Server(asyncio.DatagramProtocol):
    """Authoritative for some zones, by UDP and TCP.

    Args:
        zones: what it serves.
        mode: `normal`, `silent`, or one of MODES.
    """

    def __init__(self, zones: Mapping[str, dns.zone.Zone], mode: str = "normal") -> None:
        self.mode = mode
        self.serve(zones)

    def serve(self, zones: Mapping[str, dns.zone.Zone]) -> None:
        """These from now on."""
        self._zones = {dns.name.from_text(name): zone for name, zone in zones.items()}

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        reply = self.reply(data)
        if reply is not None:
            self._transport.sendto(reply.to_wire(max_size=_LARGEST, prefer_truncation=True), addr)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2))
                reply = self.reply(await reader.readexactly(length))
                if reply is not None:
                    wire = reply.to_wire(max_size=65535)
                    writer.write(len(wire).to_bytes(2) + wire)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def reply(self, data: bytes) -> dns.message.Message | None:
        """None where it says nothing."""
        query = dns.message.from_wire(data)
        if self.mode == "silent":
            return None
        reply = dns.message.make_response(query)
        asked = query.question[0]
        zone = self._zone_of(asked.name, asked.rdtype)
        if self.mode in MODES or zone is None:
            reply.set_rcode(MODES.get(self.mode, dns.rcode.REFUSED))
            return reply
        _Answer(zone, reply, want_dnssec=bool(query.ednsflags & dns.flags.DO)).fill(asked.name, asked.rdtype)
        return reply

    def _zone_of(self, name: dns.name.Name, rdtype: int) -> dns.zone.Zone | None:
        fitting = [origin for origin in self._zones if name.is_subdomain(origin)]
        if rdtype == dns.rdatatype.DS and len(fitting) > 1 and name in fitting:
            fitting.remove(name)  # a DS record is its parent's (RFC 4035 §3.1.4.1)
        return self._zones[max(fitting, key=len)] if fitting else None


@dataclass
class _Answer:
    """One reply as it is filled from one zone."""

    zone: dns.zone.Zone
    reply: dns.message.Message
    want_dnssec: bool
    chain: set[dns.name.Name] = field(default_factory=set)

    def fill(self, name: dns.name.Name, rdtype: int) -> None:
        cut = self._cut_above(name, rdtype)
        if cut is not None:
            return self._refer(cut)
        self.reply.flags |= dns.flags.AA
        node = self.zone.get_node(name)
        if node is None:
            return self._deny(name, dns.rcode.NOERROR if self._holds_below(name) else dns.rcode.NXDOMAIN)
        if self._put(self.reply.answer, name, rdtype):
            return None
        alias = node.get_rdataset(self.zone.rdclass, dns.rdatatype.CNAME)
        if alias is None:
            return self._deny(name, dns.rcode.NOERROR)
        self._put(self.reply.answer, name, dns.rdatatype.CNAME)
        self.chain.add(name)
        target = alias[0].target
        if target.is_subdomain(self.zone.origin) and target not in self.chain:
            self.fill(target, rdtype)
        return None

    def _cut_above(self, name: dns.name.Name, rdtype: int) -> dns.name.Name | None:
        """The delegation at or above the name."""
        for depth in range(len(self.zone.origin) + 1, len(name) + 1):
            above = dns.name.Name(name.labels[-depth:])
            node = self.zone.get_node(above)
            if node and node.get_rdataset(self.zone.rdclass, dns.rdatatype.NS):
                return None if above == name and rdtype == dns.rdatatype.DS else above
        return None

    def _refer(self, cut: dns.name.Name) -> None:
        self._put(self.reply.authority, cut, dns.rdatatype.NS, signed=False)
        self._put(self.reply.authority, cut, dns.rdatatype.DS) or self._prove(cut)
        for server in self.zone.get_node(cut).get_rdataset(self.zone.rdclass, dns.rdatatype.NS):
            for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
                self._put(self.reply.additional, server.target, kind, signed=False)

    def _deny(self, name: dns.name.Name, rcode: dns.rcode.Rcode) -> None:
        self.reply.set_rcode(rcode)
        self._put(self.reply.authority, self.zone.origin, dns.rdatatype.SOA)
        for each in dict.fromkeys((name, dns.name.Name((b"*", *name.labels[1:])))):
            self._prove(each)

    def _prove(self, name: dns.name.Name) -> None:
        """The NSEC record at the name or before it."""
        if self.want_dnssec and (before := [each for each in self._secured() if each <= name]):
            owner = max(before)
            if not any(rrset.name == owner and rrset.rdtype == dns.rdatatype.NSEC for rrset in self.reply.authority):
                self._put(self.reply.authority, owner, dns.rdatatype.NSEC)

    def _secured(self) -> Iterator[dns.name.Name]:
        return (name for name, node in self.zone.items() if node.get_rdataset(self.zone.rdclass, dns.rdatatype.NSEC))

    def _holds_below(self, name: dns.name.Name) -> bool:
        return any(each.is_subdomain(name) for each in self.zone)

    def _put(self, section: list, name: dns.name.Name, rdtype: int, *, signed: bool = True) -> bool:
        """Add those records and their signature; whether there are any."""
        node = self.zone.get_node(name)
        found = node and node.get_rdataset(self.zone.rdclass, rdtype)
        if not found:
            return False
        section.append(dns.rrset.from_rdata_list(name, found.ttl, list(found)))
        proof = node.get_rdataset(self.zone.rdclass, dns.rdatatype.RRSIG, rdtype)
        if signed and self.want_dnssec and proof:
            section.append(dns.rrset.from_rdata_list(name, proof.ttl, list(proof)))
        return True


async def serve(server: Server, address: str) -> Callable[[], None]:
    """Have it answer on port 53 of an address until what is returned is called."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=(address, 53), family=family)
    listener = await asyncio.start_server(server.converse, address, 53)

    def close() -> None:
        transport.close()
        listener.close()

    return close


@functools.cache
def key_of(name: str) -> ed25519.Ed25519PrivateKey:
    """The key of a zone, the same for as long as we run."""
    del name
    return ed25519.Ed25519PrivateKey.generate()
