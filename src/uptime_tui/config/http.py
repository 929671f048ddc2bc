"""What a monitor says of HTTP, from its tables to the model: the request, and what the answer must hold."""

import re
import warnings
from collections.abc import Iterator
from typing import Final

from uptime_tui.config.schema import ExpectTable, RequestTable
from uptime_tui.model.jsonpath import parse_check
from uptime_tui.model.monitor import PLAIN_REQUEST, HeaderCheck, HttpRequest
from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import safe_text
from uptime_tui.tomlfile.fields import Fault

_METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_TOKEN: Final = pattern(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE: Final = pattern(r"[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?")
_CHECK: Final = pattern(r"(\S+)(?:\s+(==|contains)\s+(.*\S))?")
_OURS: Final = frozenset({"connection", "content-length", "transfer-encoding", "te", "upgrade", "expect"})
_SECRET: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
_MAX_HEADERS: Final = 20
_MAX_CHECKS: Final = 20
_MAX_BODY: Final = 16_384
_MAX_PATTERN: Final = 500
_EMPTY: Final = RequestTable()


def is_token(text: str) -> bool:
    """Whether it can be a header's name (RFC 9110 §5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


def request_faults(table: RequestTable, expect: ExpectTable) -> Iterator[Fault]:
    """What is wrong with `[monitor.request]`."""
    if table == _EMPTY:
        return
    if table.method not in _METHODS:
        yield Fault(("request", "method"), "method is none that a probe uses", f"write one of {', '.join(_METHODS)}")
    if len(table.body.encode("utf-8", "replace")) > _MAX_BODY or not _is_utf8(table.body):
        yield Fault(("request", "body"), f"body is longer than {_MAX_BODY} bytes or no UTF-8", "shorten it")
    if table.body and table.method in {"GET", "HEAD"}:
        yield Fault(("request", "body"), f"a {table.method} has no body", 'write method = "POST"')
    if table.method == "HEAD" and (expect.keyword or expect.regex or expect.json or expect.json_values):
        yield Fault(("request", "method"), "the answer to a HEAD has no body to look at", 'write method = "GET"')
    if table.redirects == "follow" and expect.redirect:
        what = "redirect is judged on the first answer, which is not the last one where redirects are followed"
        yield Fault(("expect", "redirect"), what, "leave one of the two out")
    if len(table.headers) > _MAX_HEADERS:
        yield Fault(("request", "headers"), f"more than {_MAX_HEADERS} headers", "remove some")
    for line in table.headers:
        why = _header_fault(line)
        if why:
            yield Fault(("request", "headers"), why, 'write headers = ["Name: value"]')
            return


def _header_fault(line: str) -> str:
    name, colon, value = line.partition(":")
    if not colon or not is_token(name) or not _VALUE.fullmatch(value.strip()):
        return "a header must be a name, a colon and a value of printable ASCII"
    if name.lower() in _SECRET:
        return f"{name} holds a secret, which does not stand here: use login"
    return f"{name} belongs to the conversation itself" if name.lower() in _OURS else ""


def read_request(table: RequestTable) -> HttpRequest:
    """The request of a table without faults."""
    if table == _EMPTY:
        return PLAIN_REQUEST
    pairs = (line.partition(":") for line in table.headers)
    headers = tuple((name, value.strip()) for name, _, value in pairs)
    follow = table.redirects == "follow"
    return HttpRequest(table.method, headers, table.body, follow, table.allow_private_redirect)


def answer_faults(expect: ExpectTable) -> Iterator[Fault]:
    """What is wrong with the newer keys of `[monitor.expect]`."""
    if expect.regex:
        if len(expect.regex) > _MAX_PATTERN:
            yield Fault(("expect", "regex"), f"regex is longer than {_MAX_PATTERN} characters", "shorten it")
        else:
            yield from _pattern_faults(expect.regex)
    for key in ("json_values", "headers"):
        if len(getattr(expect, key)) > _MAX_CHECKS:
            yield Fault(("expect", key), f"more than {_MAX_CHECKS} {key}", "remove some")
    for text in expect.json_values:
        try:
            parse_check(text)
        except ValueError as error:
            yield Fault(("expect", "json_values"), str(error), "write json_values = ['status == \"ok\"']")
    for text in expect.headers:
        match = _CHECK.fullmatch(text.strip())
        if not match or not is_token(match[1]) or len(text) > _MAX_PATTERN or not text.isprintable():
            what = "a header check is a name, or a name with == or contains and a text"
            yield Fault(("expect", "headers"), what, 'write headers = ["Content-Type contains json"]')


def _pattern_faults(pattern: str) -> Iterator[Fault]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        why = safe_text(str(error).partition(" at position")[0], 80)
        yield Fault(
            ("expect", "regex"), f"regex is no pattern of Python's re: {why}", r"put \ before signs meant as such"
        )


def header_checks(texts: tuple[str, ...]) -> tuple[HeaderCheck, ...]:
    """The checks of texts without faults."""
    checks = []
    for text in texts:
        match = _CHECK.fullmatch(text.strip())
        assert match is not None, "checked before"
        how = {None: "present", "==": "equals", "contains": "contains"}[match[2]]
        checks.append(HeaderCheck(match[1].lower(), how, match[3] or ""))  # type: ignore[arg-type]  # one of three
    return tuple(checks)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
