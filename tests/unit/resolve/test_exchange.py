"""Answers that do not fit into a datagram: what taking them up costs, and who says whether it may."""

import asyncio
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rrset

from support.nameserver import reply
from uptime_tui.resolve.exchange import TCP_PACKETS, exchange, exchange_tcp, make_question
from uptime_tui.resolve.nameservers import Authority, stands_of

LONG = [f'"{number:03}{"x" * 200}"' for number in range(200)]


class Cutting(asyncio.DatagramProtocol):
    """Cuts every answer over UDP."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        message = reply(dns.message.from_wire(data))
        message.flags |= dns.flags.TC | dns.flags.AA
        self.transport.sendto(message.to_wire(), addr)


@asynccontextmanager
async def cutting(*, over_tcp=True):
    """Its place, and how many bytes of the whole it was asked for over TCP and could send."""
    sent = []

    async def whole(reader, writer):
        length = int.from_bytes(await reader.readexactly(2))
        message = reply(dns.message.from_wire(await reader.readexactly(length)))
        message.answer.append(dns.rrset.from_text(message.question[0].name, 60, "IN", "TXT", *LONG))
        wire = message.to_wire(max_size=65535)
        sent.append(len(wire))
        try:
            writer.write(len(wire).to_bytes(2) + wire)
            await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(whole, "127.0.0.1", 0)
    place = listener.sockets[0].getsockname()
    if not over_tcp:
        listener.close()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Cutting, local_addr=place)
    try:
        yield place, sent
    finally:
        transport.close()
        listener.close()


async def test_a_long_answer_is_taken_up_where_it_is_granted():
    asked = []
    async with cutting() as (place, sent):
        heard = await exchange(make_question("x.test", "TXT"), place, 5.0, lambda count: asked.append(count) or True)
    assert len(heard.message.answer[0]) == len(LONG)
    assert asked[0] == TCP_PACKETS
    assert asked[1] >= sent[0] / 2896, "one packet confirms two full ones at the most"


async def test_a_long_answer_stays_cut_where_it_is_not_granted():
    async with cutting() as (place, _):
        heard = await exchange(make_question("x.test", "TXT"), place, 5.0, lambda count: count <= TCP_PACKETS)
        assert (heard.rcode, heard.cut, heard.message.answer) == ("NOERROR", False, [])
        assert heard.message.flags & dns.flags.TC
        heard = await exchange_tcp(make_question("x.test", "TXT"), place, 5.0, lambda _: False)
        assert (heard.rcode, heard.message) == ("UNREACHABLE", None)


async def test_who_answers_and_cannot_be_heard_in_full_is_not_silent():
    async with cutting(over_tcp=False) as (place, _):
        heard = await exchange(make_question("x.test", "TXT"), place, 5.0)
    assert (heard.rcode, heard.cut) == ("UNREACHABLE", True)

    class Inquiry:
        async def authority(self, *_):
            return heard

    class Zone:
        zone, servers = "test", (Authority("ns.test", "192.0.2.1"),)

    (stand,) = await stands_of("x.test", Zone, Inquiry())
    assert stand.state == "not asked"
