"""Facts of certificates read from DER, remembered by fingerprint; and a judgement of trust for unverified chains."""

import functools
import hashlib
import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from uptime_tui.model.certificate import NO_SUBJECT, Certificate, TrustError, Window
from uptime_tui.model.safetext import safe_text

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

REMEMBERED: Final = 4096
"""Certificates whose facts are kept: about 1.5 KB each."""
MAX_NAMES: Final = 500
"""Public CAs stop at 100 names; what is beyond this cannot be matched."""

_facts: dict[bytes, Certificate] = {}


def read_certificate(der: bytes) -> Certificate | None:
    """Facts of a leaf certificate without any judgement; None when it cannot be parsed."""
    key = hashlib.sha256(der).digest()
    known = _facts.pop(key, None)
    if known is None:
        try:
            known = _parse(der, key.hex())
        except Exception:  # noqa: BLE001 - the peer wrote it: the parser's complaints are of many kinds
            return None
        if len(_facts) >= REMEMBERED:
            del _facts[next(iter(_facts))]
    _facts[key] = known  # newest last: the one in front is the one longest unused
    return known


def read_window(der: bytes) -> Window | None:
    """Whose a certificate of the chain is, and its validity; None when it cannot be parsed."""
    facts = read_certificate(der)
    if facts is None:
        return None
    return _window(facts.subject, facts.not_before, facts.not_after, facts.issuer, facts.sha256, facts.key_id)


@functools.lru_cache(REMEMBERED)
def _window(subject: str, not_before: int, not_after: int, issuer: str, sha256: str, key_id: str) -> Window:
    """One object for each authority, however many servers send it."""
    return Window(subject, not_before, not_after, issuer, sha256, key_id)


def lacks_intermediate(sent: Sequence[bytes]) -> bool:
    """Whether the leaf's issuer is not among what was sent, and the leaf says where to fetch it (RFC 5280 §4.2.2.1).

    A server whose certificate was renewed by another intermediate often goes on sending the old one.

    Args:
        sent: DER certificates as the server sent them, leaf first.
    """
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID

    try:
        leaf = x509.load_der_x509_certificate(sent[0])
        if leaf.issuer in {x509.load_der_x509_certificate(each).subject for each in sent}:
            return False
        access = leaf.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS).value
    except Exception:  # noqa: BLE001 - as above; no extension is one of the reasons
        return False
    assert isinstance(access, x509.AuthorityInformationAccess)
    return any(each.access_method == AuthorityInformationAccessOID.CA_ISSUERS for each in access)


def judge_trust(sent: Sequence[bytes], built: Sequence[bytes], anchors: Callable[[], set[bytes]]) -> TrustError:
    """Whether a chain that OpenSSL built but was not asked to verify leads to a trust anchor.

    For services whose certificate problems are tolerated: there the handshake must go on, so that OpenSSL cannot be
    told to verify. It builds the chain all the same; signatures and CA flags are looked at here.

    Args:
        sent: DER certificates as the server sent them, leaf first.
        built: DER certificates of the chain OpenSSL built from them and the trust store, leaf first.
        anchors: gives the DER certificates of the trust store.
    """
    from cryptography import x509

    try:
        chain = [x509.load_der_x509_certificate(der) for der in built]
        last_sent = x509.load_der_x509_certificate(sent[-1])
    except Exception:  # noqa: BLE001 - as above
        return TrustError.OTHER
    if built[-1] in anchors():
        return TrustError.NONE if _is_signed(chain) else TrustError.OTHER
    if last_sent.issuer != last_sent.subject:
        return TrustError.NO_ISSUER
    return TrustError.SELF_SIGNED if len(sent) == 1 else TrustError.UNTRUSTED_ROOT


def _is_signed(chain: "list[x509.Certificate]") -> bool:
    from cryptography import x509

    for signed, issuer in itertools.pairwise(chain):
        try:
            signed.verify_directly_issued_by(issuer)
            constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        except Exception:  # noqa: BLE001 - wrong signature, key type or no extension: not an issuer either way
            return False
        if not constraints.ca:
            return False
    return True


def _parse(der: bytes, sha256: str) -> Certificate:
    from cryptography import x509

    leaf = x509.load_der_x509_certificate(der)
    return Certificate(
        subject=_name(leaf.subject),
        issuer=_name(leaf.issuer),
        names=_names(leaf),
        not_before=int(leaf.not_valid_before_utc.timestamp()),
        not_after=int(leaf.not_valid_after_utc.timestamp()),
        sha256=sha256,
        key=_key(leaf.public_key()),
        key_id=_key_id(leaf.public_key()),
    )


def _name(name: "x509.Name") -> str:
    """The common name with the organisation where there is one; the whole name where there is neither."""
    from cryptography.x509.oid import NameOID

    found = [
        safe_text(attribute.value, 100)
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for attribute in name.get_attributes_for_oid(oid)[:1]
    ]
    return ", ".join(dict.fromkeys(found)) or safe_text(name.rfc4514_string(), 200) or NO_SUBJECT


def _names(leaf: "x509.Certificate") -> tuple[str, ...]:
    from cryptography import x509

    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    found: list[str] = []
    for general in extension:
        if isinstance(general, x509.DNSName):
            name = safe_text(general.value, 253)
            # an address written as a DNS name matches no address (RFC 9525 §6.2)
            found.append(f"DNS:{name}" if name[-1:].isdigit() or ":" in name else name)
        elif isinstance(general, x509.IPAddress):
            found.append(str(general.value))
        if len(found) == MAX_NAMES:
            break
    return tuple(found)


def _key_id(key: "CertificatePublicKeyTypes") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()[:32]


def _key(key: "CertificatePublicKeyTypes") -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"secp256r1": "EC P-256", "secp384r1": "EC P-384", "secp521r1": "EC P-521"}.get(
            key.curve.name, f"EC {key.curve.name}"
        )
    return type(key).__name__.strip("_").removesuffix("PublicKey")
