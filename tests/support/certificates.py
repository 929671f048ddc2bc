"""A small certificate authority for tests: chains in every state, made once per process."""

import atexit
import datetime as dt
import functools
import ipaddress
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
NAME = "mx.example.test"


@dataclass(frozen=True)
class Issued:
    """A certificate with its key and the certificates a server sends after it."""

    key: Key
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    def pem(self) -> bytes:
        """Certificate and chain."""
        return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in (self.certificate, *self.chain))

    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


def issue(
    name: str,
    issuer: Issued | None = None,
    *,
    names: tuple[str, ...] | None = None,
    ca: bool = False,
    from_days: float = -10,
    to_days: float = 90,
    chain: tuple[Issued, ...] = (),
    fetch_url: str = "",
    rsa_bits: int = 0,
) -> Issued:
    """Make a certificate, valid from and to so many days from now; without an issuer it signs itself."""
    key: Key = rsa.generate_private_key(65537, rsa_bits) if rsa_bits else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=from_days))
        .not_valid_after(now + dt.timedelta(days=to_days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    listed = (() if ca else (name,)) if names is None else names
    if listed:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(each) for each in listed]), critical=False
        )
    if fetch_url:
        place = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(fetch_url)
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Issued(key, certificate, tuple(each.certificate for each in chain))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class TestAuthority:
    """A root, an intermediate, and leaves in every state; each is made at first use."""

    __test__ = False

    @functools.cached_property
    def root(self) -> Issued:
        return issue("Test Root", ca=True, from_days=-1000, to_days=3000)

    @functools.cached_property
    def intermediate(self) -> Issued:
        return issue("Test Intermediate", self.root, ca=True, from_days=-500, to_days=1000)

    @functools.cached_property
    def ca_file(self) -> str:
        """The root as a PEM file, for `TlsSetup.ca_file`."""
        with tempfile.NamedTemporaryFile(prefix="uptime-tui-ca-", suffix=".pem", delete=False) as file:
            file.write(self.root.pem())
        atexit.register(Path(file.name).unlink, missing_ok=True)
        return file.name

    @functools.cache  # noqa: B019 - one authority per process
    def leaf(self, state: str) -> Issued:  # noqa: PLR0911 - a table of states
        """A leaf for `NAME`: good, expired, not_yet, wrong_name, expired_wrong_name, expiring, self_signed, …"""
        middle = self.intermediate
        sent = (middle,)
        match state:
            case "good":
                return issue(NAME, middle, names=(NAME, "*.wild.test", "192.0.2.7"), chain=sent)
            case "rsa":
                return issue(NAME, middle, chain=sent, rsa_bits=2048)
            case "expired":
                return issue(NAME, middle, from_days=-90, to_days=-3, chain=sent)
            case "not_yet":
                return issue(NAME, middle, from_days=2, chain=sent)
            case "wrong_name":
                return issue("other.test", middle, chain=sent)
            case "expired_wrong_name":
                return issue("other.test", middle, from_days=-90, to_days=-3, chain=sent)
            case "expiring":
                return issue(NAME, middle, from_days=-60, to_days=12, chain=sent)
            case "expiring_critical":
                return issue(NAME, middle, from_days=-60, to_days=5, chain=sent)
            case "short_lived":  # a quarter of six days is left
                return issue(NAME, middle, from_days=-4.5, to_days=1.5, chain=sent)
            case "self_signed":
                return issue(NAME)
            case "installers":
                return issue("SSL_Self_Signed_Fallback")
            case "self_signed_expired":
                return issue(NAME, from_days=-90, to_days=-3)
            case "missing_intermediate":
                return issue(NAME, middle, fetch_url="http://ca.example.test/i.crt")
            case "untrusted":
                other = issue("Other Root", ca=True)
                return issue(NAME, other)
            case "untrusted_root_sent":
                other = issue("Other Root", ca=True)
                return issue(NAME, other, chain=(other,))
            case "expired_intermediate":
                old = issue("Old Intermediate", self.root, ca=True, from_days=-500, to_days=-1)
                return issue(NAME, old, chain=(old,))
            case "no_names":
                return issue(NAME, middle, names=(), chain=sent)
            case "weak_key":
                return issue(NAME, middle, chain=sent, rsa_bits=1024)
            case "no_authority":
                false = issue("False CA", self.root, ca=False, names=())
                return issue(NAME, false, chain=(false,))
            case "other_intermediate":  # renewed by another authority, whose certificate was not installed
                old = issue("Old Intermediate", self.root, ca=True)
                return issue(NAME, middle, fetch_url="http://ca.example.test/i.crt", chain=(old,))
            case "ending_soon":
                return issue(NAME, middle, from_days=-0.9, to_days=0.1, chain=sent)
            case "stray_expired":  # a good path, and an expired certificate sent along
                stray = issue("Stray", self.root, ca=True, from_days=-500, to_days=-1)
                return issue(NAME, middle, chain=(middle, stray))
            case _:
                raise ValueError(state)


authority = TestAuthority()


def write_pem(issued: Issued, folder: Path) -> tuple[Path, Path]:
    """Files for `load_cert_chain`: certificate with chain, and key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(issued.pem())
    key.write_bytes(issued.key_pem())
    return certificate, key
