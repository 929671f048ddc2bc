"""How far a probe got on our own line: which results are silences, and who proves that it still carries. Pure."""

from enum import IntEnum
from typing import Final

from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import WENT_SILENT, Result
from uptime_tui.vantage.closed import SILENCE


class Reach(IntEnum):
    """What came back, by the size of the packets that it takes: a line may carry small ones and lose large ones."""

    NOTHING = 0
    CONNECTED = 1
    SPOKE = 2
    """A few words, a greeting."""
    READ = 3
    """A content."""
    SECURED = 4
    """A chain of certificates: the largest packets there are."""


SILENT: Final = frozenset(
    {
        Failure.TIMEOUT, Failure.HOST_UNREACHABLE, Failure.NET_UNREACHABLE, Failure.PROHIBITED, Failure.DNS_TIMEOUT,
        Failure.DNS_SERVFAIL, Failure.DNS_REFUSED, Failure.PARTIAL,
    }
)  # fmt: skip
"""What a dead line looks like: nothing, or what a router or a resolver before it says. `partial`: of the addresses that
were not tried this time only the past is known."""
_IN_TALK: Final = frozenset({Failure.NO_GREETING, Failure.TLS_HANDSHAKE})
"""What it looks like when it dies after the connection: these only where nothing came any more."""
_STUCK: Final = {
    Phase.PROTOCOL: (Reach.CONNECTED, Reach.SPOKE),
    Phase.TLS: (Reach.CONNECTED, Reach.SECURED),
    Phase.CONTENT: (Reach.SPOKE, Reach.READ),
}
"""Of a conversation that went silent: how far it got, and how far it did not."""


def is_silent(result: Result) -> bool:
    """Whether our own line might have made it so."""
    return result.failure in SILENT or (result.failure in _IN_TALK and _went_silent(result))


def wanting(result: Result) -> Reach:
    """Of a silence: what somebody else must have reached to show that our line is well."""
    phase = result.phase
    return _STUCK[phase][1] if phase in _STUCK and _went_silent(result) else Reach.CONNECTED


def reach(result: Result) -> Reach:
    """How far the probe got. What a resolver says proves no line: it may remember."""
    phase = result.phase
    if is_silent(result):
        return _STUCK[phase][0] if phase in _STUCK and _went_silent(result) else Reach.NOTHING
    if phase is Phase.DNS or any(seen.id == SILENCE for seen in result.evidence):
        return Reach.NOTHING
    timings, failure = result.timings, result.failure
    if result.certificate is not None or (timings.tls is not None and failure is None):
        return Reach.SECURED
    if timings.content is not None:
        return Reach.READ
    return Reach.CONNECTED if timings.protocol is None else Reach.SPOKE


def _went_silent(result: Result) -> bool:
    return any(seen.id == WENT_SILENT for seen in result.evidence)
