"""What must hold of an HTTP answer: its status, where it leads, and what its body says. Pure."""

import re
import zlib
from collections.abc import Mapping
from typing import Final

import msgspec

from uptime_tui.model.failure import Failure
from uptime_tui.model.monitor import Expectations
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.safetext import safe_text

_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_CODES: Final = re.compile(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?")
_META_BYTES: Final = 1024


def accepts(ranges: str, code: int) -> bool:
    """Whether `200-299,301` holds the status code; parts that are no number or range hold nothing."""
    for part in ranges.split(","):
        low, dash, high = part.strip().partition("-")
        if low.isdecimal() and (high.isdecimal() or not dash) and int(low) <= code <= int(high if dash else low):
            return True
    return False


def accepts_only_codes(ranges: str) -> bool:
    """Whether the text is codes and ranges of them, from 100 to 599, low before high."""
    parts = [_CODES.fullmatch(part.strip()) for part in ranges.split(",")]
    return all(part is not None and int(part[1]) <= int(part[2] or part[1]) for part in parts)


def wants_body(expect: Expectations) -> bool:
    """Whether the body itself is looked at, and has to be kept until it is complete."""
    return bool(expect.keyword or expect.keyword_absent or expect.json)


def judge_body(expect: Expectations, headers: Mapping[bytes, bytes], body: bytes) -> Outcome | None:
    """What is wrong with the body; None when all that is asked of it holds.

    Args:
        expect: what must hold.
        headers: `content-type` and `content-encoding`, names in lower case.
        body: all of it, within its bound.
    """
    plain = _decompress(headers.get(b"content-encoding", b"").strip().lower(), body, expect.max_body_bytes)
    if isinstance(plain, Outcome):
        return plain
    if expect.keyword and not _holds(plain, expect.keyword, headers):
        return Outcome(Failure.KEYWORD_MISSING, f"the page does not contain '{safe_text(expect.keyword, 80)}'")
    if expect.keyword_absent and _holds(plain, expect.keyword_absent, headers):
        return Outcome(Failure.KEYWORD_PRESENT, f"the page contains '{safe_text(expect.keyword_absent, 80)}'")
    return _judge_json(plain) if expect.json else None


def _judge_json(body: bytes) -> Outcome | None:
    try:
        msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, ValueError, RecursionError) as why:
        if not body.strip():
            return Outcome(Failure.JSON_INVALID, "the body is not JSON: it is empty")
        start = safe_text(body[:200], 40)
        return Outcome(Failure.JSON_INVALID, f"the body is not JSON: {safe_text(str(why), 80)}; it begins '{start}'")
    return None


def _holds(body: bytes, text: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether the text is in the body, in UTF-8 or the charset that header or page declare.

    The text is encoded and not the body decoded: nothing of the peer's can go wrong in the other direction.
    """
    if text.encode() in body:
        return True
    if text.isascii() and b"utf-16" not in headers.get(b"content-type", b"").lower():
        return False
    declared = _CHARSET.search(headers.get(b"content-type", b"")) or _CHARSET.search(body[:_META_BYTES])
    if declared is None:
        return False
    label = safe_text(declared[1], 40).lower()
    try:
        labels = ("utf-16-le", "utf-16-be") if label == "utf-16" else (label,)
        return any(text.encode(each) in body for each in labels)
    except (LookupError, ValueError):  # no such charset, or it cannot say this text
        return False


def _decompress(encoding: bytes, body: bytes, limit: int) -> bytes | Outcome:
    """The body without its content encoding. We ask for none; a server that encodes all the same is read in bounds."""
    if encoding in {b"", b"identity"}:
        return body
    if encoding not in {b"gzip", b"x-gzip", b"deflate"}:
        said = safe_text(encoding, 40)
        return Outcome(Failure.BAD_PROTOCOL, f"the body is encoded ({said}) although that was not asked for")
    inflate = zlib.decompressobj(47)  # zlib or gzip, by its header
    try:
        plain = inflate.decompress(body, limit + 1)
    except zlib.error as why:
        return Outcome(Failure.BAD_PROTOCOL, f"the body cannot be decompressed: {safe_text(str(why), 80)}")
    if len(plain) > limit:
        return Outcome(Failure.BODY_TOO_LARGE, f"the body decompresses to more than {limit} bytes")
    return plain
