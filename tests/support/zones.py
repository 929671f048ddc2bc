"""A small world of zones on loopback: servers that answer with authority, and a resolver above them all."""

import asyncio
import random
import socket
import struct
import time
from contextlib import AsyncExitStack, asynccontextmanager

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

IN = dns.rdataclass.IN
_CHANCE = random.SystemRandom()


def zone(origin, text):
    """A zone from its text; `{net}` in it is up to the caller."""
    return dns.zone.from_text(text, dns.name.from_text(origin), relativize=False)


def sign(unsigned, *, inception_days=-1.0, expiry_days=30.0, key=None):
    """Sign in place with one key. Returns the DS for the zone above."""
    from cryptography.hazmat.primitives.asymmetric import ec

    private = key or ec.generate_private_key(ec.SECP256R1())
    public = dns.dnssec.make_dnskey(private.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, 257)
    now = time.time()
    dns.dnssec.sign_zone(
        unsigned, keys=[(private, public)], inception=now + inception_days * 86400, expiration=now + expiry_days * 86400
    )
    return dns.dnssec.make_ds(unsigned.origin, public, "SHA256")


class World:
    """Servers by name of their last octet; each a set of zones. `behave[n]` is `silent`, `refuse`, `lame` or `fail`."""

    def __init__(self) -> None:
        self.net = f"127.{_CHANCE.randrange(16, 250)}.{_CHANCE.randrange(1, 250)}"
        self.zones = {}
        self.behave = {}
        self.asked = []
        self.bogus = set()
        self.port = 0
        self.authentic = False
        """The resolver says that it has validated everything."""

    def place(self, octet):
        return f"{self.net}.{octet}"

    def add(self, octet, origin, text, **signing):
        """That server serves this zone. Returns it."""
        made = zone(origin, text.replace("{net}", self.net))
        self.zones.setdefault(octet, {})[made.origin] = made
        return made

    def answer(self, octet, question):
        """A server's own; None for silence."""
        self.asked.append((octet, question.question[0].name.to_text(omit_final_dot=True),
                           dns.rdatatype.to_text(question.question[0].rdtype)))  # fmt: skip
        how = self.behave.get(octet, "")
        message = dns.message.make_response(question)
        if how == "silent":
            return None
        if how in {"refuse", "fail"}:
            message.set_rcode(dns.rcode.REFUSED if how == "refuse" else dns.rcode.SERVFAIL)
            return message
        if how == "lame":
            return message
        return authoritative(self.zones.get(octet, {}), question)

    def resolve(self, question):
        """The resolver's: of the deepest zone, aliases followed; a name in `bogus` fails unless CD is set."""
        name = question.question[0].name
        self.asked.append(("resolver", name.to_text(omit_final_dot=True),
                           dns.rdatatype.to_text(question.question[0].rdtype)))  # fmt: skip
        if self.behave.get("resolver") == "silent":
            return None
        message = dns.message.make_response(question)
        message.flags |= dns.flags.RA | (dns.flags.AD if self.authentic else 0)
        under = [each for each in self.bogus if name.is_subdomain(dns.name.from_text(each))]
        if self.behave.get("resolver") == "refuse" or (under and not question.flags & dns.flags.CD):
            message.set_rcode(dns.rcode.REFUSED if not under else dns.rcode.SERVFAIL)
            return message
        return self._recurse(question, message)

    def _recurse(self, question, message):
        asked = question.question[0]
        name = asked.name
        if name == dns.name.root and asked.rdtype == dns.rdatatype.NS:
            message.answer.append(dns.rrset.from_text(".", 60, "IN", "NS", "a.root."))
            return message
        for _ in range(8):
            follow = dns.message.make_query(name, asked.rdtype, want_dnssec=True)
            found = self._best(follow)
            if found is None:
                message.set_rcode(dns.rcode.SERVFAIL)
                return message
            found = dns.message.from_wire(found.to_wire())
            wanted = bool(question.ednsflags & dns.flags.DO)
            for mine, theirs in ((message.answer, found.answer), (message.authority, found.authority)):
                mine.extend(r for r in theirs if wanted or r.rdtype not in {dns.rdatatype.RRSIG, dns.rdatatype.NSEC})
            message.set_rcode(found.rcode())
            link = found.get_rrset(found.answer, name, IN, dns.rdatatype.CNAME)
            if link is None or asked.rdtype == dns.rdatatype.CNAME:
                return message
            name = link[0].target
            message.authority.clear()
        return message

    def _best(self, question):
        name = question.question[0].name
        holders = [
            (len(origin), octet) for octet, zones in self.zones.items() for origin in zones
            if name.is_subdomain(origin) and not (question.question[0].rdtype == dns.rdatatype.DS and name == origin)
        ]  # fmt: skip
        for _, octet in sorted(holders, reverse=True):
            if not self.behave.get(octet):
                found = authoritative(self.zones[octet], question)
                deepest = max(length for length, _ in holders)
                return found if max(len(o) for o in self.zones[octet] if name.is_subdomain(o)) == deepest else None
        if holders:
            return None
        message = dns.message.make_response(question)
        message.set_rcode(dns.rcode.NXDOMAIN)
        message.authority.append(dns.rrset.from_text(".", 60, "IN", "SOA", "a.root. x. 1 1 1 1 60"))
        return message


def authoritative(zones, question):
    """As a server of these zones answers (RFC 1034 §4.3.2), with NSEC where it is asked for."""
    asked = question.question[0]
    message = dns.message.make_response(question)
    above = [origin for origin in zones if asked.name.is_subdomain(origin)]
    if asked.rdtype == dns.rdatatype.DS:
        above = [origin for origin in above if origin != asked.name] or above
    if not above:
        message.set_rcode(dns.rcode.REFUSED)
        return message
    home = zones[max(above, key=len)]
    secure = bool(question.ednsflags & dns.flags.DO)
    for labels in range(len(home.origin) + 1, len(asked.name) + 1):
        cut = asked.name.split(labels)[1]
        if home.get_rdataset(cut, "NS") and not (cut == asked.name and asked.rdtype == dns.rdatatype.DS):
            return _refer(home, cut, message, secure=secure)
    message.flags |= dns.flags.AA
    node = home.get_node(asked.name)
    if node is None:
        _deny(home, asked.name, message, secure=secure)
        return message
    found = home.get_rrset(asked.name, asked.rdtype) or home.get_rrset(asked.name, "CNAME")
    if found is None:
        _deny(home, asked.name, message, secure=secure)
    else:
        _put(home, message.answer, found, secure=secure)
    return message


def _put(home, section, rrset, *, secure):
    section.append(rrset)
    if secure:
        signature = home.get_rrset(rrset.name, "RRSIG", rrset.rdtype)
        if signature is not None:
            section.append(signature)


def _refer(home, cut, message, *, secure):
    servers = home.get_rrset(cut, "NS")
    message.authority.append(servers)
    for kind in ("DS", "NSEC"):
        found = home.get_rrset(cut, kind)
        if secure and found is not None:
            _put(home, message.authority, found, secure=True)
    for rdata in servers:
        for kind in ("A", "AAAA"):
            place = home.get_rrset(rdata.target, kind) if rdata.target.is_subdomain(home.origin) else None
            if place is not None:
                message.additional.append(place)
    return message


def _deny(home, name, message, *, secure):
    there = any(each.is_subdomain(name) for each in home)
    message.set_rcode(dns.rcode.NOERROR if there else dns.rcode.NXDOMAIN)
    _put(home, message.authority, home.get_rrset(home.origin, "SOA"), secure=secure)
    if secure:
        for owner in home:
            proof = home.get_rrset(owner, "NSEC")
            if proof is not None and len(home.nodes) < 12:
                _put(home, message.authority, proof, secure=True)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, answer) -> None:
        self.answer = answer

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data, addr) -> None:
        question = dns.message.from_wire(data)
        found = self.answer(question)
        if found is not None:
            room = max(512, question.payload) if question.edns >= 0 else 512
            wire = found.to_wire(max_size=65535)
            if len(wire) > room:
                cut = dns.message.make_response(question)
                cut.flags |= dns.flags.TC
                wire = cut.to_wire()
            self.transport.sendto(wire, addr)


def _tcp(answer):
    async def serve(reader, writer):
        try:
            size = struct.unpack("!H", await reader.readexactly(2))[0]
            found = answer(dns.message.from_wire(await reader.readexactly(size)))
            if found is not None:
                wire = found.to_wire(max_size=65535)
                writer.write(struct.pack("!H", len(wire)) + wire)
                await writer.drain()
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    return serve


async def _listen(stack, place, answer):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Udp(answer), local_addr=place)
    stack.callback(transport.close)
    server = await asyncio.start_server(_tcp(answer), *place)
    stack.callback(server.close)


@asynccontextmanager
async def running(world, monkeypatch, *, resolver=True):
    """Every server of the world listens; yields the resolver's place."""
    with socket.socket() as probe:
        probe.bind((world.place(200), 0))
        world.port = probe.getsockname()[1]
    monkeypatch.setattr("uptime_tui.resolve.inquiry.PORT", world.port)
    async with AsyncExitStack() as stack:
        for octet in sorted(world.zones):
            await _listen(stack, (world.place(octet), world.port), lambda q, octet=octet: world.answer(octet, q))
        if resolver:
            await _listen(stack, (world.place(200), world.port), world.resolve)
        yield (world.place(200), world.port)
