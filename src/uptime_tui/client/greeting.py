"""A Hello said early: the engine answers while the caller loads what it needs to read the answer."""

import socket
from pathlib import Path

from uptime_tui.wire.framing import encode
from uptime_tui.wire.messages import Hello


def answers(socket_file: Path, within_s: float) -> bool:
    """Whether an engine says anything to a Hello within so many seconds: one that hangs takes it all the same."""
    greeted = greet(socket_file, "is it there?")
    if greeted is None:
        return False
    with greeted:
        greeted.settimeout(within_s)
        try:
            return bool(greeted.recv(1))
        except OSError:
            return False


def greet(socket_file: Path, client: str) -> socket.socket | None:
    """A connection on which everything was asked for and nothing is read yet; never waits.

    Args:
        socket_file: where the engine listens.
        client: what we are, for the engine's log.

    Returns:
        None when no engine takes it at once: then it is looked for, or started, the slow way.
    """
    greeted = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    greeted.setblocking(False)
    try:
        greeted.connect(str(socket_file))
        greeted.sendall(encode(Hello(client=client)))
    except OSError:
        greeted.close()
        return None
    return greeted
