"""What a monitor says must hold (`[monitor.expect]`): what is wrong with it, and the model of it."""

import re
from collections.abc import Iterator
from typing import Final

from uptime_tui.config.closed import Ports, closed_faults
from uptime_tui.config.http import answer_faults, header_checks
from uptime_tui.config.idle import idle_faults
from uptime_tui.config.schema import ExpectTable, MonitorTable, RequestTable
from uptime_tui.config.tls import critical_days, read_pins, tls_faults
from uptime_tui.model.content import accepts_only_codes
from uptime_tui.model.monitor import NO_EXPECTATIONS, Expectations
from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import is_safe
from uptime_tui.model.target import Target
from uptime_tui.model.units import format_duration
from uptime_tui.tomlfile.fields import Fault, seconds

MAX_TEXT: Final = 500
_MAX_BODY: Final = 100 * 1024 * 1024
_SIZE: Final = pattern(r"(\d{1,12})\s*(B|KB|MB|KiB|MiB)?", re.IGNORECASE)
_BLANKS: Final = pattern(" {2,}")
_PLAIN: Final = RequestTable()
_EMPTY: Final = ExpectTable()
"""As most monitors have it: nothing to check, and thousands share what comes of it."""


def expect_faults(written: MonitorTable, target: Target | None, services: Ports) -> Iterator[Fault]:
    """Everything wrong, but what only the timeout can tell."""
    if written.must_hold != _EMPTY:
        yield from _own_faults(written.must_hold)
        yield from answer_faults(written.must_hold)
        yield from tls_faults(written.must_hold)
    if target is not None and (written.must_hold != _EMPTY or written.request != _PLAIN or written.mail_domain):
        yield from idle_faults(written, services.get(target.service))
    yield from closed_faults(written, target, services)


def _own_faults(expect: ExpectTable) -> Iterator[Fault]:
    status = str(expect.status)
    if status and not accepts_only_codes(status):
        what = "status must be codes and ranges from 100 to 599"
        yield Fault(("expect", "status"), what, 'write status = "200-299,301"')
    for key in ("keyword", "keyword_absent", "redirect"):
        text = getattr(expect, key)
        if len(text) > MAX_TEXT or not is_visible(text):
            what = f"{key} must be one line of at most {MAX_TEXT} visible characters"
            yield Fault(("expect", key), what, "shorten it")
    if size_bytes(expect.max_body) is None:
        yield Fault(("expect", "max_body"), "max_body must be 1KB to 100MB", 'write max_body = "1MB"')
    if str(expect.min_body) != "0" and size_bytes(expect.min_body, 1) is None:
        yield Fault(("expect", "min_body"), "min_body must be 1 byte to 100MB", 'write min_body = "2KB"')
    elif (size_bytes(expect.min_body, 1) or 0) > (size_bytes(expect.max_body) or _MAX_BODY):
        yield Fault(("expect", "min_body"), "min_body is more than max_body", "lower it, or raise max_body")


def size_bytes(value: str | int, least: int = 1024) -> int | None:
    """Bytes of `"64KB"`, `"1MB"` (of 1,024) or a number; None where it is no size from `least` to 100 MB."""
    match = _SIZE.fullmatch(str(value).strip())
    if match is None:
        return None
    size = int(match[1]) * {"": 1, "B": 1, "K": 1024, "M": 1024**2}[(match[2] or "")[:1].upper()]
    return size if least <= size <= _MAX_BODY else None


def is_visible(text: str) -> bool:
    """Several blanks in a row are fine here, unlike in names, which must be told apart at a glance."""
    return is_safe(_BLANKS.sub(" ", text).strip(" "))


def read_expectations(written: MonitorTable, timeout_s: float, faults: list[Fault]) -> Expectations:
    """What must hold, of a table without faults; one that only the timeout can tell is added."""
    expect = written.must_hold
    if expect == _EMPTY and written.expect != "closed":
        return NO_EXPECTATIONS
    slow_s = seconds(("expect", "slow"), expect.slow, faults) or 0.0
    if slow_s >= timeout_s:
        what = f"slow is not below the timeout, {format_duration(timeout_s)}: it could never be seen"
        faults.append(Fault(("expect", "slow"), what, 'write slow = "500ms"'))
    return Expectations(
        status=str(expect.status).replace(" ", ""),
        keyword=expect.keyword,
        keyword_absent=expect.keyword_absent,
        json=expect.json,
        regex=expect.regex,
        json_values=expect.json_values,
        headers=header_checks(expect.headers),
        redirect=expect.redirect,
        min_body_bytes=size_bytes(expect.min_body, 1) or 0,
        max_body_bytes=size_bytes(expect.max_body) or 1_048_576,
        slow_ms=round(slow_s * 1000),
        tls_verify=expect.tls_verify,
        tls_name=expect.tls_name.lower(),
        tls_warn_days=expect.tls_warn_days,
        tls_critical_days=critical_days(expect),
        tls_least=expect.tls_min_version,
        tls_pins=read_pins(expect.tls_pin),
        tls_ca_file=expect.tls_ca_file,
        plaintext_ok=expect.plaintext_ok,
        closed=written.expect == "closed",
    )
