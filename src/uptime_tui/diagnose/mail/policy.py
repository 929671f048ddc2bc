"""The file of an MTA-STS policy: fetched over HTTPS from the one place where it may be (RFC 8461 §3.3), and read."""

import asyncio
import re
import time
from typing import Final, NamedTuple

import httptools

from uptime_tui import __version__
from uptime_tui.dial.direct import DialEnd, Dialler
from uptime_tui.dial.drive import Driver
from uptime_tui.dial.tls import TlsSetup
from uptime_tui.handshakes.http import request
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Ask, Handshake, Receive, Send

PORT: Final = 443
PATH: Final = "/.well-known/mta-sts.txt"
MAX_BYTES: Final = 65536
_MODES: Final = frozenset({"enforce", "testing", "none"})
_PATTERN: Final = re.compile(r"(\*\.)?[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.?", re.IGNORECASE)


class Policy(NamedTuple):
    """What the file says."""

    mode: str = ""
    mx: tuple[str, ...] = ()
    max_age_s: int = 0
    problems: tuple[str, ...] = ()


class Fetched(NamedTuple):
    """The file, or why it was not had."""

    text: str
    why: str = ""
    heard: bool = True
    """False: no connection came about; another address of the host may have it."""


def parse(text: str) -> Policy:
    """Read a policy (RFC 8461 §3.2)."""
    keys: dict[str, list[str]] = {}
    for line in text.splitlines()[:256]:
        key, colon, value = line.partition(":")
        if colon:
            keys.setdefault(key.strip().lower(), []).append(safe_text(value.strip(), 255))
    first = {key: values[0] for key, values in keys.items()}
    problems = []
    if first.get("version") != "STSv1":
        problems.append("version is not STSv1")
    mode = first.get("mode", "")
    if mode not in _MODES:
        problems.append(f"mode {mode[:40] or '(missing)'} is none of enforce, testing, none")
    age = first.get("max_age", "")
    max_age_s = int(age) if age.isascii() and age.isdigit() and len(age) < 11 else 0
    if not max_age_s:
        problems.append("max_age is missing or no number")
    patterns = tuple(value.lower().rstrip(".") for value in keys.get("mx", [])[:64])
    problems += [f"mx {value[:60]} is no name" for value in patterns if not _PATTERN.fullmatch(value)]
    if mode in {"enforce", "testing"} and not patterns:
        problems.append("no mx is named")
    return Policy(mode, patterns, max_age_s, tuple(problems[:6]))


def covers(patterns: tuple[str, ...], host: str) -> bool:
    """Whether an MX host is named; `*.` stands for exactly one label (RFC 8461 §4.1)."""
    name = host.lower().rstrip(".")
    return any(name == each or (each.startswith("*.") and name.partition(".")[2] == each[2:]) for each in patterns)


async def fetch(
    domain: str, address: str, dialler: Dialler, deadline_s: float, *, ca_file: str | None = None
) -> Fetched:
    """The policy file of a domain, with a certificate that is right for `mta-sts.` and its name; no redirects.

    Args:
        domain: of the mail addresses.
        address: of `mta-sts.` and the domain.
        dialler: owns the socket.
        deadline_s: on the loop's clock.
        ca_file: more trust anchors, a PEM file.
    """
    host = f"mta-sts.{domain}"
    ask = Ask(host, PORT, "https", tls="implicit", path=PATH, user_agent=f"uptime-tui/{__version__}")
    body = _Body()
    tls = TlsSetup(server_name=host, verify=True, warn_days=0, wall_s=time.time(), implicit=True, ca_file=ca_file)
    driver = Driver(_talk(ask, body), tls=tls, receive_limit=2 * MAX_BYTES)
    waiting: asyncio.Future[DialEnd] = asyncio.get_running_loop().create_future()

    def ended(end: DialEnd) -> None:
        if not waiting.done():
            waiting.set_result(end)

    dialler.dial(address, PORT, driver, deadline_s, ended)
    end = await waiting
    if end.errno or driver.ending is None:
        return Fetched("", f"no connection to {host} ({address}), port {PORT}", heard=False)
    outcome = driver.ending.outcome
    if outcome.failure is not None:
        return Fetched("", f"{host}: {outcome.detail}")
    return Fetched(bytes(body.data).decode("utf-8", "replace"))


class _Body:
    """Callbacks of the parser."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.done = False
        self.parser = httptools.HttpResponseParser(self)

    def on_body(self, part: bytes) -> None:
        self.data += part[: MAX_BYTES - len(self.data)]

    def on_message_complete(self) -> None:
        self.done = True


def _talk(ask: Ask, body: _Body) -> Handshake:
    """One GET. Its outcome says what is wrong; the text is in `body`."""
    yield Send(request(ask))
    while not body.done and len(body.data) < MAX_BYTES:
        chunk = yield Receive()
        if not chunk:
            break
        try:
            body.parser.feed_data(chunk)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return Outcome(Failure.BAD_PROTOCOL, "what answers is not HTTP/1.1")
    code = body.parser.get_status_code() if body.done or body.data else 0
    if code != 200:
        return Outcome(Failure.HTTP_STATUS, f"HTTP status {code or 'missing'}, 200 is wanted")
    return Outcome(None, "fetched")
