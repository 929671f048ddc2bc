"""The lab's own certificate authority: leaves in every state, made when they are first needed, kept in memory."""

import datetime as dt
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

GOOD: Final = "up"

VALIDITY: Final[dict[str, tuple[int, int]]] = {
    GOOD: (-30, 60),
    "expired": (-93, -3),
    "expired_wrong_name": (-93, -3),
    "not_yet_valid": (2, 92),
    "expiring": (-78, 12),
    "expiring_critical": (-86, 4),
    "renewed": (-1, 89),
}
"""Days from now that a leaf is valid; every other state is valid as `up` is."""
STATES: Final = frozenset(
    {*VALIDITY, "wrong_name", "self_signed", "untrusted", "missing_intermediate", "private", "other_issuer"} - {GOOD},
)
"""What can be wrong with a certificate, or only different."""
PRIVATE: Final = "Hosting Example Internal CA"
ELSEWHERE: Final = "old-cluster.hosting.example"
"""The name that a certificate for another name carries."""


@dataclass(frozen=True)
class Issued:
    """A certificate and its key (of the cryptography library), and what is sent after it."""

    certificate: Any
    key: Any
    chain: tuple["Issued", ...] = ()

    def pem(self) -> bytes:
        """The certificate alone."""
        from cryptography.hazmat.primitives.serialization import Encoding

        return bytes(self.certificate.public_bytes(Encoding.PEM))


@dataclass
class Authority:
    """A root that the demo's configuration trusts, an intermediate, and a root that nobody trusts."""

    now: dt.datetime
    """Certificates are valid around this moment (UTC)."""
    _made: dict[str, Issued] = field(default_factory=dict)
    _contexts: dict[tuple[str, str], ssl.SSLContext] = field(default_factory=dict)

    def ca_pem(self) -> bytes:
        """The trusted root, for `[tls] ca_file`."""
        return self._root("Hosting Example Root CA").pem()

    def private_pem(self) -> bytes:
        """The root of the state `private`, which only monitors with a `tls_ca_file` of their own trust."""
        return self._root(PRIVATE).pem()

    def context(self, host: str, state: str) -> ssl.SSLContext:
        """A server's context with a leaf for that host in that state (`up` for a good one)."""
        key = (host, state)
        context = self._contexts.get(key)
        if context is None:
            context = self._contexts[key] = _server_context(self._leaf(host, state))
        return context

    def _root(self, name: str) -> Issued:
        if name not in self._made:
            self._made[name] = _issue(self.now, name, None, (-1000, 2000))
        return self._made[name]

    def _intermediate(self, name: str = "Hosting Example Issuing CA") -> Issued:
        if name not in self._made:
            self._made[name] = _issue(self.now, name, self._root("Hosting Example Root CA"), (-500, 1000))
        return self._made[name]

    def _leaf(self, host: str, state: str) -> Issued:
        days = VALIDITY.get(state, VALIDITY[GOOD])
        name = ELSEWHERE if state.endswith("wrong_name") else host
        if state == "self_signed":
            return _issue(self.now, name, None, days, host=name)
        if state == "untrusted":
            stranger = self._root("Stranger Root CA")
            return _issue(self.now, name, stranger, days, host=name, chain=(stranger,))
        if state == "private":
            return _issue(self.now, name, self._root(PRIVATE), days, host=name)
        issuer = self._intermediate("Another Issuing CA") if state == "other_issuer" else self._intermediate()
        chain = () if state == "missing_intermediate" else (issuer,)
        return _issue(self.now, name, issuer, days, host=name, chain=chain)


def _issue(
    now: dt.datetime,
    name: str,
    issuer: Issued | None,
    days: tuple[int, int],
    *,
    host: str = "",
    chain: tuple[Issued, ...] = (),
) -> Issued:
    """A leaf for `host`, or without one a CA; without an issuer it signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=days[0]))
        .not_valid_after(now + dt.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=not host, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(ca=not host), critical=True)
    )
    if host:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    if host and issuer is not None and issuer.certificate.issuer != issuer.certificate.subject:
        # below a root there is no intermediate to fetch
        place = x509.UniformResourceIdentifier("http://ca.hosting.example/issuing.crt")
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return Issued(builder.sign(signer, hashes.SHA256()), key, chain)


def _usage(*, ca: bool) -> Any:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _server_context(leaf: Issued) -> ssl.SSLContext:
    """The ssl module reads certificates from files only: two that exist for this moment, in a folder of our own."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="uptime-tui-lab-") as folder:
        certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        certificate.write_bytes(leaf.pem() + b"".join(each.pem() for each in leaf.chain))
        key.write_bytes(leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        context.load_cert_chain(certificate, key)
    return context
