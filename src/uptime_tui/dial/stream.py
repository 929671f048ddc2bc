"""The stream interface that every dialler offers, so that one driver runs any handshake anywhere.

Push style: the dialler calls the conversation when bytes arrive and when the peer has closed, and writes what
the conversation hands back. Nothing here knows sockets, TLS or protocols.
"""

from typing import Protocol


class Conversation(Protocol):
    """What a dialler drives: bytes in, bytes out, until it is over. Never blocks, never raises for a peer's fault."""

    @property
    def over(self) -> bool:
        """Nothing more is wanted: the dialler closes the connection."""

    @property
    def greeting_due_s(self) -> float | None:
        """Monotonic time at which `expire` is to be called before the deadline; read after every call."""

    def start(self, now_s: float) -> bytes:
        """The connection stands (monotonic seconds). Returns what to write first."""

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Bytes arrived. Returns what to write."""

    def close(self, now_s: float, *, reset: bool = False) -> bytes:
        """The peer has closed (`reset`: by RST). Returns what to write, usually nothing."""

    def expire(self, now_s: float) -> None:
        """The deadline has passed."""
