"""TLS through memory BIOs: one handshake that tells every problem of the certificate at once."""

from dataclasses import dataclass

from uptime_tui.model.failure import Failure


@dataclass(frozen=True, slots=True)
class TlsSetup:
    """How TLS is to be spoken in one conversation."""

    server_name: str
    """The name the certificate must carry, and the SNI unless it is an IP literal (RFC 6066 §3)."""
    verify: bool
    """False: the certificate is shown but not judged."""
    warn_days: int
    """`tls_expiring` below this many days."""
    wall_s: float
    """Unix time at which validity is judged."""
    implicit: bool
    """TLS from the first byte; False: only when the handshake asks for it."""
    ca_file: str | None = None
    """More trust anchors (PEM) beside the system's."""
    tolerate: frozenset[Failure] = frozenset()
    """Certificate problems that do not stop the conversation; they are reported if it succeeds."""
