"""What a handshake may ask of its stream.

A handshake is a generator: it yields a step, gets bytes back, and returns an `Outcome`. It cannot reach a
socket or a clock. `Receive` answers with at least one byte, or with `b""` once the peer has closed; every
other step answers `b""`. A deadline, a reset or a failed TLS handshake never reach the generator: the driver
concludes for it, because those belong to the connection and not to the protocol.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

from uptime_tui.model.failure import Phase
from uptime_tui.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Send:
    """Write all of it."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Receive:
    """Give what has arrived, 1 to `limit` bytes, or `b""` when the peer has closed."""

    limit: int = 65536


@dataclass(frozen=True, slots=True)
class StartTls:
    """Speak TLS from here on; nothing received may be left unread (`starttls_injection`)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What follows belongs to this phase; the driver stamps the time of the change."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class Conclude:
    """The outcome is decided; what follows is a courteous goodbye that can change nothing and is not timed."""

    outcome: Outcome


Step: TypeAlias = Send | Receive | StartTls | Mark | Conclude
Handshake: TypeAlias = Generator[Step, bytes, Outcome]
