"""What a lookup says: addresses in order of preference, or why there are none."""

from typing import NamedTuple

from uptime_tui.model.failure import Failure


class Answer(NamedTuple):
    """Result of resolving one name."""

    addresses: tuple[str, ...]
    failure: Failure | None = None
    """None exactly when there is an address."""
    detail: str = ""
    """One line for a person, safe text."""
    source: str = "dns"
    """`literal`, `hosts`, `dns` or `nss` (the system's other modules)."""
    ms: float = 0.0
    """What this caller waited."""
    ttl_s: float = 0.0
    """How long it may be kept."""
    ours: bool = False
    """This machine's own resolving does not work at all: nothing is known of the name."""


def family_of(address: str) -> int:
    """4 or 6."""
    return 6 if ":" in address else 4
