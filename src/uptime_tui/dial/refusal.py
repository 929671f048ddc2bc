"""What OpenSSL has refused, remembered per peer, so that the next probe of it need not break off in the handshake.

A client that verifies answers a bad certificate with an alert, and mail servers write a warning about each. Once
the verdict on a chain is known, the same chain needs no second refusal: the handshake is finished without
verifying, the verdict is reused, and the probe takes its leave. Another chain is never judged by this memory.
"""

import hashlib
from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

REMEMBERED: Final = 4096
LIFE_S: Final = 6 * 3600.0
"""After this OpenSSL is asked again: the trust store of this machine may have changed."""


class Peer(NamedTuple):
    """Whose refusal it is."""

    address: str
    server_name: str
    anchors: Hashable
    """Which trust anchors refused it: others may not."""


class Refusal(NamedTuple):
    """OpenSSL's word on one chain."""

    chain: bytes
    code: int
    message: str
    until_s: float
    """Unix time."""


_refusals: dict[Peer, Refusal] = {}


def recall(peer: Peer, now_s: float) -> Refusal | None:
    """The refusal of this peer that still counts."""
    found = _refusals.get(peer)
    if found is None or not 0 <= found.until_s - now_s <= LIFE_S:
        return None
    return found


def remember(peer: Peer, chain: Sequence[bytes], code: int, message: str, now_s: float) -> None:
    """Keep a refusal; the oldest one makes room."""
    _refusals.pop(peer, None)
    if len(_refusals) >= REMEMBERED:
        del _refusals[next(iter(_refusals))]
    _refusals[peer] = Refusal(digest(chain), code, message, now_s + LIFE_S)


def forget(peer: Peer) -> None:
    """The peer shows another chain, or nothing is wrong with it any more."""
    _refusals.pop(peer, None)


def digest(chain: Sequence[bytes]) -> bytes:
    """Identifies a chain as it was sent (DER says its own lengths, so that joining loses nothing)."""
    return hashlib.sha256(b"".join(chain)).digest()
