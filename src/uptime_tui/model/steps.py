"""What a handshake may ask of its stream.

A handshake is a generator: it yields a step, gets bytes back, and returns an `Outcome`. It cannot reach a
socket or a clock. `Receive` answers with at least one byte, or with `b""` once the peer has closed; every
other step answers `b""`. A deadline, a reset or a failed TLS handshake never reach the generator: the driver
concludes for it, because those belong to the connection and not to the protocol.
"""

from collections.abc import Generator
from typing import Literal, TypeAlias

import msgspec

from uptime_tui.model.failure import Phase
from uptime_tui.model.monitor import NO_EXPECTATIONS, PLAIN_REQUEST, Expectations, HttpRequest
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.secret import Credentials


class Ask(msgspec.Struct, frozen=True, gc=False):
    """What a handshake is told about the conversation it is to hold.

    Every text here goes on the wire and has been checked: no line end, no control character.
    """

    host: str
    """A-label or IP literal without brackets, as the user wrote it; never the address it resolved to."""
    port: int
    service: str
    """Name in the catalogue: `submission` wants more of the same handshake than `smtp`."""
    expect: Expectations = NO_EXPECTATIONS
    tls: Literal["none", "implicit", "starttls"] = "none"
    path: str = ""
    """HTTP: path with query; empty means `/`."""
    status: str = "200-399"
    """HTTP: what the service accepts when the monitor says nothing."""
    our_name: str = "[127.0.0.1]"
    """EHLO argument: our fully qualified name, else an address literal (RFC 5321 §4.1.4)."""
    user_agent: str = "uptime-tui"
    """`uptime-tui/<version>`."""
    request: HttpRequest = PLAIN_REQUEST
    """HTTP: what is asked."""
    login: Credentials | None = None
    """May be sent as this conversation stands: within TLS that was verified, over loopback, or the user allows more.
    A handshake that begins TLS itself (`starttls`) sends it after that only."""
    user: str = ""
    """Account to call with, where a name is all that is needed; `login` carries it too, with its secret."""
    noise: bytes = b""
    """64 random bytes where the handshake's module says `NEEDS_NOISE`: it has no chance of its own."""


class Send(msgspec.Struct, frozen=True):
    """Write all of it."""

    data: bytes


class Receive(msgspec.Struct, frozen=True):
    """Give what has arrived, 1 to `limit` bytes, or `b""` when the peer has closed."""

    limit: int = 65536


class StartTls(msgspec.Struct, frozen=True):
    """Speak TLS from here on; nothing received may be left unread (`starttls_injection`)."""

    framing: Literal["", "tds"] = ""
    """What carries the records of the TLS handshake: nothing, or the packets of SQL Server."""


class Mark(msgspec.Struct, frozen=True):
    """What follows belongs to this phase; the driver stamps the time of the change."""

    phase: Phase
    allow_bytes: int = 0
    """Room for this many bytes on top of what one exchange may hold: the handshake bounds them itself."""


class Conclude(msgspec.Struct, frozen=True):
    """The outcome is decided; what follows is a courteous goodbye that can change nothing and is not timed."""

    outcome: Outcome


Step: TypeAlias = Send | Receive | StartTls | Mark | Conclude
Handshake: TypeAlias = Generator[Step, bytes, Outcome]
