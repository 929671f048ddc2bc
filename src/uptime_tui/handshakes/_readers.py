"""What handshakes share: a small inbox, SMTP-shaped replies, STARTTLS, leave-taking, and the sentences for nonsense."""

import re
from collections.abc import Generator
from typing import Final, NamedTuple

from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.peer import name_peer
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Conclude, Handshake, Receive, Send, StartTls, Step

LINE_BYTES: Final = 1024
REPLY_LINES: Final = 100
FIRST_BYTES: Final = 64
_FEWEST_BYTES: Final = 4

TLS_WANTED: Final = re.compile(rb"plain HTTP|HTTP request to an HTTPS|speaking plain", re.IGNORECASE)
"""nginx, Go and Apache say so in the body of a 400, when a port with TLS is asked without."""
_TLS_RECORDS: Final = b"\x15\x16"
"""First bytes of an alert and of a handshake (RFC 8446 §5.1); no text begins with them."""
_START_TLS: Final = StartTls()

Talk = Generator[Step, bytes, Outcome]


class Unreadable(Exception):  # noqa: N818 - a conclusion on its way out of a reader, not an error of ours
    """The peer's bytes decide the outcome before the protocol does."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


def concluding(talk: Talk) -> Handshake:
    """A talk as a handshake: what a reader found unreadable becomes the outcome."""
    try:
        return (yield from talk)
    except Unreadable as found:
        return found.outcome


def take_leave(outcome: Outcome, goodbye: bytes) -> Talk:
    """Conclude, say goodbye, and wait until the server closes: whoever closes first keeps the port in TIME_WAIT.

    What the server says to that changes nothing; the driver bounds the time and the bytes.
    """
    yield Conclude(outcome)
    yield Send(goodbye)
    while (yield Receive()):
        continue
    return outcome


def farewell_after(greeting: Generator[Step, bytes, object], ask: Ask, goodbye: bytes) -> Handshake:
    """Say goodbye in TLS and nothing else: to a server whose certificate was not accepted.

    Args:
        greeting: reads it, where it comes in TLS; after STARTTLS it was there before.
        ask: which of the two.
        goodbye: the protocol's last word.
    """

    def talk() -> Talk:
        if ask.tls == "implicit":
            yield from greeting
        return (yield from take_leave(Outcome(None, "certificate not accepted"), goodbye))

    return concluding(talk())


def begin_tls(inbox: "Inbox", how: StartTls = _START_TLS) -> Generator[Step, bytes, None]:
    """Speak TLS from here on, after the server's go-ahead.

    Raises:
        Unreadable: plaintext came along with the go-ahead (CVE-2011-0411). It is not read, and nobody is told goodbye.
    """
    if inbox.pending:
        injected = safe_text(inbox.pending, 80)
        detail = f"plaintext after the STARTTLS reply: '{injected}'"
        raise Unreadable(Outcome(Failure.STARTTLS_INJECTION, detail, inbox.said))
    yield how


def without_tls(ask: Ask, ready: str, how: str, banner: str) -> Outcome:
    """The outcome where TLS cannot be started in a service that takes passwords.

    Args:
        ask: whether the monitor says that this is all right.
        ready: what the service is ready for, if it is.
        how: the server "does not offer STARTTLS", or what it did instead.
        banner: what the server says of itself.
    """
    if ask.expect.plaintext_ok:
        return Outcome(None, f"{ready}, {how}", banner)
    return Outcome(Failure.STARTTLS_MISSING, f"{how}: passwords would travel unencrypted", banner)


def strange(expected: str, first: bytes, what: str, said: str = "") -> Outcome:
    """The outcome for bytes that are not the expected protocol: the other service by name, where it has one.

    Args:
        expected: the service that should answer, as people write it.
        first: the first bytes of the peer.
        what: the sentence when they are nobody's.
        said: what the peer says of itself, when a line of it was read.
    """
    who = name_peer(first)
    banner = said or safe_text(first.split(b"\n", 1)[0])
    if who and who != expected:
        return Outcome(Failure.WRONG_SERVICE, f"{who} answers here, not {expected}", banner)
    return Outcome(Failure.BAD_PROTOCOL, what, banner)


class Inbox:
    """Bytes received and not read yet; never more than what is being read and what one step brought."""

    __slots__ = ("_data", "expected", "first", "said")

    def __init__(self, expected: str) -> None:
        """Prepare.

        Args:
            expected: the service that should answer, as people write it.
        """
        self._data = bytearray()
        self.expected = expected
        self.first = b""
        """The first bytes of all, for naming the peer."""
        self.said = ""
        """The first line as safe text: what the peer says of itself."""

    @property
    def pending(self) -> bytes:
        """What has arrived and was not read."""
        return bytes(self._data)

    def read_line(self, what: str, limit: int = LINE_BYTES) -> Generator[Step, bytes, bytes]:
        """One line without its end: CR LF, and a bare LF as every client takes it.

        Args:
            what: what the line is, for the sentence when it does not come ("the greeting").
            limit: bytes it may have.

        Raises:
            Unreadable: the peer has closed, or the line is too long.
        """
        data = self._data
        searched = 0
        while True:
            end = data.find(b"\n", searched, limit + 2)
            if end >= 0:
                line = bytes(data[:end]).removesuffix(b"\r")
                del data[: end + 1]
                if not self.said:
                    self.said = safe_text(line)
                return line
            if len(data) > limit + 1:
                raise Unreadable(self.strange(f"a line of more than {limit} bytes instead of {what}"))
            searched = len(data)
            yield from self._fill(what)
            if self.first[0] in _TLS_RECORDS and name_peer(self.first) == "TLS":
                raise Unreadable(self.strange(""))  # it waits for more, and no line end will ever come

    def read_exactly(self, count: int, what: str) -> Generator[Step, bytes, bytes]:
        """So many bytes of a binary protocol, no more and no fewer.

        Args:
            count: bytes; the caller has bounded it, because they are all kept until the last one is here.
            what: what they are, for the sentence when they do not come ("the answer to PRELOGIN").

        Raises:
            Unreadable: the peer has closed.
        """
        data = self._data
        while len(data) < count:
            yield from self._fill(what)
        taken = bytes(data[:count])
        del data[:count]
        return taken

    def read_foreign(self, what: str) -> Generator[Step, bytes, Outcome]:
        """The outcome for a peer whose first bytes are no packet of a binary protocol.

        At least four bytes are waited for, and text is read on to the end of its line, at most to what is looked at
        to name a peer: a greeting that comes in pieces is named as surely as one that comes whole.

        Args:
            what: the sentence after the bytes themselves, when they are nobody's.
        """
        while _may_be_named_later(self.first):
            try:
                yield from self._fill(what)
            except Unreadable:
                break
        shown = self.first.partition(b"\n")[0] if _is_text(self.first) else self.first[:_FEWEST_BYTES]
        return self.strange(f"'{safe_text(shown, 80)}' {what}")

    def _fill(self, what: str) -> Generator[Step, bytes, None]:
        """Wait for more."""
        chunk = yield Receive()
        if not chunk:
            raise Unreadable(self._closed(what))
        if len(self.first) < FIRST_BYTES:
            self.first += chunk[: FIRST_BYTES - len(self.first)]
        self._data += chunk

    def strange(self, what: str) -> Outcome:
        """The outcome for bytes that are not the expected protocol."""
        return strange(self.expected, self.first, what, self.said)

    def _closed(self, what: str) -> Outcome:
        if not self._data:
            return Outcome(Failure.CLOSED_EARLY, f"closed by the peer before {what}", self.said)
        found = self.strange("")
        if found.failure is Failure.WRONG_SERVICE:
            return found
        return Outcome(Failure.CLOSED_EARLY, f"closed by the peer before {what} was complete", found.banner)


def _may_be_named_later(first: bytes) -> bool:
    return len(first) < _FEWEST_BYTES or (_is_text(first) and b"\n" not in first and len(first) < FIRST_BYTES)


def _is_text(first: bytes) -> bool:
    line = first.partition(b"\n")[0].removesuffix(b"\r")
    return line.isascii() and line.decode("ascii").isprintable()


class Reply(NamedTuple):
    """A reply of SMTP's shape (RFC 5321 §4.2.1), FTP's too."""

    code: int
    text: str
    """The last line as received, safe."""
    lines: tuple[bytes, ...]
    """Every line without its code."""


def read_reply(inbox: Inbox, what: str, *, ftp: bool = False) -> Generator[Step, bytes, Reply]:
    """A whole reply of up to 100 lines: `250-…` goes on, `250 …` or a bare `250` ends it.

    Args:
        inbox: where it arrives.
        what: what it is, for the sentence when it does not come.
        ftp: codes begin at 1, and a line between the first and the last holds anything (RFC 959 §4.2).

    Raises:
        Unreadable: the peer has closed, or this is no such reply.
    """
    lines: list[bytes] = []
    code = b""
    while True:
        line = yield from inbox.read_line(what)
        if ftp and code and (line[:3] != code or line[3:4] not in b" "):
            lines.append(line.removeprefix(code + b"-"))
        elif not _is_reply_line(line, ftp=ftp) or (code and line[:3] != code):
            raise Unreadable(inbox.strange(f"'{safe_text(line, 80)}' instead of {what}"))
        else:
            code = line[:3]
            lines.append(line[4:])
            if line[3:4] != b"-":
                return Reply(int(code), safe_text(line), tuple(lines))
        if len(lines) >= REPLY_LINES:
            raise Unreadable(inbox.strange(f"more than {REPLY_LINES} lines instead of {what}"))


def _is_reply_line(line: bytes, *, ftp: bool) -> bool:
    first = b"12345" if ftp else b"2345"
    return len(line) >= 3 and line[:1] in first and line[1:3].isdigit() and line[3:4] in b" -"
