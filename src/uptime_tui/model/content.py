"""What must hold of an HTTP answer: its status, its headers, and what its body says. Pure."""

import functools
import re
import zlib
from collections.abc import Mapping
from typing import Final

import msgspec

from uptime_tui.model.failure import Failure
from uptime_tui.model.jsonpath import failing, parse_check
from uptime_tui.model.monitor import Expectations
from uptime_tui.model.outcome import Outcome, Search
from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import safe_text

_CHARSET: Final = pattern(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_CODES: Final = pattern(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?")
_META_BYTES: Final = 1024
SEARCHED_BYTES: Final = 262_144
"""So much of a body is searched for a pattern: the time it takes may grow faster than the text."""


@functools.lru_cache
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
    return bool(
        expect.keyword or expect.keyword_absent or expect.regex or expect.json or expect.json_values
        or expect.min_body_bytes
    )  # fmt: skip


def judge_headers(expect: Expectations, headers: Mapping[bytes, bytes]) -> Outcome | None:
    """What is wrong with the answer's headers; None when all that is asked of them holds.

    Args:
        expect: what must hold.
        headers: names in lower case; a repeated one's values joined by `, ` (RFC 9110 §5.2).
    """
    for check in expect.headers:
        value = headers.get(check.name.encode())
        if value is None:
            return Outcome(Failure.KEYWORD_MISSING, f"the answer has no header {safe_text(check.name, 60)}")
        wanted = check.value.encode()
        holds = {"present": True, "equals": value.strip() == wanted, "contains": wanted in value}[check.how]
        if not holds:
            words = "expected" if check.how == "equals" else "without"
            said = f"{safe_text(check.name, 60)} is '{safe_text(value, 80)}', {words} '{safe_text(check.value, 80)}'"
            return Outcome(Failure.KEYWORD_MISSING, said)
    return None


def judge_body(expect: Expectations, headers: Mapping[bytes, bytes], body: bytes) -> Outcome | Search | None:
    """What is wrong with the body; None when all that is asked of it holds, a search where that is still to be made.

    Args:
        expect: what must hold.
        headers: `content-type` and `content-encoding`, names in lower case.
        body: all of it, within its bound.
    """
    plain = _decompress(headers.get(b"content-encoding", b"").strip().lower(), body, expect.max_body_bytes)
    if isinstance(plain, Outcome):
        return plain
    if len(plain) < expect.min_body_bytes:
        short = f"{len(plain)} bytes of body, at least {expect.min_body_bytes} expected"
        return Outcome(Failure.KEYWORD_MISSING, short)
    if expect.keyword and not _holds(plain, expect.keyword, headers):
        return Outcome(Failure.KEYWORD_MISSING, f"the page does not contain '{safe_text(expect.keyword, 80)}'")
    if expect.keyword_absent and _holds(plain, expect.keyword_absent, headers):
        return Outcome(Failure.KEYWORD_PRESENT, f"the page contains '{safe_text(expect.keyword_absent, 80)}'")
    found = _judge_json(expect, plain) if expect.json or expect.json_values else None
    if found is None and expect.regex:
        return Search(expect.regex, plain[:SEARCHED_BYTES])
    return found


def unfound(search: Search) -> Outcome:
    """The outcome of a search that found nothing."""
    where = f"the first {SEARCHED_BYTES >> 10} KiB of the page" if len(search.text) == SEARCHED_BYTES else "the page"
    return Outcome(Failure.KEYWORD_MISSING, f"nothing in {where} matches '{safe_text(search.pattern, 80)}'")


def _judge_json(expect: Expectations, body: bytes) -> Outcome | None:
    """Valid, and every value as it must be. msgspec bounds the nesting itself, without the stack of C."""
    try:
        data = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        if not body.strip():
            return Outcome(Failure.JSON_INVALID, "the body is not JSON: it is empty")
        start = safe_text(body[:200], 40)
        return Outcome(Failure.JSON_INVALID, f"the body is not JSON: {safe_text(str(error), 80)}; it begins '{start}'")
    for text in expect.json_values:
        why = failing(parse_check(text), data)
        if why:
            return Outcome(Failure.JSON_MISMATCH, why)
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
