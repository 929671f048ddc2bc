"""The other side of the watcher's line, a process of its own: servers on every address, and a name server with moods.

`python far_side.py MOOD_FILE CERTIFICATES DNS_ADDRESS NAME=ADDRESS,ADDRESS...`. Prints a line once it listens. Port 7000
takes connections, 7001 talks, 7002 shows the certificate in the folder CERTIFICATES that is named like the called address. The mood is read anew at every question: `well`, `silent`, `refused`, `servfail`, `nxdomain`, `empty`, `portal` or `garbage`.
"""

import asyncio
import ssl
import sys
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

MOODS = {
    "refused": dns.rcode.REFUSED,
    "servfail": dns.rcode.SERVFAIL,
    "nxdomain": dns.rcode.NXDOMAIN,
    "empty": dns.rcode.NOERROR,
}
TTL = 1
PORTAL = "198.18.9.9"
"""Where a captive portal leads everybody."""


class NameServer(asyncio.DatagramProtocol):
    def __init__(self, mood: Path, names: dict[str, list[str]]) -> None:
        self.mood = mood
        self.names = names

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data, addr) -> None:
        mood = self.mood.read_text().strip()
        if mood == "garbage":
            self.transport.sendto(b"\xff" * 40, addr)
        elif mood != "silent":
            self.transport.sendto(self.answer(dns.message.from_wire(data), mood).to_wire(), addr)

    def answer(self, question, mood) -> dns.message.Message:
        asked = question.question[0]
        message = dns.message.make_response(question, recursion_available=True)
        if mood == "portal":
            if asked.rdtype == dns.rdatatype.A:
                message.answer.append(dns.rrset.from_text(asked.name, TTL, "IN", "A", PORTAL))
        elif mood in MOODS:
            message.set_rcode(MOODS[mood])
        elif asked.name == dns.name.root:
            message.answer.append(dns.rrset.from_text(".", TTL, "IN", "NS", "a.root-servers.test."))
        elif (name := asked.name.to_text(omit_final_dot=True)) in self.names:
            kind = dns.rdatatype.to_text(asked.rdtype)
            fitting = [a for a in self.names[name] if (":" in a) == (kind == "AAAA")]
            if fitting and kind in {"A", "AAAA"}:
                message.answer.append(dns.rrset.from_text(asked.name, TTL, "IN", kind, *fitting))
        else:
            message.set_rcode(dns.rcode.NXDOMAIN)
        return message


async def serve(_reader, writer) -> None:
    await _reader.read()
    writer.close()


async def talk(reader, writer) -> None:
    """Like a POP3 server that has nothing to offer."""
    writer.write(b"+OK far\r\n")
    while line := await reader.readline():
        writer.write(b"+OK\r\n.\r\n" if line.startswith(b"CAPA") else b"+OK\r\n")
    writer.close()


class Vault(asyncio.Protocol):
    """TLS on one connection, with the certificate of the address that is called."""

    def __init__(self, certificates: Path) -> None:
        self.certificates = certificates

    def connection_made(self, transport) -> None:
        self.transport = transport
        address = transport.get_extra_info("sockname")[0].removeprefix("::ffff:")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificates / f"{address}.pem")
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def data_received(self, data) -> None:
        self.incoming.write(data)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.transport.close()
        self.transport.write(self.outgoing.read())


async def main(mood: str, certificates: str, address: str, *names: str) -> None:
    table = {name: rest.split(",") for name, _, rest in (each.partition("=") for each in names)}
    loop = asyncio.get_running_loop()
    await asyncio.start_server(serve, None, 7000, backlog=1024)
    await asyncio.start_server(talk, None, 7001, backlog=1024)
    await loop.create_server(lambda: Vault(Path(certificates)), None, 7002, backlog=1024)
    await loop.create_datagram_endpoint(lambda: NameServer(Path(mood), table), local_addr=(address, 53))
    print("listens", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
