"""Services that are not spoken to yet: they greet where their protocol does, and wait for the visitor to go."""

from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final[frozenset[str]] = frozenset()
_GREETINGS: Final = {
    "ssh": "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "sftp": "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
}


async def serve(visit: Visit) -> None:
    """Greet and listen; nothing that is said gets an answer."""
    greeting = _GREETINGS.get(visit.role.service)
    if greeting:
        await visit.say(greeting.encode())
    await visit.wait_for_end()
