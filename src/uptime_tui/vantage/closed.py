"""A port that must not answer (`expect = "closed"`): what a connection, or its failure, means then. Pure.

Refused, filtered or prohibited on the way is what is wanted, and so is unreachable where somebody says so. What this
machine could not even try is never called closed.
"""

from typing import Final

import msgspec

from uptime_tui.model.failure import FACTS, Failure, Phase, Side
from uptime_tui.model.result import Evidence, Result

CLOSED: Final = "closed"
"""Evidence: the machine itself has refused."""
SILENCE: Final = "silence"
"""Evidence: closed, but the machine has not said so; a cable that is out looks the same (`engine.selfcheck`)."""
VERDICTS: Final = frozenset({CLOSED, SILENCE})
_HEARD: Final = frozenset({Failure.REFUSED, Failure.TIMEOUT})
"""Failures that need nobody else's word; for the others somebody must have said so."""
_WORDS: Final = {
    Failure.REFUSED: "refused, as wanted",
    Failure.TIMEOUT: "no answer, as wanted",
    Failure.PROHIBITED: "prohibited, as wanted",
    Failure.HOST_UNREACHABLE: "unreachable, as wanted",
    Failure.NET_UNREACHABLE: "unreachable, as wanted",
}


def judge_closed(result: Result) -> Result:
    """The result of a conversation with a port that must not answer.

    A DNS failure stays what it is: a name that leads nowhere proves nothing about a port.
    """
    if result.phase is Phase.DNS or (result.failure is not None and FACTS[result.failure].side is Side.OURS):
        return result
    if result.phase is not Phase.CONNECT:
        return _exposed(result)
    assert result.failure is not None, "a phase is only where something failed"
    if result.side is Side.OURS or not _is_told(result):
        detail = f"nothing can be said of the port from here: {result.detail}"
        return msgspec.structs.replace(result, failure=Failure.VANTAGE_POLICY, phase=None, detail=detail, severity=None)
    words = _WORDS[result.failure]
    told = result.failure is Failure.REFUSED
    verdict = Evidence(CLOSED if told else SILENCE, Phase.CONNECT, ok=True, text=words)
    wanted = tuple(_turned(each) for each in result.facts)
    timings = result.timings if told else msgspec.structs.replace(result.timings, total=None)  # that is our patience
    return msgspec.structs.replace(
        result, failure=None, phase=None, detail=f"{words}: {result.detail}", evidence=(verdict, *wanted),
        timings=timings,
    )  # fmt: skip


def _is_told(result: Result) -> bool:
    """Whether the connection left this machine and came to nothing elsewhere (`vantage.findings` names evidence)."""
    seen = {each.id for each in result.evidence}
    if "own_firewall" in seen:
        return result.address in {"127.0.0.1", "::1"}  # then the rule is the target's own
    return result.failure in _HEARD or any(each.startswith("icmp_") or each == "neighbour_silent" for each in seen)


def _exposed(result: Result) -> Result:
    what = f"port {result.port} is open and should be closed"
    spoken = result.failure is not None or result.timings.protocol is not None
    detail = f"{what}: {result.detail}" if spoken else f"{what}: {result.address} accepts connections"
    wrong = Evidence("exposed", Phase.CONTENT, ok=False, text=what)
    unwanted = tuple(_turned(each) if each.id == "tcp_connect" else each for each in result.facts)
    return msgspec.structs.replace(
        result, failure=Failure.EXPOSED, phase=Phase.CONTENT, severity=None, detail=detail,
        evidence=(*unwanted, wrong),
    )  # fmt: skip


def _turned(seen: Evidence) -> Evidence:
    """What speaks against an open port speaks for a closed one, and the other way round."""
    if seen.phase is not Phase.CONNECT or seen.ok is None:
        return seen
    return msgspec.structs.replace(seen, ok=not seen.ok)
