"""What a handshake concluded about its peer."""

from typing import Final, NamedTuple

import msgspec

from uptime_tui.model.failure import Failure

LONGEST_WISH_S: Final = 600.0


class Rest(msgspec.Struct, frozen=True, gc=False):
    """A server is to be left alone for a while, because one more conversation could harm, or because it asks for it."""

    seconds: float
    """Not again within so many seconds of the probe's start."""
    why: str
    """What speaks against it, for a person; goes on after a colon."""
    of: str = ""
    """Who is to rest, as `Monitor.caller` or, where it is asked for, `Monitor.resource` says it; the vantage fills it
    in."""
    asked: bool = False
    """It is the server's own wish: bounded, counted from its answer, and for what was asked for alone."""


def longest_wish_s(interval_s: float) -> float:
    """Seconds that a monitor leaves a server alone because it asks so, at most: it must not silence a monitor."""
    return max(interval_s, LONGEST_WISH_S)


class Leads(NamedTuple):
    """An HTTP answer that leads elsewhere, to be followed by whoever runs conversations."""

    code: int
    location: str
    """As it came, read as latin-1: not safe to show."""


class Search(NamedTuple):
    """A search that a conversation must not make itself: it may take long, and the loop waits for conversations."""

    pattern: str
    text: bytes


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The conclusion of one conversation.

    `detail` and `banner` are safe text already (`model.safetext`): a handshake never lets raw bytes out.
    """

    failure: Failure | None
    detail: str
    """One line for a person: what was seen, in the protocol's own words where they help."""
    banner: str = ""
    """What the peer said of itself: greeting, server header, version; empty when it said nothing."""
    rest: Rest | None = None
    """How long to leave the server alone, where the interval alone would not be polite."""
    left: Leads | Search | None = None
    """What remains to be done before this success is one."""
    page: str = ""
    """HTTP: what a failed answer showed beside its status (`model.page`), for whoever looks for the cause."""
