"""What a handshake concluded about its peer."""

import msgspec

from uptime_tui.model.failure import Failure


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The conclusion of one conversation.

    `detail` and `banner` are safe text already (`model.safetext`): a handshake never lets raw bytes out.
    """

    failure: Failure | None
    detail: str
    """One line for a person: what was seen, in the protocol's own words where they help."""
    banner: str = ""
    """What the peer said of itself: greeting, server header, version; empty when it said nothing."""
