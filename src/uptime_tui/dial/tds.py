"""TLS as SQL Server wants it: its handshake rides in TDS packets of type 0x12 ([MS-TDS] 2.2.6.5, 3.2.5.2).

Once the handshake is done, TLS stands on the connection itself and TDS inside it.
"""

from typing import Final

HEADER_BYTES: Final = 8
PACKET_BYTES: Final = 4096
"""The size of a packet before a login agrees on another one (2.2.3.1)."""
_PRELOGIN: Final = 0x12
_LAST: Final = 0x01
_ROOM: Final = PACKET_BYTES - HEADER_BYTES


class NotTds(ValueError):  # noqa: N818 - the peer's fault, told to the TLS layer, never an error of ours
    """What came is no TDS packet that can hold TLS."""


class TdsFraming:
    """Wraps what is sent and unwraps what arrives, in pieces of any size."""

    __slots__ = ("_head", "_left")

    def __init__(self) -> None:
        self._head = b""
        self._left = 0  # bytes of the packet's content that are still to come

    def wrap(self, flight: bytes) -> bytes:
        """One flight of records as packets; the last one says that it is the last."""
        packets: list[bytes] = []
        for place in range(0, len(flight), _ROOM):
            part = flight[place : place + _ROOM]
            status = _LAST if place + _ROOM >= len(flight) else 0
            packets += bytes((_PRELOGIN, status)), (HEADER_BYTES + len(part)).to_bytes(2, "big"), bytes(4), part
        return b"".join(packets)

    def unwrap(self, data: bytes) -> bytes:
        """The records in what arrived.

        Raises:
            NotTds: it is something else; the data cannot be read any further.
        """
        records: list[bytes] = []
        while data:
            if self._left:
                records.append(data[: self._left])
                data, self._left = data[self._left :], self._left - len(records[-1])
                continue
            missing = HEADER_BYTES - len(self._head)
            self._head, data = self._head + data[:missing], data[missing:]
            if self._head[0] != _PRELOGIN:
                raise NotTds
            if len(self._head) == HEADER_BYTES:
                self._left = int.from_bytes(self._head[2:4], "big") - HEADER_BYTES
                self._head = b""
                if self._left < 0:
                    raise NotTds
        return b"".join(records)
