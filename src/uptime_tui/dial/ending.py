"""How a conversation ended, as facts and sentences."""

from typing import NamedTuple

from uptime_tui.dial.tls import TlsLayer
from uptime_tui.model.certificate import Certificate
from uptime_tui.model.failure import Phase
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.result import WENT_SILENT, Evidence
from uptime_tui.model.safetext import safe_text


class Ending(NamedTuple):
    """How a conversation ended. Times are milliseconds."""

    outcome: Outcome
    phase: Phase | None
    """Where it failed; None on success."""
    certificate: Certificate | None
    tls_ms: float | None
    protocol_ms: float | None
    """From connected (or TLS done) to the decision; the time of a STARTTLS is not in it."""
    content_ms: float | None
    """The share of `protocol_ms` after the mark of the content."""
    evidence: tuple[Evidence, ...]


def evidence(tls: TlsLayer | None, outcome: Outcome, phase: Phase | None, protocol: str) -> tuple[Evidence, ...]:
    """What the conversation has shown, in the order in which it was seen.

    Args:
        tls: the TLS layer, where there was one.
        outcome: how it ended.
        phase: where it failed; None on success.
        protocol: what the protocol itself concluded; differs from the outcome when a tolerated certificate
            problem is what is reported.
    """
    found: list[Evidence] = []
    if tls is not None:
        _add_tls(found, tls, outcome)
    if outcome.banner:
        found.append(Evidence("greeting", Phase.PROTOCOL, None, outcome.banner))
    if phase is Phase.CONTENT or phase is Phase.PROTOCOL:
        found.append(
            Evidence("content" if phase is Phase.CONTENT else "protocol", phase, ok=False, text=outcome.detail)
        )
        if outcome.page:
            found.append(Evidence("page", Phase.CONTENT, None, outcome.page))
    elif phase is None or protocol != outcome.detail:
        found.append(Evidence("protocol", Phase.PROTOCOL, ok=True, text=protocol))
    return tuple(found)


def _add_tls(found: list[Evidence], tls: TlsLayer, outcome: Outcome) -> None:
    if not tls.done:
        found.append(Evidence("tls_session", Phase.TLS, ok=False, text=outcome.detail))
        return
    certificate, detail = tls.judgement.certificate, tls.judgement.detail
    if certificate is None:
        found.append(Evidence("tls_certificate", Phase.TLS, ok=False, text=detail))
        return
    old = ", an obsolete version (RFC 8996)" if certificate.is_obsolete else ""
    session = f"{certificate.protocol}{old}, {certificate.cipher}, {certificate.key}"
    found.append(Evidence("tls_session", Phase.TLS, ok=not old, text=session))
    text = detail or f"{certificate.subject}, issued by {certificate.issuer}"
    found.append(Evidence("tls_certificate", Phase.TLS, ok=tls.judgement.failure is None, text=text))


def went_silent(ending: Ending | None) -> Ending | None:
    """The same, with the fact that it ended because nothing came any more: our own line may have died meanwhile."""
    if ending is None:
        return None
    fact = Evidence(WENT_SILENT, ending.phase or Phase.PROTOCOL, None, "connected, and then nothing came any more")
    return ending._replace(evidence=(*ending.evidence, fact))


def closed(*, reset: bool) -> str:
    """How the peer ended it."""
    return "connection reset by the peer" if reset else "closed by the peer"


def injected(data: bytes) -> str:
    """The sentence for bytes that must not be there."""
    return f"plaintext after the STARTTLS reply: '{safe_text(first_line(data), 80)}'"


def first_line(data: bytes) -> bytes:
    """Of the first bytes, for showing."""
    return data[:256].split(b"\n", 1)[0]


def seconds(seconds: float) -> str:
    """`0.4 s`, `12 s`."""
    return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
