"""Length-prefixed msgpack, sans-io: 4 bytes big-endian length, then one message."""

from typing import Final, Generic, TypeVar

import msgspec

MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
_HEADER: Final = 4
_encoder: Final = msgspec.msgpack.Encoder()

T = TypeVar("T")


class FramingError(ValueError):
    """The other end does not speak our protocol: close the connection."""


def encode(message: msgspec.Struct) -> bytes:
    """One frame."""
    frame = bytearray(_HEADER)
    _encoder.encode_into(message, frame, _HEADER)
    frame[:_HEADER] = (len(frame) - _HEADER).to_bytes(_HEADER, "big")
    return bytes(frame)


class Decoder(Generic[T]):
    """Bytes in any split to messages of one tagged union.

    The union is given as an annotation (`ClientMessage`, `EngineMessage`) so that a client that sends an
    engine's message is refused like any other nonsense.
    """

    def __init__(self, union: object) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(union)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[T]:
        """Messages completed by these bytes.

        Raises:
            FramingError: a frame longer than `MAX_MESSAGE_BYTES`, or one that is no message of the union.
        """
        buffer = self._buffer
        buffer += data
        messages: list[T] = []
        start = 0
        while len(buffer) - start >= _HEADER:
            length = int.from_bytes(buffer[start : start + _HEADER], "big")
            if length > MAX_MESSAGE_BYTES:
                raise FramingError(f"frame of {length} bytes")
            end = start + _HEADER + length
            if len(buffer) < end:
                break
            try:
                messages.append(self._decoder.decode(memoryview(buffer)[start + _HEADER : end]))
            except msgspec.MsgspecError as error:
                raise FramingError(str(error)) from error
            start = end
        del buffer[:start]
        return messages
