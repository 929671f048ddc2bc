"""TLS through memory BIOs: one handshake that tells every problem of the certificate at once.

OpenSSL judges the chain with names left out. It stops at its first complaint, and it looks for trust before it
looks at times: a complaint about trust leaves times and names to our own rule (`model.certificate.judge`), a
complaint about a time means that the chain leads to a trust anchor. The chain stays readable after a refusal, and the
refusal is remembered (`dial.refusal`).
"""

import ssl
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from uptime_tui.dial.chain import judge_trust, lacks_intermediate, read_certificate, read_window
from uptime_tui.dial.refusal import Peer, digest, forget, recall, remember
from uptime_tui.dial.tds import NotTds, TdsFraming
from uptime_tui.dial.trust import context_for, stamp
from uptime_tui.dial.unfit import unfit
from uptime_tui.model.certificate import Certificate, TrustError, Window, explain, is_address, judge
from uptime_tui.model.failure import Failure
from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import safe_text

READ_BYTES: Final = 65536
_DER: Final = 2  # _ssl.ENCODING_DER
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_TRUST: Final = {
    0: TrustError.NONE,
    _NOT_YET_VALID: TrustError.NONE,
    _EXPIRED: TrustError.NONE,
    18: TrustError.SELF_SIGNED,
    19: TrustError.UNTRUSTED_ROOT,
    20: TrustError.NO_ISSUER,
    21: TrustError.NO_ISSUER,
}
_OLDER: Final = {"1.0": "SSL 3", "1.1": "TLS 1.0", "1.2": "TLS 1.1", "1.3": "TLS 1.2"}
_WHY: Final = {
    "WRONG_VERSION_NUMBER": "the peer does not speak TLS",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server refuses TLS {least} and newer",
    "UNSUPPORTED_PROTOCOL": "the server speaks nothing newer than {older}",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server found no common cipher, or wants a client certificate",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server wants a client certificate",
    "TLSV1_UNRECOGNIZED_NAME": "the server knows no such name (SNI)",
    "TLSV1_ALERT_INTERNAL_ERROR": "the server reports an internal error",
    "DH_KEY_TOO_SMALL": "the server's Diffie-Hellman key is too small",
}

_PLACE: Final = pattern(r"^\[[^]]*\] | \(_ssl\.c:\d+\)$")
"""Where in its source Python found the fault: no help to anybody."""


class TlsSetup(msgspec.Struct, frozen=True, gc=False):
    """How TLS is to be spoken in one conversation."""

    server_name: str
    """The name the certificate must carry, and the SNI unless it is an IP literal (RFC 6066 §3)."""
    verify: bool
    """False: the certificate is shown but not judged."""
    warn_days: int
    """`tls_expiring` below this many days."""
    wall_s: float
    """Unix time at which validity is judged."""
    implicit: bool
    """TLS from the first byte; False: only when the handshake asks for it."""
    ca_file: str | None = None
    """More trust anchors (PEM) beside the system's."""
    only_ca_file: bool = False
    """They are the only ones: the system's do not count."""
    tolerate: frozenset[Failure] = frozenset()
    """Certificate problems that do not stop the conversation; they are reported if it succeeds."""
    peer: str = ""
    """Address and port whose refused chain is remembered; empty remembers nothing."""
    pins: tuple[str, ...] = ()
    """SHA-256 of the certificates of which one is wanted, lowercase hex: issuer and name do not count then."""
    least: str = "1.2"
    """Oldest TLS version that is spoken: `1.0` to `1.3`."""


class TlsFault(Exception):  # noqa: N818 - the peer's fault, carried to the driver, never an error of ours
    """TLS cannot go on; `failure` and `detail` say why."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What is said of the certificate."""

    certificate: Certificate | None
    failure: Failure | None
    """The worst problem."""
    detail: str
    """All problems in words, worst first; empty without any."""
    stops: bool
    """No command may follow."""


class TlsLayer:
    """One TLS client over bytes. The caller carries them; nothing here reads a socket."""

    __slots__ = (
        "_context", "_framing", "_incoming", "_object", "_outgoing", "_peer", "_refusal", "_setup", "done",
        "judgement", "usable",
    )  # fmt: skip

    def __init__(self, setup: TlsSetup, framing: Literal["", "tds"] = "") -> None:
        """Prepare.

        Args:
            setup: how TLS is to be spoken.
            framing: what carries the handshake's records; TDS 7 knows nothing newer than TLS 1.2.
        """
        self._setup = setup
        self._framing = TdsFraming() if framing else None
        verify = setup.verify and not setup.tolerate and not setup.pins
        anchors = (setup.ca_file, setup.only_ca_file, stamp(setup.ca_file))
        self._peer = Peer(setup.peer, setup.server_name, anchors) if verify and setup.peer else None
        self._refusal = None if self._peer is None else recall(self._peer, setup.wall_s)
        self._context = context_for(
            verify=verify and self._refusal is None,
            ca_file=setup.ca_file,
            alone=setup.only_ca_file,
            least=setup.least,
            old=self._framing is not None,
        )
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        name = setup.server_name
        self._object = self._context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=None if is_address(name) else name.rstrip(".")
        )
        self.done = False
        self.usable = False
        """Whether bytes can be sent through it: the handshake was finished by both sides."""
        self.judgement = Judgement(None, None, "", stops=False)

    @property
    def framed(self) -> bool:
        """Whether the bytes that arrive are packets around TLS."""
        return self._framing is not None

    def handshake(self, data: bytes) -> None:
        """Go on with the handshake; `done` and `judgement` are set at its end, with a refused certificate as well.

        Raises:
            TlsFault: there will be no TLS with this peer.
        """
        if data:
            self._incoming.write(self._unwrap(data))
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLCertVerificationError as refusal:
            self.judgement = self._judge(refusal.verify_code, refusal.verify_message)
        except ssl.SSLError as fault:
            raise _fault(fault, self._setup.least) from None
        else:
            self.usable = True
            self.judgement = self._judge(0, "")
        self.done = True

    def write(self, data: bytes) -> None:
        """Encrypt; the bytes to send come from `outgoing`."""
        try:
            self._object.write(data)
        except ssl.SSLError as fault:
            raise _fault(fault, self._setup.least) from None

    def read(self, data: bytes) -> tuple[bytes, bool]:
        """Decrypt what arrived: plaintext, and whether the peer has closed its side.

        Raises:
            TlsFault: the peer broke TLS off.
        """
        if data:
            self._incoming.write(data)
        chunks: list[bytes] = []
        try:
            # asked only while something is there: "nothing yet" is an exception, which costs more than the bytes
            while self._incoming.pending or self._object.pending():
                chunk = self._object.read(READ_BYTES)
                if not chunk:
                    return b"".join(chunks), True
                chunks.append(chunk)
            return b"".join(chunks), False
        except ssl.SSLWantReadError:
            return b"".join(chunks), False
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b"".join(chunks), True
        except ssl.SSLError as fault:
            if not chunks:
                raise _fault(fault, self._setup.least) from None
        return b"".join(chunks), True

    def outgoing(self) -> bytes:
        """What is to be sent now."""
        data = self._outgoing.read() if self._outgoing.pending else b""
        return data if self._framing is None or self.usable else self._framing.wrap(data)

    def say_goodbye(self) -> None:
        """Queue the close_notify (RFC 8446 §6.1), so that the server sees an end and not a cut."""
        try:
            self._object.unwrap()
        except (ssl.SSLError, ValueError):
            return  # it waits for the peer's close_notify, which nobody reads any more

    def _unwrap(self, data: bytes) -> bytes:
        if self._framing is None:
            return data
        try:
            return self._framing.unwrap(data)
        except NotTds:
            said = safe_text(data[:40])
            raise TlsFault(Failure.TLS_HANDSHAKE, f"'{said}' instead of the TLS handshake in TDS") from None

    def _judge(self, code: int, message: str) -> Judgement:
        setup = self._setup
        sent = _chain(self._object, "get_unverified_chain")
        leaf = read_certificate(sent[0]) if sent else None
        if leaf is None:
            return _unreadable(code, message)
        cipher = self._object.cipher()
        leaf = msgspec.structs.replace(
            leaf,
            chain=_windows(sent),
            pinned=leaf.sha256 in setup.pins if setup.pins else None,
            protocol=self._object.version() or (cipher[1] if cipher else ""),
            cipher=cipher[0] if cipher else "",
        )
        if not setup.verify:
            return self._unjudged(leaf)
        said = self._said(code, message, sent)
        trust, windows = self._trust(said[0], sent)
        if trust is TrustError.NO_ISSUER and lacks_intermediate(sent):
            leaf = msgspec.structs.replace(leaf, missing_intermediate=True)
        elif trust is TrustError.OTHER:
            leaf = msgspec.structs.replace(leaf, unfit=unfit(*said, key=leaf.key))
        name, now_s = setup.server_name, setup.wall_s
        seen = judge(leaf, trust=trust, name=name, now_s=now_s, warn_days=setup.warn_days, sent=windows)
        problems = _with_code(seen, code)
        excused = {Failure.TLS_EXPIRING} if leaf.pinned is False else {Failure.TLS_EXPIRING, *setup.tolerate}
        if Failure.TLS_SELF_SIGNED in problems and Failure.TLS_SELF_SIGNED in excused:
            # an installer made it, for any name: where a certificate may sign itself, its name is no news
            excused.add(Failure.TLS_NAME_MISMATCH)
            problems = tuple(sorted(problems, key=lambda problem: problem is Failure.TLS_NAME_MISMATCH))
        stops = not excused.issuperset(problems)
        self._learn(sent, code, message, lasting=stops and problems == seen)
        if not problems:
            return Judgement(leaf, None, "", stops=False)
        leaf = msgspec.structs.replace(leaf, problems=problems)
        words = [explain(problem, leaf, name=name, now_s=now_s, sent=windows) for problem in problems]
        return Judgement(leaf, problems[0], "; ".join(words), stops)

    def _unjudged(self, leaf: Certificate) -> Judgement:
        """Nothing is held against it, but that it is another one than was asked for."""
        if leaf.pinned is not False:
            return Judgement(leaf, None, "", stops=False)
        problem = Failure.TLS_UNTRUSTED
        leaf = msgspec.structs.replace(leaf, problems=(problem,))
        words = explain(problem, leaf, name=self._setup.server_name, now_s=self._setup.wall_s)
        return Judgement(leaf, problem, words, stops=True)

    def _learn(self, sent: Sequence[bytes], code: int, message: str, *, lasting: bool) -> None:
        """Remember a refusal whose reason we see ourselves; forget one that does not hold any more."""
        if self._peer is None:
            return
        if code:
            if lasting:
                remember(self._peer, sent, code, message, self._setup.wall_s)
        elif self._refusal is not None and not (lasting and self._refusal.chain == digest(sent)):
            forget(self._peer)

    def _said(self, code: int, message: str, sent: Sequence[bytes]) -> tuple[int, str]:
        """OpenSSL's word on this chain: now, or when it refused it before."""
        refusal = self._refusal
        return (refusal.code, refusal.message) if refusal and refusal.chain == digest(sent) else (code, message)

    def _trust(self, code: int, sent: Sequence[bytes]) -> tuple[TrustError, tuple[Window, ...]]:
        """OpenSSL's word on trust, and the windows that count beside the leaf's own."""
        refusal = self._refusal
        known = refusal is not None and refusal.chain == digest(sent)
        if not known and (refusal is not None or self._setup.tolerate or self._setup.pins):
            built = _chain(self._object, "get_verified_chain") or sent
            return judge_trust(sent, built, lambda: set(self._context.get_ca_certs(binary_form=True))), _windows(built)
        trust = _TRUST.get(code, TrustError.OTHER)
        if code in {_EXPIRED, _NOT_YET_VALID}:
            return trust, _windows(_chain(self._object, "get_verified_chain"))
        # verified: OpenSSL found a path on which every time is good, whatever else the server sent along
        return trust, () if code == 0 else _windows(sent)


def _windows(chain: Sequence[bytes]) -> tuple[Window, ...]:
    return tuple(window for der in chain[1:] if (window := read_window(der)) is not None)


def _with_code(problems: tuple[Failure, ...], code: int) -> tuple[Failure, ...]:
    """The problems with what OpenSSL refused and our own clock did not see."""
    refused = {_EXPIRED: Failure.TLS_EXPIRED, _NOT_YET_VALID: Failure.TLS_NOT_YET_VALID}.get(code)
    if refused is None or refused in problems:
        return problems
    return refused, *(problem for problem in problems if problem is not Failure.TLS_EXPIRING)


def _unreadable(code: int, message: str) -> Judgement:
    """The judgement when there is no certificate to read: OpenSSL's word alone."""
    if code == 0:
        return Judgement(None, Failure.TLS_UNTRUSTED, "the server's certificate cannot be read", stops=True)
    failure = {
        _EXPIRED: Failure.TLS_EXPIRED,
        _NOT_YET_VALID: Failure.TLS_NOT_YET_VALID,
        18: Failure.TLS_SELF_SIGNED,
    }.get(code, Failure.TLS_UNTRUSTED)
    return Judgement(None, failure, safe_text(message), stops=True)


def _chain(tls: ssl.SSLObject, method: str) -> list[bytes]:
    """A chain as DER. Public from Python 3.13 on; before, the inner object has it, which answers after a refusal."""
    inner: Any = getattr(tls, "_sslobj", None)
    read = getattr(inner, method, None) or getattr(tls, method, None)
    if read is None:
        leaf = tls.getpeercert(binary_form=True)
        return [leaf] if leaf else []
    chain: list[Any] = read() or []
    return [each if isinstance(each, bytes) else each.public_bytes(_DER) for each in chain]


def _fault(fault: ssl.SSLError, least: str) -> TlsFault:
    reason = fault.reason or ""
    said = reason.replace("_", " ").lower() or _PLACE.sub("", str(fault.args[-1]) if fault.args else "")
    known = _WHY.get(reason, "").format(least=least, older=_OLDER[least])
    words = known or safe_text(f"TLS handshake failed: {said or 'no reason given'}")
    failure = Failure.TLS_NOT_TLS if reason == "WRONG_VERSION_NUMBER" else Failure.TLS_HANDSHAKE
    return TlsFault(failure, words)
