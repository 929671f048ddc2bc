"""Redis and its kin (RESP): PING, and nothing else but a QUIT; AUTH before it where the monitor has a login.

An answer that asks for a password, or says that strangers are not served, comes from a healthy server.
"""

from typing import Final

from uptime_tui.handshakes._readers import Inbox, Talk, Unreadable, concluding
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Conclude, Handshake, Send

SERVER_SPEAKS_FIRST = False

PING: Final = b"*1\r\n$4\r\nPING\r\n"
QUIT: Final = b"*1\r\n$4\r\nQUIT\r\n"
REPLY_BYTES: Final = 4096
"""The advice that comes with DENIED has 1,065 bytes in Redis 7.0."""

_HEALTHY: Final = {
    b"+PONG": "PONG",
    b"-NOAUTH": "answers, password required",
    b"-DENIED": "answers, protected mode: strangers are not served",
    b"-NOPERM": "answers, the default user may not PING",
}
_BUSY: Final = {
    b"-LOADING": "loading its data set",
    b"-BUSY": "busy running a script",
    b"-MASTERDOWN": "replica without its master",
    b"-MISCONF": "cannot save to disk, refuses writes",
    b"-READONLY": "read only",
    b"-CLUSTERDOWN": "cluster is down",
}


def handshake(ask: Ask) -> Handshake:
    """AUTH where there is a login, PING, judge, QUIT."""
    return concluding(_talk(ask))


def command(*words: str) -> bytes:
    """A command as RESP has it: an array of bulk strings."""
    parts = (word.encode() for word in words)
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def _talk(ask: Ask) -> Talk:
    inbox = Inbox("Redis")
    if ask.login is not None:
        user = (ask.login.user,) if ask.login.user else ()
        yield Send(command("AUTH", *user, ask.login.secret.reveal()))
        said = yield from inbox.read_line("the answer to AUTH", REPLY_BYTES)
        if not said.startswith(b"+OK"):
            return _judge_login(said, inbox)
    yield Send(PING)
    line = yield from inbox.read_line("the answer to PING", REPLY_BYTES)
    outcome = _judge(line, inbox)
    if outcome.failure in {None, Failure.BUSY} and not line.startswith((b"-DENIED", b"-ERR max")):
        yield Conclude(outcome)
        yield Send(QUIT)
        try:
            yield from inbox.read_line("the answer to QUIT")
        except Unreadable:
            return outcome  # it has hung up first, as it may
    return outcome


def _judge_login(line: bytes, inbox: Inbox) -> Outcome:
    if line.startswith((b"-WRONGPASS", b"-ERR ", b"-NOPERM")) and not line.lower().startswith(b"-err max"):
        return Outcome(Failure.REFUSED_SERVICE, f"the login is refused: {safe_text(line)}", safe_text(line))
    return _judge(line, inbox)


def _judge(line: bytes, inbox: Inbox) -> Outcome:
    text = safe_text(line)
    word = line.split(b" ", 1)[0].rstrip()
    if word in _HEALTHY:
        return Outcome(None, _HEALTHY[word], text)
    if word in _BUSY:
        return Outcome(Failure.BUSY, f"{_BUSY[word]}: {text}", text)
    if line.lower().startswith(b"-err max number of clients"):
        return Outcome(Failure.BUSY, f"client limit reached: {text}", text)
    if line.startswith(b"-ERR operation not permitted"):  # Redis before 2.8 has no word of its own for it
        return Outcome(None, _HEALTHY[b"-NOAUTH"], text)
    strange = inbox.strange(f"'{safe_text(line, 80)}' is no answer to PING")
    if strange.failure is Failure.BAD_PROTOCOL and line.startswith(b"-ERR "):
        return Outcome(Failure.REFUSED_SERVICE, f"refuses PING: {text}", text)
    return strange
