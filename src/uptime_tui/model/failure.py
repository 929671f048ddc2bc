"""The fixed list of failure codes, each with its phase, side and the status it leads to.

Source of the list: the command line contract (docs/reference). A newer code stands at its end, because the journal
keeps codes by their place. Deterministic classes need one probe to be confirmed: the next try cannot come out
otherwise until somebody changes something.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Phase(StrEnum):
    """How far a probe got; in the order in which they happen."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    PROTOCOL = "protocol"
    CONTENT = "content"


class Side(StrEnum):
    """Whose fault it is."""

    THEIRS = "theirs"
    OURS = "ours"


class Status(StrEnum):
    """What is said of a monitor."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"
    PAUSED = "paused"
    PENDING = "pending"


class Failure(StrEnum):
    """Why a probe failed."""

    DNS_NXDOMAIN = "dns_nxdomain"
    DNS_NO_ADDRESS = "dns_no_address"
    DNS_SERVFAIL = "dns_servfail"
    DNS_BOGUS = "dns_bogus"
    DNS_TIMEOUT = "dns_timeout"
    DNS_REFUSED = "dns_refused"
    DNS_INCONSISTENT = "dns_inconsistent"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    HOST_UNREACHABLE = "host_unreachable"
    NET_UNREACHABLE = "net_unreachable"
    PROHIBITED = "prohibited"
    TLS_EXPIRED = "tls_expired"
    TLS_NOT_YET_VALID = "tls_not_yet_valid"
    TLS_NAME_MISMATCH = "tls_name_mismatch"
    TLS_SELF_SIGNED = "tls_self_signed"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_EXPIRING = "tls_expiring"
    TLS_NOT_TLS = "tls_not_tls"
    TLS_HANDSHAKE = "tls_handshake"
    STARTTLS_MISSING = "starttls_missing"
    STARTTLS_INJECTION = "starttls_injection"
    NO_GREETING = "no_greeting"
    CLOSED_EARLY = "closed_early"
    WRONG_SERVICE = "wrong_service"
    BAD_PROTOCOL = "bad_protocol"
    BUSY = "busy"
    REFUSED_SERVICE = "refused_service"
    WATCHER_BLOCKED = "watcher_blocked"
    HTTP_STATUS = "http_status"
    KEYWORD_MISSING = "keyword_missing"
    KEYWORD_PRESENT = "keyword_present"
    JSON_INVALID = "json_invalid"
    JSON_MISMATCH = "json_mismatch"
    REDIRECT = "redirect"
    TOO_SLOW = "too_slow"
    BODY_TOO_LARGE = "body_too_large"
    INTERMITTENT = "intermittent"
    PARTIAL = "partial"
    PACKET_LOSS = "packet_loss"
    NO_DESCRIPTORS = "no_descriptors"
    NO_SOURCE_PORTS = "no_source_ports"
    WATCHER_OFFLINE = "watcher_offline"
    VANTAGE_DOWN = "vantage_down"
    VANTAGE_POLICY = "vantage_policy"
    EXPOSED = "exposed"


class FailureFacts(NamedTuple):
    """What the code alone already decides."""

    phase: Phase | None
    """Where it happens; None for what is seen only across probes or on our side."""
    side: Side
    status: Status
    deterministic: bool
    """One probe confirms it."""
    title: str
    """A few words for a row."""


def _facts(
    phase: Phase | None, title: str, *, status: Status = Status.DOWN, deterministic: bool = False
) -> FailureFacts:
    side = Side.OURS if status is Status.UNKNOWN else Side.THEIRS
    return FailureFacts(phase, side, status, deterministic, title)


_D, _C, _T, _P, _B = Phase.DNS, Phase.CONNECT, Phase.TLS, Phase.PROTOCOL, Phase.CONTENT
_WARN: Final = Status.DEGRADED
_OURS: Final = Status.UNKNOWN

FACTS: Final[dict[Failure, FailureFacts]] = {
    Failure.DNS_NXDOMAIN: _facts(_D, "name does not exist", deterministic=True),
    Failure.DNS_NO_ADDRESS: _facts(_D, "name has no address", deterministic=True),
    Failure.DNS_SERVFAIL: _facts(_D, "name server failure"),
    Failure.DNS_BOGUS: _facts(_D, "DNSSEC bogus", deterministic=True),
    Failure.DNS_TIMEOUT: _facts(_D, "DNS timeout"),
    Failure.DNS_REFUSED: _facts(_D, "DNS query refused"),
    Failure.DNS_INCONSISTENT: _facts(_D, "name servers disagree", status=_WARN),
    Failure.REFUSED: _facts(_C, "connection refused"),
    Failure.TIMEOUT: _facts(_C, "timeout"),
    Failure.HOST_UNREACHABLE: _facts(_C, "host unreachable"),
    Failure.NET_UNREACHABLE: _facts(_C, "network unreachable"),
    Failure.PROHIBITED: _facts(_C, "administratively prohibited"),
    Failure.TLS_EXPIRED: _facts(_T, "certificate expired", deterministic=True),
    Failure.TLS_NOT_YET_VALID: _facts(_T, "certificate not yet valid", deterministic=True),
    Failure.TLS_NAME_MISMATCH: _facts(_T, "certificate for another name", deterministic=True),
    Failure.TLS_SELF_SIGNED: _facts(_T, "self-signed certificate", deterministic=True),
    Failure.TLS_UNTRUSTED: _facts(_T, "issuer not trusted", deterministic=True),
    Failure.TLS_EXPIRING: _facts(_T, "certificate expires soon", status=_WARN, deterministic=True),
    Failure.TLS_NOT_TLS: _facts(_T, "port does not speak TLS", deterministic=True),
    Failure.TLS_HANDSHAKE: _facts(_T, "TLS handshake failed"),
    Failure.STARTTLS_MISSING: _facts(_T, "no STARTTLS", status=_WARN, deterministic=True),
    Failure.STARTTLS_INJECTION: _facts(_T, "bytes before STARTTLS", deterministic=True),
    Failure.NO_GREETING: _facts(_P, "connected, no greeting"),
    Failure.CLOSED_EARLY: _facts(_P, "closed early"),
    Failure.WRONG_SERVICE: _facts(_P, "another service answers", deterministic=True),
    Failure.BAD_PROTOCOL: _facts(_P, "answer makes no sense"),
    Failure.BUSY: _facts(_P, "busy", status=_WARN),
    Failure.REFUSED_SERVICE: _facts(_P, "service refused"),
    Failure.WATCHER_BLOCKED: _facts(_P, "this watcher is blocked", status=_WARN, deterministic=True),
    Failure.HTTP_STATUS: _facts(_B, "HTTP status"),
    Failure.KEYWORD_MISSING: _facts(_B, "keyword missing"),
    Failure.KEYWORD_PRESENT: _facts(_B, "forbidden keyword present"),
    Failure.JSON_INVALID: _facts(_B, "invalid JSON"),
    Failure.JSON_MISMATCH: _facts(_B, "JSON value differs"),
    Failure.REDIRECT: _facts(_B, "unexpected redirect"),
    Failure.TOO_SLOW: _facts(_B, "too slow", status=_WARN),
    Failure.BODY_TOO_LARGE: _facts(_B, "body too large"),
    Failure.INTERMITTENT: _facts(None, "intermittent", status=_WARN),
    Failure.PARTIAL: _facts(None, "some addresses or vantages fail", status=_WARN),
    Failure.PACKET_LOSS: _facts(None, "packet loss", status=_WARN),
    Failure.NO_DESCRIPTORS: _facts(None, "out of file descriptors here", status=_OURS),
    Failure.NO_SOURCE_PORTS: _facts(None, "out of source ports here", status=_OURS),
    Failure.WATCHER_OFFLINE: _facts(None, "this machine is offline", status=_OURS),
    Failure.VANTAGE_DOWN: _facts(None, "vantage down", status=_OURS),
    Failure.VANTAGE_POLICY: _facts(None, "not probed", status=_OURS),
    Failure.EXPOSED: _facts(_B, "open, and should be closed"),
}
