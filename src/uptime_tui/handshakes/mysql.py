"""MySQL and MariaDB: a whole login, because everything less counts against this machine.

The server counts connections that end before a login does (`max_connect_errors`, 100 by default), and then locks
the address out with all its real clients. A login that is refused does not count; one that succeeds takes the count
back to zero. So every conversation goes to the server's verdict on a login, and a conversation that could not is not
repeated within an hour (`Rest`). Packets: MySQL Internals, "Connection Phase"; MariaDB, "Connecting".
"""

import hashlib
import re
from collections.abc import Generator
from typing import Final, NamedTuple

import msgspec

from uptime_tui.handshakes._readers import Inbox, Talk, Unreadable, concluding
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome, Rest
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Conclude, Handshake, Receive, Send, StartTls, Step

SERVER_SPEAKS_FIRST = True
NEEDS_NOISE = True

DEFAULT_USER: Final = "uptime_tui"
"""Whom a probe without an account claims to be; nobody has such an account by chance."""
PACKET_BYTES: Final = 16_384
"""No packet of a login is longer."""
REPLIES: Final = 8
"""Packets a login may take after ours."""

_SSL, _PROTOCOL_41, _SECURE, _PLUGIN_AUTH = 0x800, 0x200, 0x8000, 0x80000
_LONG_PASSWORD: Final = 1
_NATIVE: Final = "mysql_native_password"
_SHA2: Final = "caching_sha2_password"
_REPLY_BYTES: Final = {_NATIVE: 20, _SHA2: 32, "client_ed25519": 64}
"""How long a plugin's answer is: a shorter one counts as a broken connection."""
_CLEAR: Final = frozenset({"mysql_clear_password", "sha256_password", "dialog"})
"""Plugins that take a password as it is: over TLS only."""
_PLUGIN: Final = re.compile(rb"[a-z0-9_]{1,64}")

_LOGIN_REFUSED: Final = frozenset({1045, 1698, 3118, 3162, 4151})
_ANSWERS: Final = _LOGIN_REFUSED | {1049, 1130, 1251, 3159}
"""Errors of a server that is well and does not want us."""
_FULL: Final = frozenset({1040, 1203, 1226})
_BLOCKED: Final = 1129
_SHUTDOWN: Final = 1053
_COUNTS_NOTHING: Final = frozenset({0, 1040, 1053, 1130})
"""Verdicts (0: logged in) after which the next conversation is as harmless as this one was."""

HOUR_S: Final = 3600.0
BAN_S: Final = 160.0
"""fail2ban's `mysqld-auth` bans after 5 refused logins in 10 minutes: so far apart, no 5 of ours come together."""
RARELY: Final = Rest(
    HOUR_S,
    "a MySQL login that is broken off counts as a connection error, and too many lock this machine out: "
    "give it an account",
)
BLOCKED: Final = Rest(
    HOUR_S, "MySQL has locked this machine out: unblock it with FLUSH HOSTS, and give the monitor an account"
)
REFUSED: Final = Rest(
    BAN_S, "each MySQL login that is refused is a line in its log, which fail2ban counts: give it an account"
)


def handshake(ask: Ask) -> Handshake:
    """Greeting, TLS where it is offered, login, COM_QUIT."""
    server = _Server(ask)
    outcome = yield from concluding(server.talk())
    return msgspec.structs.replace(outcome, rest=server.rest(outcome))


def farewell(ask: Ask) -> Handshake:
    """The login without a password, for a server whose certificate was not accepted: less would count."""
    server = _Server(ask)
    server.seq, server.secured = 2, True  # after the greeting and our SSLRequest
    server.password = ""
    outcome = yield from concluding(server.log_in(_NATIVE, b"", _PLUGIN_AUTH))
    return msgspec.structs.replace(outcome, rest=server.rest(outcome))


def caution(ask: Ask) -> Rest | None:
    """The rest after a conversation that ended in its midst; with an account the next login clears the count."""
    return None if ask.user else RARELY


class _Greeting(NamedTuple):
    version: str
    capabilities: int
    salt: bytes
    plugin: str


class _Server:
    """One conversation: what was said so far."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.inbox = Inbox("MySQL")
        self.seq = 0
        """Of the next packet, whoever sends it; the protocol counts them."""
        self.secured = False
        self.password = "" if ask.login is None else ask.login.secret.reveal()
        self.verdict: int | None = None
        """0 for a login, else the number of the server's error; None while there is none."""
        self.broken = False
        """We have left a login unfinished, or answered it shorter than its plugin wants."""
        self.version = ""

    def talk(self) -> Talk:
        payload = yield from self._receive("the greeting")
        if payload[:1] == b"\xff":
            return self._judge_error(payload)
        greeting = _read_greeting(payload)
        if greeting is None:
            return self.inbox.strange(f"'{safe_text(payload[:40])}' is no MySQL greeting")
        self.version = self.inbox.said = greeting.version
        if self.ask.tls == "starttls" and greeting.capabilities & _SSL:
            if self.inbox.pending:
                injected = safe_text(self.inbox.pending, 80)
                return Outcome(Failure.STARTTLS_INJECTION, f"plaintext after the greeting: '{injected}'", self.version)
            yield self._packet(_head(_SSL | greeting.capabilities & _PLUGIN_AUTH))
            yield StartTls()
            self.secured = True
        return (yield from self.log_in(greeting.plugin, greeting.salt, greeting.capabilities))

    def log_in(self, plugin: str, salt: bytes, capabilities: int) -> Talk:
        """HandshakeResponse41 and all that follows."""
        user = self.ask.user or DEFAULT_USER
        flags = capabilities & _PLUGIN_AUTH | (_SSL if self.secured else 0)
        proof = self._proof(plugin, salt)
        named = f"{plugin}\0".encode() if flags & _PLUGIN_AUTH else b""
        yield self._packet(_head(flags) + f"{user}\0".encode() + bytes([len(proof)]) + proof + named)
        for _ in range(REPLIES):
            payload = yield from self._receive("the answer to the login")
            kind = payload[:1]
            if kind == b"\x00":
                return (yield from self._take_leave())
            if kind == b"\xff":
                return self._judge_error(payload)
            if kind == b"\xfe":
                name, _, salt = payload[1:].partition(b"\0")
                plugin, salt = name.decode("latin-1"), salt.removesuffix(b"\0")
            answer = self._answer(kind, plugin, salt, payload)
            if answer is None:
                self.broken = True
                return Outcome(
                    None, f"answers, wants a kind of login that is not spoken: {_shown(plugin)}", self.version
                )
            if answer:
                yield answer
        self.broken = True
        return self.inbox.strange(f"more than {REPLIES} packets in answer to the login")

    def _answer(self, kind: bytes, plugin: str, salt: bytes, payload: bytes) -> Send | tuple[()] | None:
        """What the server gets for an AuthSwitchRequest or AuthMoreData; () is nothing, None is no idea."""
        if kind == b"\x01":
            if payload == b"\x01\x03":  # caching_sha2: known, the OK follows
                return ()
            if payload == b"\x01\x04" and self.secured:  # caching_sha2: wants the password itself
                return self._packet(f"{self.password}\0".encode())
            return None
        if kind != b"\xfe":
            raise Unreadable(self.inbox.strange(f"'{safe_text(payload[:40])}' is no answer to a login"))
        if plugin in _CLEAR:
            return self._packet(f"{self.password}\0".encode()) if self.secured else None
        length = _REPLY_BYTES.get(plugin)
        if length is None:
            return None
        proof = self._proof(plugin, salt)
        if self.ask.user and not self.password and length != 64:
            self.broken = True  # until it is taken: how an account without a password answers counts when there is none
            return self._packet(b"" if plugin == _NATIVE else b"\0")
        return self._packet(proof or self.ask.noise[:length])

    def _proof(self, plugin: str, salt: bytes) -> bytes:
        """The proof that the password is known, for plugins that have one; never before TLS."""
        if not self.password or not self.secured:
            return b""
        if plugin == _NATIVE:
            return _scramble("sha1", self.password, salt, salt_first=True)
        return _scramble("sha256", self.password, salt, salt_first=False) if plugin == _SHA2 else b""

    def _take_leave(self) -> Talk:
        self.verdict = 0
        outcome = Outcome(None, f"logged in as {self.ask.user or DEFAULT_USER}{self._how()}", self.version)
        yield Conclude(outcome)
        yield Send(b"\x01\x00\x00\x00\x01")  # COM_QUIT
        yield Receive()  # its end: the server closes first
        return outcome

    def _judge_error(self, payload: bytes) -> Outcome:
        code = self.verdict = int.from_bytes(payload[1:3], "little")
        text = re.sub(rb"^#.{5}", b"", payload[3:], count=1, flags=re.DOTALL)
        said = f"{code} {safe_text(text)}".rstrip()
        self.inbox.said = self.version = self.version or said
        if code in _LOGIN_REFUSED:
            who = f"login of {self.ask.user} refused" if self.ask.user else "refuses a stranger's login as it should"
            return Outcome(None, f"answers, {who}{self._how()}: {said}", self.version)
        if code in _ANSWERS:
            return Outcome(None, f"answers, and does not let us in{self._how()}: {said}", self.version)
        if code in _FULL:
            return Outcome(Failure.BUSY, f"busy: {said}", self.version)
        if code == _BLOCKED:
            return Outcome(Failure.WATCHER_BLOCKED, f"works, but has locked this machine out: {said}", self.version)
        if code == _SHUTDOWN:
            return Outcome(Failure.REFUSED_SERVICE, f"shutting down: {said}", self.version)
        return Outcome(Failure.REFUSED_SERVICE, f"refuses: {said}", self.version)

    def rest(self, outcome: Outcome) -> Rest | None:
        """How long to leave this server alone after that."""
        if self.verdict == _BLOCKED:
            return BLOCKED
        if self.verdict == 0 or outcome.failure is Failure.WRONG_SERVICE:
            return None
        if self.broken:
            return RARELY
        if self.verdict in _LOGIN_REFUSED:
            return REFUSED
        return None if self.verdict in _COUNTS_NOTHING else caution(self.ask)

    def _how(self) -> str:
        if self.secured or self.ask.tls != "starttls":
            return ""
        kept = ", so the password was not sent" if self.password else ""
        return f" (no TLS is offered{kept})"

    # --- packets ----------------------------------------------------------------------

    def _packet(self, payload: bytes) -> Send:
        data = len(payload).to_bytes(3, "little") + bytes([self.seq]) + payload
        self.seq += 1
        return Send(data)

    def _receive(self, what: str) -> Generator[Step, bytes, bytes]:
        """The next packet's payload.

        Raises:
            Unreadable: the peer has closed, or this is no packet that can come now.
        """
        header = yield from self.inbox.read_exactly(4, what)
        length = int.from_bytes(header[:3], "little")
        if header[3] != self.seq or not 0 < length <= PACKET_BYTES:
            if self.seq == 0:
                raise Unreadable((yield from self.inbox.read_foreign(f"instead of {what}")))
            raise Unreadable(self.inbox.strange(f"packet {header[3]} of {length} bytes instead of {what}"))
        self.seq += 1
        return (yield from self.inbox.read_exactly(length, what))


def _head(flags: int) -> bytes:
    """The fixed part of SSLRequest and HandshakeResponse41: capabilities, largest packet, utf8mb4, filler."""
    capabilities = _LONG_PASSWORD | _PROTOCOL_41 | _SECURE | flags
    return capabilities.to_bytes(4, "little") + (1 << 24).to_bytes(4, "little") + b"\x2d" + bytes(23)


def _read_greeting(payload: bytes) -> _Greeting | None:
    """Protocol 10's greeting; None where it is none."""
    version, end, rest = payload[1:].partition(b"\0")
    if payload[:1] != b"\x0a" or not end or len(rest) < 15:
        return None
    low, high = int.from_bytes(rest[13:15], "little"), int.from_bytes(rest[18:20], "little")
    salt = rest[4:12] + rest[31:43]
    more = max(13, rest[20] - 8) if len(rest) > 20 else 13
    plugin = rest[31 + more :].partition(b"\0")[0]
    # MariaDB calls itself 5.5.5 first, for replicas of its early days
    said = safe_text(version.removeprefix(b"5.5.5-"), 80)
    named = plugin.decode() if _PLUGIN.fullmatch(plugin) else _NATIVE
    return _Greeting(said if "maria" in said.lower() else f"MySQL {said}".rstrip(), high << 16 | low, salt, named)


def _scramble(kind: str, password: str, salt: bytes, *, salt_first: bool) -> bytes:
    """The answer of mysql_native_password (sha1) and caching_sha2_password (sha256)."""
    once = hashlib.new(kind, password.encode()).digest()
    twice = hashlib.new(kind, once).digest()
    mixed = hashlib.new(kind, salt + twice if salt_first else twice + salt).digest()
    return bytes(a ^ b for a, b in zip(once, mixed, strict=True))


def _shown(plugin: str) -> str:
    return safe_text(plugin.encode("latin-1"), 40) or "the one before MySQL 4.1"
