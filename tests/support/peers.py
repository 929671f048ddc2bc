"""Peers in memory for conversations: a TLS server over bytes, and a scripted one that says and expects bytes."""

import functools
import ssl
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from support.certificates import NAME, Issued, authority, write_pem
from uptime_tui.dial.drive import Driver, Ending
from uptime_tui.dial.tls import TlsSetup


def setup(**changes) -> TlsSetup:
    """A setup that trusts the test authority."""
    values = {
        "server_name": NAME,
        "verify": True,
        "warn_days": 21,
        "wall_s": time.time(),
        "implicit": True,
        "ca_file": authority.ca_file,
    }
    return TlsSetup(**(values | changes))


@functools.cache
def server_context(issued: Issued, **options) -> ssl.SSLContext:
    """A server's context; `maximum` and `minimum` versions, `client_ca` for one that wants a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # it may have a key that only old machines take
        context.load_cert_chain(*write_pem(issued, Path(folder)))
    if "maximum" in options:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions, on purpose
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = options["maximum"]
    if options.get("client_ca"):
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class TlsPeer:
    """The server's end of TLS, in memory."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.done = self.ended = False
        self.alert = ""

    def feed(self, data: bytes) -> bytes:
        """Ciphertext in; plaintext out."""
        self.incoming.write(data)
        plain = b""
        try:
            if not self.done:
                self.tls.do_handshake()
                self.done = True
            while chunk := self.tls.read(65536):
                plain += chunk
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.alert = error.reason or str(error)
        return plain

    def say(self, data: bytes) -> None:
        self.tls.write(data)

    def flush(self) -> bytes:
        return self.outgoing.read()


def converse(
    driver: Driver,
    answer: Callable[[bytes], bytes | None],
    *,
    tls: ssl.SSLContext | None = None,
    greeting: bytes = b"",
    chunk: int = 0,
    starttls: bytes = b"",
) -> Ending:
    """Run a driver against a peer until it is over.

    Args:
        driver: a fresh one.
        answer: plaintext request to plaintext answer; None closes the connection.
        tls: the peer speaks TLS with this context, from the start or after `starttls` was answered.
        greeting: what the peer says first.
        chunk: bytes per delivery; 0 delivers all at once.
        starttls: the request after whose answer TLS begins.
    """
    now = 100.0
    peer = None if tls is None or starttls else TlsPeer(tls)
    to_client = b"" if peer else greeting
    greeted = peer is None
    from_client = driver.start(now)
    for _ in range(10_000):
        if driver.over:
            break
        plain = from_client if peer is None else peer.feed(from_client)
        from_client = b""
        if peer is not None and peer.done and not greeted:
            greeted = True
            if greeting:
                peer.say(greeting)
        if plain:
            said = answer(plain)
            if said is None:
                driver.close(now)
                continue
            if peer is None:
                to_client += said
            else:
                peer.say(said)
            if starttls and plain == starttls and tls is not None:
                peer = TlsPeer(tls)
        if peer is not None:
            to_client += peer.flush()
        now += 0.001
        if to_client:
            part, to_client = (to_client[:chunk], to_client[chunk:]) if chunk else (to_client, b"")
            from_client = driver.feed(part, now)
        else:
            driver.expire(now + 10)
    assert driver.ending is not None
    return driver.ending
