"""What the kernel knows of one TCP connection (`struct tcp_info`, linux/tcp.h)."""

import socket
import sys
from typing import Final, NamedTuple

_OUT_AGAIN: Final = 36
_RTT: Final = 68
_RETRANS: Final = 100


class TcpInfo(NamedTuple):
    """Measured by the kernel: no delay of this process is in it."""

    rtt_ms: float
    """Smoothed round trip time; 0.0 before anything was acknowledged."""
    retransmits: int
    """Segments sent again, SYNs among them, since the connection began."""
    out_again: int = 0
    """Those of them that are on their way now. Every try counts above, but here only what the output filter let pass
    (`tcp_retransmit_skb` in net/ipv4/tcp_output.c): a SYN that is tried again and never out was stopped here.
    """


def tcp_info(sock: socket.SocketType) -> TcpInfo:
    """Of a connection, standing or failed; zeros where the kernel does not say. Never raises."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RETRANS + 4)
    except OSError:
        return TcpInfo(0.0, 0)
    if len(info) < _RETRANS + 4:
        return TcpInfo(0.0, 0)
    return TcpInfo(_number(info, _RTT) / 1000, _number(info, _RETRANS), _number(info, _OUT_AGAIN))


def _number(info: bytes, offset: int) -> int:
    return int.from_bytes(info[offset : offset + 4], sys.byteorder)
