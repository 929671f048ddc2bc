"""MongoDB: answers `hello` in OP_MSG and `isMaster` in OP_QUERY, as a member of a replica set; refuses the rest."""

import struct
from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final = frozenset({"secondary", "recovering", "standalone", "legacy", "shutting_down", "garbage"})
MAX_COMMANDS: Final = 20
MAX_BYTES: Final = 65536
Field = bool | float | int | str
_OP_REPLY: Final = 1
_OP_QUERY: Final = 2004
_OP_MSG: Final = 2013
_SET: Final = "rs0"
_UNKNOWN: Final[dict[str, Field]] = {"ok": 0.0, "errmsg": "no such command", "code": 59, "codeName": "CommandNotFound"}
_SHUTTING_DOWN: Final[dict[str, Field]] = {
    "ok": 0.0,
    "errmsg": "The server is in quiesce mode and will shut down",
    "code": 91,
    "codeName": "ShutdownInProgress",
}
_GARBAGE: Final = b"\x17\0\0\0 never heard of it\r\n"


async def serve(visit: Visit) -> None:
    """Answer commands until the visitor goes."""
    for number in range(1, MAX_COMMANDS + 1):
        head = await visit.reader.readexactly(16)
        length, request, _, opcode = struct.unpack("<iiii", head)
        body = await visit.reader.readexactly(max(0, min(length, MAX_BYTES) - 16))
        if visit.state == "garbage":
            await visit.say(_GARBAGE)
            return
        answer = bson(_answer(visit.state, body, opcode))
        if opcode == _OP_MSG:
            content, kind = bytes(5) + answer, _OP_MSG
        else:
            content, kind = struct.pack("<iqii", 8, 0, 0, 1) + answer, _OP_REPLY
        await visit.say(struct.pack("<iiii", 16 + len(content), number, request, kind) + content)


def _answer(state: str, body: bytes, opcode: int) -> dict[str, Field]:
    if state == "shutting_down":
        return _SHUTTING_DOWN
    if opcode == _OP_QUERY and b"\x10isMaster\0" in body:
        return _member(state, "ismaster")
    if opcode == _OP_MSG and b"\x10hello\0" in body and state != "legacy":
        return _member(state, "isWritablePrimary")
    return _UNKNOWN


def _member(state: str, primary: str) -> dict[str, Field]:
    """What a member says of itself."""
    member: dict[str, Field] = {
        primary: state not in {"secondary", "recovering"},
        "secondary": state == "secondary",
        "maxBsonObjectSize": 16_777_216,
        "maxWireVersion": 6 if state == "legacy" else 21,
        "readOnly": False,
        "ok": 1.0,
    }
    return member if state == "standalone" else {**member, "setName": _SET}


def bson(document: dict[str, Field]) -> bytes:
    """A flat document (bsonspec.org 1.1)."""
    fields = b"".join(_field(name.encode() + b"\0", value) for name, value in document.items())
    return (len(fields) + 5).to_bytes(4, "little") + fields + b"\0"


def _field(name: bytes, value: Field) -> bytes:
    if isinstance(value, bool):
        return b"\x08" + name + bytes([value])
    if isinstance(value, float):
        return b"\x01" + name + struct.pack("<d", value)
    if isinstance(value, int):
        return b"\x10" + name + struct.pack("<i", value)
    text = value.encode() + b"\0"
    return b"\x02" + name + struct.pack("<i", len(text)) + text
