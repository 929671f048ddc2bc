"""Certificate facts, and the one rule that names their problems: all of them at once.

OpenSSL judges trust (`trust_error`); names (RFC 9525 §6) and times are judged here from the facts, so that an
expired certificate for another name says both.
"""

from enum import StrEnum
from typing import Final

import msgspec

from uptime_tui.model.failure import Failure

DAY_S: Final = 86400


class TrustError(StrEnum):
    """What OpenSSL said of the chain once times were left out (its verify codes)."""

    NONE = ""
    SELF_SIGNED = "self_signed"  # 18: the leaf signs itself
    UNTRUSTED_ROOT = "untrusted_root"  # 19: the sent chain ends in a root that is not trusted here
    NO_ISSUER = "no_issuer"  # 20, 21: issuer not found: private CA, or a missing intermediate
    OTHER = "other"


class Certificate(msgspec.Struct, frozen=True):
    """What the leaf certificate says, and what is wrong with it for this monitor.

    Times are Unix seconds. `names` holds DNS names and IP addresses of the subject alternative name.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: int
    not_after: int
    sha256: str
    """Lowercase hex of the DER certificate's SHA-256."""
    problems: tuple[Failure, ...] = ()
    """Every problem, worst first; the probe's failure is the first one."""
    chain_length: int = 1
    missing_intermediate: bool = False
    """The issuer was not sent, and the leaf says where to fetch it."""
    protocol: str = ""
    """`TLSv1.3` and the like; empty when the handshake did not finish."""
    cipher: str = ""
    key: str = ""
    """`RSA 2048`, `EC P-256`, `Ed25519`."""

    def days_left(self, now_s: float) -> float:
        """Days until expiry, negative once expired."""
        return (self.not_after - now_s) / DAY_S


def judge(
    certificate: Certificate,
    *,
    trust: TrustError,
    name: str,
    now_s: float,
    warn_days: int,
    sent: tuple["Window", ...] = (),
) -> tuple[Failure, ...]:
    """Every problem, worst first; empty when a client would accept it and it lives long enough.

    Args:
        certificate: facts of the leaf.
        trust: OpenSSL's word on the chain, times left out.
        name: DNS name or IP literal the client asked for; names are matched by RFC 9525 (a wildcard is the whole
            left-most label; the common name does not count).
        now_s: Unix time.
        warn_days: `tls_expiring` below this many days; below a third of its life for a certificate that lives
            less than 30 days.
        sent: validity windows of the other certificates of the chain: an expired intermediate counts as well.
    """
    raise NotImplementedError


class Window(msgspec.Struct, frozen=True):
    """Validity of one certificate of the chain, Unix seconds."""

    subject: str
    not_before: int
    not_after: int
