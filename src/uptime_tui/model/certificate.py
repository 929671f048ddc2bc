"""Certificate facts, and the one rule that names their problems: all of them at once.

OpenSSL judges trust (`trust_error`); names (RFC 9525 §6) and times are judged here from the facts, so that an
expired certificate for another name says both.
"""

import ipaddress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from uptime_tui.model.failure import Failure

DAY_S: Final = 86400
OBSOLETE: Final = frozenset({"SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1"})
NO_SUBJECT: Final = "(empty)"
SHORT_LIFE_S: Final = 30 * DAY_S
"""A certificate that lives less long is renewed by machine: it is judged by the share of its life that is left."""


class TrustError(StrEnum):
    """What OpenSSL said of the chain once times were left out (its verify codes)."""

    NONE = ""
    SELF_SIGNED = "self_signed"  # 18: the leaf signs itself
    UNTRUSTED_ROOT = "untrusted_root"  # 19: the sent chain ends in a root that is not trusted here
    NO_ISSUER = "no_issuer"  # 20, 21: issuer not found: private CA, or a missing intermediate
    OTHER = "other"


class Window(msgspec.Struct, frozen=True):
    """One further certificate of the chain: whose it is, and its validity in Unix seconds."""

    subject: str
    not_before: int
    not_after: int
    issuer: str = ""
    sha256: str = ""
    """As of `Certificate`; empty in what older versions have kept."""
    key_id: str = ""


class Lifetime(Protocol):
    """Anything with a validity in Unix seconds."""

    @property
    def not_before(self) -> int:
        """Its begin."""

    @property
    def not_after(self) -> int:
        """Its end."""


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
    chain: tuple[Window, ...] = ()
    """What the server sent after the leaf, in its order."""
    missing_intermediate: bool = False
    """The issuer was not sent, and the leaf says where to fetch it."""
    unfit: str = ""
    """Why the chain is refused where it is no matter of trust (a weak key, a purpose, a constraint); else empty."""
    protocol: str = ""
    """`TLSv1.3` and the like; empty when the handshake did not finish."""
    cipher: str = ""
    key: str = ""
    """`RSA 2048`, `EC P-256`, `Ed25519`."""
    key_id: str = ""
    """Tells one public key from another: hex of the first half of the SHA-256 of its SubjectPublicKeyInfo."""
    pinned: bool | None = None
    """Whether it is one of the certificates that the monitor asks for; None: it asks for none."""

    @property
    def chain_length(self) -> int:
        """Certificates that were sent."""
        return 1 + len(self.chain)

    @property
    def is_obsolete(self) -> bool:
        """Whether the TLS version is one that nobody should speak any more (RFC 8996)."""
        return self.protocol in OBSOLETE

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
    sent: tuple[Window, ...] = (),
) -> tuple[Failure, ...]:
    """Every problem, worst first; empty when a client would accept it and it lives long enough.

    A certificate that was asked for by its fingerprint needs neither issuer nor name: it is the one.

    Args:
        certificate: facts of the leaf, `pinned` among them.
        trust: OpenSSL's word on the chain, times left out.
        name: DNS name or IP literal the client asked for; names are matched by RFC 9525 (a wildcard is the whole
            left-most label; the common name does not count).
        now_s: Unix time.
        warn_days: `tls_expiring` below this many days; below a third of its life for a certificate that lives
            less than 30 days.
        sent: validity windows of the other certificates of the chain: an expired intermediate counts as well.
    """
    problems: list[Failure] = []
    windows = (_window(certificate), *sent)
    expired = any(window.not_after < now_s for window in windows)
    if expired:
        problems.append(Failure.TLS_EXPIRED)
    if any(window.not_before > now_s for window in windows):
        problems.append(Failure.TLS_NOT_YET_VALID)
    if certificate.pinned is None:
        if not covers(certificate.names, name):
            problems.append(Failure.TLS_NAME_MISMATCH)
        if trust is TrustError.SELF_SIGNED:
            problems.append(Failure.TLS_SELF_SIGNED)
        elif trust is not TrustError.NONE:
            problems.append(Failure.TLS_UNTRUSTED)
    elif not certificate.pinned:
        problems.append(Failure.TLS_UNTRUSTED)
    if not expired and certificate.not_after - now_s < _allowance_s(certificate, warn_days, 3):
        problems.append(Failure.TLS_EXPIRING)
    return tuple(problems)


def is_critical(certificate: Lifetime, *, now_s: float, critical_days: int) -> bool:
    """Whether so little is left that expiry is no warning any more: by days, or a sixth of a short life."""
    return certificate.not_after - now_s < _allowance_s(certificate, critical_days, 6)


def covers(names: tuple[str, ...], name: str) -> bool:
    """Whether a certificate with these names is one for `name` (RFC 9525 §6.3, §6.4; IP addresses §6.2)."""
    if is_address(name):
        wanted = ipaddress.ip_address(name.partition("%")[0])  # no certificate knows our interfaces
        return any(is_address(each) and ipaddress.ip_address(each) == wanted for each in names)
    host = name.lower().rstrip(".")
    label, _, parent = host.partition(".")
    # as OpenSSL and browsers do it, a wildcard never stands directly below a top-level domain
    wildcard = f"*.{parent}" if label and "." in parent else ""
    return any(each.lower().rstrip(".") in {host, wildcard} for each in names)


def is_address(name: str) -> bool:
    """Whether the text is an IPv4 or IPv6 literal (without brackets)."""
    if ":" not in name and not name[-1:].isdigit():
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def explain(
    problem: Failure, certificate: Certificate, *, name: str, now_s: float, sent: tuple[Window, ...] = ()
) -> str:
    """One problem as a person says it, with the fact that shows it.

    Args:
        problem: one of `judge`'s.
        certificate: facts of the leaf.
        name: as given to `judge`.
        now_s: as given to `judge`.
        sent: as given to `judge`.
    """
    windows = (_window(certificate), *sent)
    match problem:
        case Failure.TLS_EXPIRED:
            late = min(windows, key=lambda window: window.not_after)
            which = "certificate" if late == windows[0] else f"certificate of the chain, {late.subject},"
            return f"{which} expired {_span(now_s - late.not_after)} ago, on {_moment(late.not_after, now_s)}"
        case Failure.TLS_NOT_YET_VALID:
            early = max(windows, key=lambda window: window.not_before)
            span = _span(early.not_before - now_s)
            return f"certificate is not valid before {_moment(early.not_before, now_s)}, in {span}"
        case Failure.TLS_NAME_MISMATCH:
            return _misnamed(certificate, name)
        case Failure.TLS_SELF_SIGNED:
            return f"self-signed certificate ({certificate.subject})"
        case Failure.TLS_UNTRUSTED:
            return _distrusted(certificate)
        case _:
            end = certificate.not_after
            return f"certificate expires in {_span(end - now_s)}, on {_moment(end, now_s)}"


def _misnamed(certificate: Certificate, name: str) -> str:
    if certificate.names or certificate.subject == NO_SUBJECT:
        return f"certificate is for {_names(certificate.names)}, not for {name}"
    what = f"its subject ({certificate.subject}) does not count"
    return f"certificate is not for {name}: it has no subject alternative name, and {what}"


def _distrusted(certificate: Certificate) -> str:
    if certificate.pinned is False:
        return f"another certificate than the pinned one: its fingerprint is {certificate.sha256}"
    if certificate.unfit:
        return certificate.unfit
    if certificate.missing_intermediate:
        other = f", but {certificate.chain[0].subject}" if certificate.chain else ""
        return f"the server does not send its intermediate certificate ({certificate.issuer}{other})"
    return f"issuer is not trusted here: {certificate.issuer}"


def _window(certificate: Certificate) -> Window:
    return Window(certificate.subject, certificate.not_before, certificate.not_after)


def _allowance_s(certificate: Lifetime, days: int, part: int) -> float:
    """Seconds that must be left: so many days, or that part of a life that is itself no longer than a month."""
    life = certificate.not_after - certificate.not_before
    return life / part if life < SHORT_LIFE_S else days * DAY_S


def _span(seconds: float) -> str:
    """Minutes below two hours, hours below two days: an hour more or less is what counts then."""
    for below_s, unit_s, unit in ((2 * 3600, 60, "minute"), (2 * DAY_S, 3600, "hour")):
        if seconds < below_s:
            count = max(0, int(seconds // unit_s))
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{int(seconds // DAY_S)} days"


def _moment(seconds: int, now_s: float) -> str:
    """The day, and the time of day where it is less than two days away."""
    near = abs(seconds - now_s) < 2 * DAY_S
    return date_text(seconds) + (datetime.fromtimestamp(seconds, UTC).strftime(" %H:%M UTC") if near else "")


def date_text(seconds: int) -> str:
    """`2026-12-31`, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _names(names: tuple[str, ...]) -> str:
    if not names:
        return "no name at all"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
