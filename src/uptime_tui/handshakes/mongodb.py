"""MongoDB: `hello`, which every member answers without a login, and the older `isMaster` where that is unknown.

The sources are the MongoDB wire protocol (OP_MSG 2013, OP_QUERY 2004, OP_REPLY 1) and bsonspec.org 1.1. There is no
goodbye in it: a client closes.
"""

import struct
from collections.abc import Generator
from typing import Final

from uptime_tui.handshakes._readers import Inbox, Talk, Unreadable, concluding
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Handshake, Send, Step

SERVER_SPEAKS_FIRST = False

HELLO: Final = (
    bytes.fromhex("34000000 01000000 00000000 dd070000 00000000 00 1f000000")
    + b"\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0"
)
"""OP_MSG with `{hello: 1, $db: "admin"}`."""
IS_MASTER: Final = (
    bytes.fromhex("3a000000 02000000 00000000 d4070000 00000000")
    + b"admin.$cmd\0"
    + bytes.fromhex("00000000 ffffffff 13000000")
    + b"\x10isMaster\0\x01\0\0\0\0"
)
"""OP_QUERY for one document of `admin.$cmd`, `{isMaster: 1}`."""
REPLY_BYTES: Final = 65_536
"""The protocol allows 48 MB; an answer to `hello` has 1 kB."""
MAX_FIELDS: Final = 200
_OP_REPLY: Final = 1
_OP_MSG: Final = 2013
_COMMAND_NOT_FOUND: Final = 59
_LOGIN_WANTED: Final = frozenset({13, 18})
"""Unauthorized, AuthenticationFailed."""
_NOT_NOW: Final = frozenset({189, 10107, 11602, 13435, 13436})
"""A change of the primary, or a member that is recovering."""

Value = float | int | bool | bytes | None
Document = dict[bytes, Value]


def handshake(ask: Ask) -> Handshake:
    """`hello`, judged by the member's state."""
    del ask
    return concluding(_talk())


def _talk() -> Talk:
    inbox = Inbox("MongoDB")
    yield Send(HELLO)
    document = yield from _read_document(inbox, 1)
    if not document.get(b"ok") and document.get(b"code") == _COMMAND_NOT_FOUND:
        yield Send(IS_MASTER)
        document = yield from _read_document(inbox, 2)
    return _judge(document)


def _read_document(inbox: Inbox, request: int) -> Generator[Step, bytes, Document]:
    """The document of a reply to that request."""
    head = yield from inbox.read_exactly(16, "the answer")
    length, _, answers, opcode = struct.unpack("<iiii", head)
    if opcode not in {_OP_MSG, _OP_REPLY} or answers != request or not 26 <= length <= REPLY_BYTES:
        raise Unreadable((yield from inbox.read_foreign("is no answer of MongoDB")))
    body = yield from inbox.read_exactly(length - 16, "the end of the answer")
    document = body[5:] if opcode == _OP_MSG else body[20:]  # flags and kind; flags, cursor, start, count
    try:
        return _read_bson(document)
    except (struct.error, ValueError):
        raise Unreadable(inbox.strange("a MongoDB answer that cannot be read")) from None


def _judge(document: Document) -> Outcome:
    if not document.get(b"ok"):
        return _refused(document)
    wire = document.get(b"maxWireVersion")
    known = f" (wire version {wire})" if isinstance(wire, int) else ""
    known += ", read only" if document.get(b"readOnly") is True else ""
    name = _text(document, b"setName")
    of = f" of replica set {name}" if name else ""
    if document.get(b"msg") == b"isdbgrid":
        return Outcome(None, f"router of a sharded cluster{known}")
    if document.get(b"isWritablePrimary") is True or document.get(b"ismaster") is True:
        return Outcome(None, f"{'primary' if of else 'standalone'}{of}{known}")
    for state in (b"secondary", b"arbiterOnly"):
        if document.get(state) is True:
            return Outcome(None, f"{'secondary' if state == b'secondary' else 'arbiter'}{of}{known}")
    if document.get(b"isreplicaset") is True:
        return Outcome(Failure.BUSY, f"its replica set was never initiated{known}")
    return Outcome(Failure.BUSY, f"member{of}, neither primary nor secondary: starting or recovering{known}")


def _refused(document: Document) -> Outcome:
    code = document.get(b"code")
    text = _text(document, b"errmsg") or "without a reason"
    if code in _LOGIN_WANTED:
        return Outcome(None, f"answers, login required: {text}")
    return Outcome(Failure.BUSY if code in _NOT_NOW else Failure.REFUSED_SERVICE, f"refuses hello: {text}")


def _text(document: Document, name: bytes) -> str:
    value = document.get(name)
    return safe_text(value) if isinstance(value, bytes) else ""


def _read_bson(data: bytes) -> Document:
    """The fields of a document; what is nested, or of no use here, is None.

    Raises:
        ValueError, struct.error: it is no BSON, or has more than 200 fields.
    """
    end = struct.unpack_from("<i", data)[0] - 1
    if not 4 <= end < len(data) or data[end]:
        raise ValueError("length")
    document: Document = {}
    place = 4
    while place < end:
        kind = data[place]
        stop = data.index(b"\0", place + 1, end)
        name = data[place + 1 : stop]
        document[name], place = _read_value(kind, data, stop + 1)
        if place > end or len(document) > MAX_FIELDS:
            raise ValueError("fields")
    return document


_NUMBERS: Final = {0x01: struct.Struct("<d"), 0x10: struct.Struct("<i"), 0x12: struct.Struct("<q")}
_SKIPPED: Final = {0x06: 0, 0x07: 12, 0x09: 8, 0x0A: 0, 0x11: 8, 0x13: 16, 0x7F: 0, 0xFF: 0}
"""Undefined, ObjectId, date, null, timestamp, decimal, smallest and largest key: bytes of each."""
_COUNTED: Final = {0x03: 0, 0x04: 0, 0x05: 5}
"""Document and array hold their own length; binary has a length and a subtype before its bytes."""


def _read_value(kind: int, data: bytes, place: int) -> tuple[Value, int]:
    """A value, and where the next field begins."""
    number = _NUMBERS.get(kind)
    if number is not None:
        return number.unpack_from(data, place)[0], place + number.size
    if kind == 0x08:
        return data[place : place + 1] == b"\x01", place + 1
    if kind in _SKIPPED:
        return None, place + _SKIPPED[kind]
    (length,) = struct.unpack_from("<i", data, place)
    if length < 0:
        raise ValueError("negative length")
    if kind == 0x02:
        return data[place + 4 : place + 3 + length], place + 4 + length
    if kind in _COUNTED:
        return None, place + length + _COUNTED[kind]
    raise ValueError("type")
