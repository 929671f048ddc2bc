"""What the web server's answer says: the class of its status, the kind of page, who sent it on, where it leads."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Final

from uptime_tui.diagnose.case import Case, Means
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.page import KINDS, kinds
from uptime_tui.model.pattern import pattern
from uptime_tui.model.result import Evidence

QUESTION: Final = "What kind of answer is it?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "http_gateway": "a proxy says that what is behind it does not answer",
    "http_own_error": "the application itself failed",
    "http_overload": "it says that it is overloaded or in maintenance, and when to come back",
    "http_limited": "a rate limit turns the request away",
    "http_login": "a login is wanted",
    "http_login_refused": "the login that the monitor sends is refused",
    "http_forbidden": "it is forbidden",
    "http_absent": "the path is not there",
    "http_moved": "it redirects where an answer was expected",
    "http_wants_tls": "the port wants HTTPS and was asked in plain HTTP",
    "http_edge": "a proxy or content network answers, by its own name",
    "page_empty": "the answer has no text",
    "page_ordinary": "nothing in the beginning of the page speaks of an error",
    "page_html": "an HTML page came where data was expected",
    "page_cut": "the data ends in the middle",
    "page_text_first": "text stands before the data",
    "header_missing": "it is a header that is missing or different",
    "body_short": "the body is shorter than it must be",
    "redirect_loop": "the redirects go in a circle, or on without end",
    "redirect_downgrade": "it leads from HTTPS to HTTP",
    "redirect_login": "it leads to a page for logging in",
    "redirect_elsewhere": "it leads to another domain",
    "redirect_none": "it does not redirect any more",
    "redirect_parked": "it leads to a place where domains are parked or sold",
    "json_path_missing": "the answer has no such place at all: it has another form",
    **{f"page_{kind.id}": kind.meaning for kind in KINDS},
}

_CODE: Final = pattern(r"\bHTTP ([1-5]\d\d)\b")
_TO: Final = pattern(r"→ (https?)://([^/:\s]+)", re.IGNORECASE)
_EDGE: Final = pattern(
    r"cloudflare|cloudfront|akamai|fastly|varnish|awselb|envoy|haproxy|squid|imperva|sucuri|bunnycdn|traefik"
    r"|\b(?:via|cf-ray|x-cache) ",
    re.IGNORECASE,
)
_LOGIN: Final = pattern(r"→ \S*(?:log-?in|sign-?in|sso|auth|consent)", re.IGNORECASE)
_PARKED: Final = pattern(r"→ \S*(?:park(?:ed|ing)|sedo|hugedomains|afternic|dan\.com|for-?sale|/sold\b)", re.IGNORECASE)
_FIRST_WORDS: Final = pattern(
    r"(?:<br ?/?>\s*)?(?:<b>)?(?:PHP )?(?:warning|notice|deprecated|fatal error|traceback|debug)\b", re.IGNORECASE
)
"""What applications print before their answer, as text or as PHP does with `html_errors`."""
_NO_PLACE: Final = pattern(r"\bthere is no \S+: ")
_CLASSES: Final = {
    401: ("http_login", "a login is wanted"),
    403: ("http_forbidden", "the server forbids it"),
    404: ("http_absent", "the path is not there"),
    407: ("http_login", "a proxy wants a login"),
    410: ("http_absent", "the path was taken away for good"),
    429: ("http_limited", "a rate limit turns this request away"),
    502: ("http_gateway", "the proxy got no sound answer from what is behind it"),
    503: ("http_gateway", "nothing serves behind it at the moment"),
    504: ("http_gateway", "what is behind the proxy did not answer in time"),
}


def wants(case: Case) -> bool:
    """An answer came, and it is not the one that was expected."""
    return case.result.phase is Phase.CONTENT and case.result.failure is not Failure.TOO_SLOW


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:  # noqa: ARG001 - it sends nothing
    """What can be read from what is known already."""
    for fact in facts(case):
        yield fact


def facts(case: Case) -> Iterator[Evidence]:
    """The same, at once."""
    page = next((seen.text for seen in case.result.evidence if seen.id == "page"), "")
    if case.result.failure in {Failure.HTTP_STATUS, Failure.BUSY}:
        yield from _status(case.result.detail, sends_login=bool(case.plan.monitor.login.secret))
    elif case.result.failure is Failure.REDIRECT:
        yield from _redirect(case)
    elif case.result.failure is Failure.KEYWORD_MISSING:
        yield from _missing(case.result.detail)
    elif case.result.failure is Failure.JSON_INVALID:
        yield from _json(case.result.detail, page)
    elif case.result.failure is Failure.JSON_MISMATCH and _NO_PLACE.search(case.result.detail):
        yield _seen("json_path_missing", f"it has another form: {case.result.detail}")
    yield from _page(page, case.result.failure)
    sender = f"{case.result.banner}, {page}"
    if _EDGE.search(sender):
        text = f"a proxy or content network stands before it: {case.result.banner or page}"
        yield Evidence("http_edge", Phase.CONTENT, ok=None, text=text)


def _page(page: str, failure: Failure | None) -> Iterator[Evidence]:
    """What kind of page it is, by what came of it."""
    found = kinds(page)
    for kind in found:
        yield _seen(f"page_{kind.id}", f"{kind.meaning}: {page}")
    if page.endswith(("no visible text", "no body seen")):
        # of a bad status only what came along with the headers was read
        if failure not in {Failure.JSON_INVALID, Failure.HTTP_STATUS}:
            yield _seen("page_empty", f"nothing to read came with it: {page}")
    elif page and not found and failure is Failure.KEYWORD_MISSING:
        text = f"its beginning speaks of no error: {page}"
        yield Evidence("page_ordinary", Phase.CONTENT, ok=None, text=text)


def _status(detail: str, *, sends_login: bool) -> Iterator[Evidence]:
    found = _CODE.search(detail)
    code = int(found[1]) if found else 0
    if "this port wants HTTPS" in detail:
        yield _seen("http_wants_tls", "the answer says that this port wants HTTPS")
    elif code == 503 and "Retry-After" in detail:
        yield _seen("http_overload", f"{detail}: it expects to be back, and says when")
    elif code == 401 and sends_login:
        yield _seen("http_login_refused", "401: the login that this monitor sends is refused")
    elif code in _CLASSES:
        id_, words = _CLASSES[code]
        yield _seen(id_, f"{code}: {words}")
    elif 520 <= code <= 530:  # Cloudflare's own, for an origin that fails
        yield _seen("http_gateway", f"{code}: the content network cannot reach the server behind it")
    elif code >= 500:
        yield _seen("http_own_error", f"{code}: the application failed while it handled the request")
    elif 300 <= code < 400:
        yield _seen("http_moved", f"{detail}: a redirect is no success here")


def _redirect(case: Case) -> Iterator[Evidence]:
    detail, target = case.result.detail, case.plan.monitor.target
    to = _TO.search(detail)
    if "in a circle" in detail or "more than" in detail:
        yield _seen("redirect_loop", f"no end of redirects: {detail}")
    elif "no redirect to" in detail:
        yield _seen("redirect_none", f"it answers itself now: {detail}")
    if to is not None and to[1].lower() == "http" and case.plan.service.tls == "implicit":
        yield _seen("redirect_downgrade", f"from HTTPS to plain HTTP: {detail}")
    if _LOGIN.search(detail):
        yield _seen("redirect_login", f"it leads to a login: {detail}")
    if _PARKED.search(detail):
        yield _seen("redirect_parked", f"it leads to where domains are parked or sold: {detail}")
    if to is not None and not _is_near(to[2].lower(), target.host.lower()):
        yield _seen("redirect_elsewhere", f"{to[2]} is not of the same domain as {target.host}")


def _is_near(one: str, other: str) -> bool:
    return one == other or one.split(".")[-2:] == other.split(".")[-2:]


def _missing(detail: str) -> Iterator[Evidence]:
    """`keyword_missing` stands for three things that must hold (`model.content`)."""
    if "the answer has no header" in detail or re.search(r": \S+ is '.*', (?:expected|without) '", detail):
        yield _seen("header_missing", f"it is not the text but a header: {detail}")
    elif re.search(r"\d+ bytes of body, at least", detail):
        yield _seen("body_short", f"it is not the text but the size: {detail}")


def _json(detail: str, page: str) -> Iterator[Evidence]:
    begins = detail.rpartition("it begins '")[2]
    if "it is empty" in detail:
        yield _seen("page_empty", "the body is empty")
    elif _FIRST_WORDS.match(begins):
        yield _seen("page_text_first", f"a message of the application stands before the JSON: '{begins[:40]}")
    elif begins.startswith("<") or page.startswith("text/html"):
        yield _seen("page_html", f"it is an HTML page: {page or detail}")
    elif "truncated" in detail:
        yield _seen("page_cut", f"it ends in the middle: {detail}")
    elif re.search(r"[{\[]", begins) and not begins.startswith(("{", "[")):
        yield _seen("page_text_first", f"something stands before the JSON: '{begins[:40]}")


def _seen(id_: str, text: str) -> Evidence:
    return Evidence(id_, Phase.CONTENT, ok=False, text=text)
