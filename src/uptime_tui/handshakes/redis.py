"""Redis and its kin (RESP): PING, and nothing else but a QUIT.

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
    """PING, judge, QUIT."""
    del ask
    return concluding(_talk())


def _talk() -> Talk:
    inbox = Inbox("Redis")
    yield Send(PING)
    line = yield from inbox.read_line("the answer to PING")
    outcome = _judge(line, inbox)
    if outcome.failure in {None, Failure.BUSY} and not line.startswith((b"-DENIED", b"-ERR max")):
        yield Conclude(outcome)
        yield Send(QUIT)
        try:
            yield from inbox.read_line("the answer to QUIT")
        except Unreadable:
            return outcome  # it has hung up first, as it may
    return outcome


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
