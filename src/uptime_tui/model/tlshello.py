"""The first words of TLS, made and read by hand: which version a server takes, without a TLS library's own limits.

RFC 8446 §4.1.2 and §4.1.3 (hello messages, all versions since TLS 1.0), §5.1 (records), §6 (alerts). The key share is
noise: nobody goes on from here. Pure.
"""

from typing import Final, NamedTuple

TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 = 0x0301, 0x0302, 0x0303, 0x0304
ALL: Final = (TLS_1_3, TLS_1_2, TLS_1_1, TLS_1_0)
OLD: Final = (TLS_1_1, TLS_1_0)
"""Versions that nobody should take any more (RFC 8996)."""
NOISE_BYTES: Final = 96
WEAK_CIPHERS: Final = frozenset({0x0004, 0x0005, 0x0009, 0x000A})
"""RC4 and (3)DES: switched off in every library of today."""
MAX_ANSWER: Final = 16_389
"""One record with its header."""

_CIPHERS: Final = (
    0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0x009E, 0x009F, 0xC009, 0xC013, 0xC00A,
    0xC014, 0x0033, 0x0039, 0x009C, 0x009D, 0x003C, 0x003D, 0x002F, 0x0035, 0x000A, 0x0005, 0x0004,
)  # fmt: skip
"""Good ones first; the last three only so that a server that has no other says so."""
_GROUPS: Final = (0x001D, 0x0017, 0x0018, 0x0019)
_SIGNATURES: Final = (
    0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0807, 0x0203, 0x0201,
)  # fmt: skip
_ALERTS: Final = {
    0: "close notify", 10: "unexpected message", 40: "handshake failure", 42: "bad certificate",
    47: "illegal parameter", 70: "protocol version", 71: "insufficient security", 80: "internal error",
    86: "inappropriate fallback", 90: "user canceled", 109: "missing extension", 112: "unrecognized name",
    116: "certificate required", 120: "no application protocol",
}  # fmt: skip
_NAMES: Final = {TLS_1_0: "TLS 1.0", TLS_1_1: "TLS 1.1", TLS_1_2: "TLS 1.2", TLS_1_3: "TLS 1.3", 0x0300: "SSL 3.0"}


class Answer(NamedTuple):
    """What a server said to a hello."""

    version: int = 0
    """The one it takes; 0 where it takes none."""
    cipher: int = 0
    alert: str = ""
    """Its refusal by name; empty without one. Neither version nor alert: that was no TLS."""


def version_name(version: int) -> str:
    """`TLS 1.2`."""
    return _NAMES.get(version, f"version {version:#06x}")


def client_hello(versions: tuple[int, ...], name: str, noise: bytes) -> bytes:
    """A hello as a record.

    Args:
        versions: those that are offered, newest first, without a gap from the first to the last.
        name: for SNI (RFC 6066 §3), an A-label; empty sends none.
        noise: NOISE_BYTES random bytes.
    """
    newest = versions[0]
    extensions = b"\xff\x01\x00\x01\x00" + _extension(0x0017, b"")  # renegotiation_info, extended_master_secret
    if name:
        entry = b"\x00" + _sized(name.encode("ascii", "ignore"), 2)
        extensions = _extension(0x0000, _sized(entry, 2)) + extensions
    extensions += _extension(0x000A, _sized(_shorts(_GROUPS), 2)) + _extension(0x000B, b"\x01\x00")
    if newest >= TLS_1_2:
        extensions += _extension(0x000D, _sized(_shorts(_SIGNATURES), 2))
    if newest >= TLS_1_3:
        extensions += _extension(0x002B, _sized(_shorts(versions), 1))
        extensions += _extension(0x0033, _sized(_shorts((0x001D,)) + _sized(noise[64:96], 2), 2))
    session = noise[32:64] if newest >= TLS_1_3 else b""
    ciphers = [cipher for cipher in _CIPHERS if newest >= TLS_1_3 or cipher >> 8 != 0x13]
    body = min(newest, TLS_1_2).to_bytes(2) + noise[:32] + _sized(session, 1) + _sized(_shorts(ciphers), 2)
    body += b"\x01\x00" + _sized(extensions, 2)
    return b"\x16\x03\x01" + _sized(b"\x01" + _sized(body, 3), 2)


def read_answer(data: bytes) -> Answer | None:
    """What has come so far; None while it is not enough to tell."""
    if not data:
        return None
    if data[0] not in {0x15, 0x16} or (len(data) > 1 and data[1] != 3):
        return Answer()
    if len(data) < 5 or len(data) < 5 + (size := int.from_bytes(data[3:5])):
        return None
    record = data[5 : 5 + size]
    if data[0] == 0x15:
        return Answer(alert=_ALERTS.get(record[1], f"alert {record[1]}")) if len(record) >= 2 else Answer()
    return _server_hello(record) if record[:1] == b"\x02" else Answer()


def _server_hello(record: bytes) -> Answer:
    """Type, length, version, random, session, cipher, compression, extensions."""
    if len(record) < 39:
        return Answer()
    version = int.from_bytes(record[4:6])
    at = 39 + record[38]
    cipher = int.from_bytes(record[at : at + 2])
    at += 5  # cipher, compression, length of the extensions
    while at + 4 <= len(record):
        kind, size = int.from_bytes(record[at : at + 2]), int.from_bytes(record[at + 2 : at + 4])
        if kind == 0x002B and size == 2:
            version = int.from_bytes(record[at + 4 : at + 6])
        at += 4 + size
    return Answer(version, cipher)


def _extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2) + _sized(content, 2)


def _sized(content: bytes, width: int) -> bytes:
    return len(content).to_bytes(width) + content


def _shorts(numbers: "tuple[int, ...] | list[int]") -> bytes:
    return b"".join(number.to_bytes(2) for number in numbers)
