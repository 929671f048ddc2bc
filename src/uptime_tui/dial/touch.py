"""One bare connect as something that can be awaited: does anybody answer there?"""

import asyncio
import errno

import msgspec

from uptime_tui.dial.direct import DialEnd, Dialler
from uptime_tui.dial.tcpinfo import TcpInfo, tcp_info

PACKETS = 4
"""The most that a bare connect sends within the first second: SYN, ACK, FIN, ACK."""
_ALIVE = frozenset({0, errno.ECONNREFUSED, errno.ECONNRESET})


async def touch(dialler: Dialler, address: str, port: int, within_s: float) -> DialEnd:
    """Connect and close.

    Args:
        dialler: whose sockets are used.
        address: IP literal.
        port: TCP port; never one of a server that counts bare connects against us.
        within_s: seconds until it is given up; below 1 the kernel sends a single SYN.
    """
    end = await _connect(dialler, address, port, within_s)
    if end.sock is not None:
        end.sock.close()
    return msgspec.structs.replace(end, sock=None)


async def measure(dialler: Dialler, address: str, port: int, within_s: float) -> tuple[DialEnd, TcpInfo]:
    """Connect, ask the kernel how that went, and close; seconds as in `touch`."""
    end = await _connect(dialler, address, port, within_s)
    if end.sock is None:
        return end, TcpInfo(0.0, end.retransmits)
    info = tcp_info(end.sock)
    end.sock.close()
    return msgspec.structs.replace(end, sock=None, retransmits=info.retransmits), info


def is_answer(end: DialEnd) -> bool:
    """Whether the machine itself has answered: it accepted, or it refused without anybody's ICMP message."""
    return end.errno in _ALIVE and (end.offender is None or end.offender.address == end.address)


def packets(end: DialEnd) -> int:
    """How many this connect has sent."""
    return (PACKETS if end.errno == 0 else 1) + end.retransmits


async def _connect(dialler: Dialler, address: str, port: int, within_s: float) -> DialEnd:
    loop = dialler.loop
    done: asyncio.Future[DialEnd] = loop.create_future()

    def told(end: DialEnd) -> None:
        if not done.done():
            done.set_result(end)
        elif end.sock is not None:
            end.sock.close()

    dialler.connect(address, port, loop.time() + within_s, told)
    return await done
