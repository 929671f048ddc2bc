"""Services that are not spoken to: they accept, and wait for the visitor to go."""

from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final[frozenset[str]] = frozenset()


async def serve(visit: Visit) -> None:
    """Listen; nothing that is said gets an answer."""
    await visit.wait_for_end()
