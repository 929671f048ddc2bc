"""SFTP behind a login with a key: session, `realpath(".")`, goodbye. The only file that knows asyncssh.

Nothing of this user's SSH set-up is used but `known_hosts`: no configuration, agent, other key or password. The
server is heard out before a byte is sent, so that what is not SSH is never spoken to.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import asyncssh

from uptime_tui.dial.drive import Driver
from uptime_tui.dial.ending import Ending, closed, evidence, seconds
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.secret import Secret
from uptime_tui.vantage.findings import our_fault

KNOWN_HOSTS: Final = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")
GOODBYE_S: Final = 1.0
"""How long a goodbye may take, as for every other conversation."""
_SETTLE_S: Final = 0.02
"""How long a closed connection may take to let its socket go: a turn of the loop or two, and nobody is waited for."""
_PEEK_BYTES: Final = 4096
_KNOWN_BYTES: Final = 4_194_304
_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE})
_TURNED_AWAY: Final = {
    asyncssh.DISC_TOO_MANY_CONNECTIONS: Failure.BUSY,
    asyncssh.DISC_HOST_NOT_ALLOWED_TO_CONNECT: Failure.WATCHER_BLOCKED,
}

asyncssh.set_log_level("ERROR")  # each login would be lines in the engine's log


class Unfit(Exception):  # noqa: N818 - a state of this machine, told to the user
    """The key or `known_hosts` cannot be used; the message is one line and holds nothing of the key."""


class Call(NamedTuple):
    """Who is called, by whom."""

    host: str
    """As the monitor names it, which is what `known_hosts` is asked for."""
    port: int
    user: str
    key: asyncssh.SSHKey


def read_key(secret: Secret) -> asyncssh.SSHKey:
    """The private key.

    Raises:
        Unfit: it is none, or has a passphrase.
    """
    try:
        return asyncssh.import_private_key(secret.reveal())
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        if "passphrase" not in str(error).lower() and "encrypt" not in str(error).lower():
            raise Unfit("what the reference of the key leads to is no private key that can be read") from None
        todo = "make one without for this monitor alone (ssh-keygen -t ed25519 -N '')"
        raise Unfit(f"the key has a passphrase, which nobody is there to type: {todo}") from None


class Known(NamedTuple):
    """What `known_hosts` says of a host."""

    keys: Sequence[asyncssh.SSHKey] = ()
    authorities: Sequence[asyncssh.SSHKey] = ()
    revoked: Sequence[asyncssh.SSHKey] = ()


def known(host: str, port: int) -> Known:
    """Look a host up by name and port, as ssh(1) does; its address is not asked for.

    Raises:
        Unfit: a file is there and cannot be read.
        OSError: no descriptor is left.
    """
    found = [_matches(Path(name).expanduser(), host, port) for name in KNOWN_HOSTS]
    return Known(*([key for each in found for key in each[part]] for part in range(3)))


def _matches(path: Path, host: str, port: int) -> Known:
    try:
        with path.open("rb") as file:
            text = file.read(_KNOWN_BYTES).decode("utf-8", "replace")
        names = asyncssh.import_known_hosts(text)
        return Known(*names.match(host, "", None if port == asyncssh.DEFAULT_PORT else port)[:3])
    except FileNotFoundError:
        return Known()
    except OSError as error:
        if error.errno in _NO_DESCRIPTORS:
            raise
        raise Unfit(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from None
    except ValueError as error:
        raise Unfit(f"{path} cannot be read: {safe_text(str(error), 100)}") from None


class Visit(asyncssh.SSHClient):
    """One visit: what the server has shown, and how far we are."""

    def __init__(self, call: Call, known_keys: Known) -> None:
        self.call = call
        self.known = known_keys
        self.stage = "key exchange"
        self.shown: asyncssh.SSHKey | None = None
        self.words = ""
        self.connection: asyncssh.SSHClientConnection | None = None
        self.sftp: asyncssh.SFTPClient | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        """Asked for a key that is not among the known ones."""
        self.shown = key
        return False

    def auth_banner_received(self, msg: str, lang: str) -> None:  # noqa: ARG002
        """What the server tells whoever logs in."""
        self.words = safe_text(msg, 120)

    def begin_auth(self, username: str) -> None:  # noqa: ARG002
        """The host key is accepted."""
        self.stage = "login"

    async def session(self, sock: socket.socket) -> Outcome:
        """Log in and ask where we are. Raises what asyncssh raises."""
        call, trusted = self.call, self.known
        self.connection = connection = await asyncssh.connect(
            call.host, call.port, sock=sock, config=None, client_factory=lambda: self, host_key_alias=call.host,
            known_hosts=lambda *_: (trusted.keys, trusted.authorities, trusted.revoked, [], [], [], []),
            username=call.user, client_keys=[call.key], agent_path=None, password=None, preferred_auth=("publickey",),
            x509_trusted_certs=None, client_version="uptime_tui", login_timeout=0, compression_algs=None,
        )  # fmt: skip
        self.stage = "SFTP session"
        self.sftp = sftp = await connection.start_sftp_client()
        place = await sftp.realpath(b".")
        return Outcome(None, f"SFTP works as {safe_text(call.user, 64)}, in {safe_text(place)}")

    async def leave(self, deadline_s: float) -> None:
        """Say goodbye, until the deadline at most; whoever does not answer is left without."""
        if self.connection is None:
            return
        until_s = min(asyncio.get_running_loop().time() + GOODBYE_S, deadline_s)
        with suppress(TimeoutError, OSError, asyncssh.Error):
            async with asyncio.timeout_at(until_s):
                if self.sftp is not None:
                    self.sftp.exit()
                    await self.sftp.wait_closed()
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_S):
                self.connection.close()
                await self.connection.wait_closed()

    # --- what went wrong ------------------------------------------------------------

    def judge(self, error: Exception) -> Outcome:
        """The outcome for what was raised."""
        if isinstance(error, OSError):
            return self.broken(error)
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            return self.stranger(error)
        if isinstance(error, asyncssh.SFTPError):
            return _sftp_fault(error)
        if isinstance(error, asyncssh.ConnectionLost):
            return Outcome(Failure.CLOSED_EARLY, f"{closed(reset=False)} during the {self.stage}")
        if isinstance(error, asyncssh.Error):
            return self.ended(error, safe_text(error.reason, 160))
        if isinstance(error, ValueError):  # asyncssh lets some of what its decoders raise through as it is
            said = safe_text(str(error), 160)
            return Outcome(Failure.BAD_PROTOCOL, f"{self.stage} failed: a malformed message: {said}")
        return Outcome(Failure.VANTAGE_POLICY, our_fault(error))

    def ended(self, error: asyncssh.Error, said: str) -> Outcome:
        """One side has ended it with a reason."""
        match error:
            case asyncssh.KeyExchangeFailed() if self.known.keys and "host key" in said:
                return self.changed("offers no host key of a kind that is known")
            case asyncssh.KeyExchangeFailed():
                failure, what = Failure.REFUSED_SERVICE, "no key exchange in common"
            case asyncssh.ChannelOpenError():
                failure, what = Failure.REFUSED_SERVICE, "logged in, but no SFTP is to be had"
            case _ if isinstance(error, asyncssh.PermissionDenied) or "authentication failures" in said:
                failure, what = Failure.REFUSED_SERVICE, f"{safe_text(self.call.user, 64)} is not let in with this key"
                said = f"{said}; the server says: {self.words}" if self.words else said
            case _ if error.code in _TURNED_AWAY:
                failure, what = _TURNED_AWAY[error.code], f"ends the connection (reason {error.code})"
            case _:
                failure, what = Failure.BAD_PROTOCOL, f"{self.stage} failed"
        return Outcome(failure, f"{what}: {said}")

    def broken(self, error: OSError) -> Outcome:
        """The connection failed under us."""
        if error.errno in _NO_DESCRIPTORS:
            return Outcome(Failure.NO_DESCRIPTORS, f"{os.strerror(error.errno or 0)} on this machine")
        if error.errno == errno.ETIMEDOUT:
            return Outcome(Failure.TIMEOUT, f"connection lost during the {self.stage}: nothing is acknowledged")
        return Outcome(Failure.CLOSED_EARLY, f"{closed(reset=True)} during the {self.stage}")

    def stranger(self, error: asyncssh.HostKeyNotVerifiable) -> Outcome:
        """Its host key is not among the known ones."""
        if self.shown is None:
            return self.changed(f"shows a host key that is not accepted ({safe_text(error.reason, 120)})")
        shown = f"{self.shown.get_algorithm()} {self.shown.get_fingerprint()}"
        if self.known.keys:
            return self.changed(f"shows another host key than the known one: {shown}")
        add = f"ssh-keyscan -p {self.call.port} {self.call.host} >> ~/.ssh/known_hosts"
        todo = f"compare it with the server's own (ssh-keygen -lf), then {add}"
        what = f"its host key is not in {' or '.join(KNOWN_HOSTS)}, so no login was tried: {shown}; {todo}"
        return Outcome(Failure.VANTAGE_POLICY, what)

    def changed(self, what: str) -> Outcome:
        """Whoever answers cannot show that it is the host that is known."""
        place = self.call.host if self.call.port == asyncssh.DEFAULT_PORT else f"[{self.call.host}]:{self.call.port}"
        todo = f"no login was tried. Set up anew? Then ssh-keygen -R '{place}' and add its new key; else it is another"
        return Outcome(Failure.WRONG_SERVICE, f"{what}; {todo}")


def _sftp_fault(error: asyncssh.SFTPError) -> Outcome:
    said = safe_text(error.reason, 160)
    if isinstance(error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection):
        return Outcome(Failure.CLOSED_EARLY, f"logged in, but the SFTP session ended without an answer: {said}")
    if isinstance(error, asyncssh.SFTPBadMessage):
        return Outcome(Failure.BAD_PROTOCOL, f"logged in, but what answers is no SFTP: {said}")
    return Outcome(Failure.REFUSED_SERVICE, f"logged in, but SFTP refuses to say where it is: {said}")


async def visit(sock: socket.socket, call: Call, driver: Driver, deadline_s: float) -> Ending:
    """One visit on a connection that stands; the socket is closed afterwards, whatever happens.

    Args:
        sock: connected, non-blocking; ours from now on.
        call: whom to be to whom.
        driver: a fresh one of the SSH handshake, which judges the first words.
        deadline_s: on the loop's clock.
    """
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    try:
        banner = await _hear(sock, driver, deadline_s)
        ending = driver.ending
        if ending is not None and ending.outcome.failure is not None:
            return ending  # with its key exchange in the first words a server may have satisfied the driver: not us
        outcome, decided_s = await _log_in(sock, call, deadline_s, began_s)
    finally:
        sock.close()
    found = Outcome(outcome.failure, outcome.detail, banner)
    phase = None if found.failure is None else Phase.PROTOCOL
    seen = evidence(None, found, phase, found.detail)
    return Ending(found, phase, None, None, (decided_s - began_s) * 1000, None, seen)


async def _log_in(sock: socket.socket, call: Call, deadline_s: float, began_s: float) -> tuple[Outcome, float]:
    """The outcome, and when it was decided."""
    loop = asyncio.get_running_loop()
    guest: Visit | None = None
    try:
        async with asyncio.timeout_at(deadline_s):
            # in a thread: a home folder may lie on a network that hangs
            guest = Visit(call, await asyncio.to_thread(known, call.host, call.port))
            outcome = await guest.session(sock)
    except TimeoutError:
        stage = "session" if guest is None else guest.stage
        outcome = Outcome(Failure.TIMEOUT, f"connected, {stage} not finished in {seconds(loop.time() - began_s)}")
    except Unfit as unfit:
        outcome = Outcome(Failure.VANTAGE_POLICY, str(unfit))
    except Exception as error:  # noqa: BLE001 - whatever asyncssh raises over a server's bytes is a finding or a bug
        outcome = (guest or Visit(call, Known())).judge(error)
    decided_s = loop.time()
    if guest is not None:
        await guest.leave(deadline_s)
    return outcome, decided_s


async def _hear(sock: socket.socket, driver: Driver, deadline_s: float) -> str:
    """Let the driver judge the first words without taking them from the socket; the identification."""
    loop = asyncio.get_running_loop()
    driver.start(loop.time())
    heard = b""
    while driver.ending is None:
        due_s = min(driver.greeting_due_s or deadline_s, deadline_s)
        try:
            async with asyncio.timeout_at(due_s):
                more = await _peek(sock, len(heard))
        except TimeoutError:
            driver.expire(loop.time())
        except OSError:
            driver.close(loop.time(), reset=True)
        else:
            heard += more
            if not more:
                driver.close(loop.time())
            elif driver.feed(more, loop.time()):
                break  # it wants to answer: this is SSH
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
    return safe_text(next((line for line in heard.split(b"\n") if line.startswith(b"SSH-")), b""))


def _wake(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


async def _peek(sock: socket.socket, have: int) -> bytes:
    """What has arrived after the first `have` bytes; nothing at the end, or where that is too much already."""
    loop = asyncio.get_running_loop()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, have + 1)  # what is left unread must not wake us again
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sock.fileno(), _wake, readable)
    try:
        await readable
    finally:
        loop.remove_reader(sock.fileno())
    return sock.recv(_PEEK_BYTES, socket.MSG_PEEK)[have:]
