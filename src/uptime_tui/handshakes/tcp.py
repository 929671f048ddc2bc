"""Bare TCP: that the connection stands (or TLS, where the service says so) is all there is to know."""

from typing import TYPE_CHECKING

from uptime_tui.model.outcome import Outcome

if TYPE_CHECKING:
    from uptime_tui.model.steps import Ask, Handshake

SERVER_SPEAKS_FIRST = False


def handshake(ask: "Ask") -> "Handshake":
    """Conclude at once."""
    yield from ()
    return Outcome(None, f"port {ask.port} accepts connections")
