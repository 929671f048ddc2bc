"""Runs any handshake over any stream: bounds, phase times, TLS, and the conclusions a protocol cannot draw itself."""

from typing import NamedTuple

from uptime_tui.dial.tls import TlsSetup
from uptime_tui.model.certificate import Certificate
from uptime_tui.model.failure import Phase
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.result import Evidence
from uptime_tui.model.steps import Handshake


class Ending(NamedTuple):
    """How a conversation ended. Times are milliseconds."""

    outcome: Outcome
    phase: Phase | None
    """Where it failed; None on success."""
    certificate: Certificate | None
    tls_ms: float | None
    protocol_ms: float | None
    """From connected (or TLS done) to the decision; the time of a STARTTLS is not in it."""
    content_ms: float | None
    """The share of `protocol_ms` after the mark of the content."""
    evidence: tuple[Evidence, ...]


class Driver:
    """One conversation (`dial.stream.Conversation`), push style, without input or output of its own.

    `ending` is set at the moment the outcome is decided; `over` follows when the goodbye is done.
    """

    ending: Ending | None

    def __init__(
        self,
        handshake: Handshake,
        *,
        tls: TlsSetup | None = None,
        greeting_timeout_s: float | None = None,
        receive_limit: int = 65536,
    ) -> None:
        raise NotImplementedError

    @property
    def over(self) -> bool:
        """Nothing more is wanted."""
        raise NotImplementedError

    @property
    def greeting_due_s(self) -> float | None:
        """Monotonic time at which `expire` is to be called before the deadline, None when there is none.

        Before the outcome: when the greeting is overdue (only while nothing was received). After it: when the
        goodbye has taken a second.
        """
        raise NotImplementedError

    def start(self, now_s: float) -> bytes:
        """The connection stands."""
        raise NotImplementedError

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Bytes arrived."""
        raise NotImplementedError

    def close(self, now_s: float, *, reset: bool = False) -> bytes:
        """The peer has closed."""
        raise NotImplementedError

    def expire(self, now_s: float) -> None:
        """A time bound has passed."""
        raise NotImplementedError
