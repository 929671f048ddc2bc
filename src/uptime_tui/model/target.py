"""TARGET grammar: `scheme://host[:port][/path]` or `host:port`; parse, print, round trip.

A scheme is a service's name in the catalogue. `host:port` on a well-known port means that service (a bare
connect to some of them harms the server), on any other port plain `tcp`. IPv6 literals stand in brackets
(RFC 3986 §3.2.2); internationalised names are kept as their A-labels (RFC 5891).
"""

import ipaddress
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

import msgspec

from uptime_tui.model.safetext import is_safe, safe_text

WITH_PATH: Final = frozenset({"http", "https", "elasticsearch", "cpanel", "whm", "plesk"})
"""Schemes of the catalogue that HTTP is spoken to; a user's own service may carry a path as well."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC: Final = re.compile(r"[0-9.]+")
_PATH: Final = re.compile(r"/[!-~]*")
_MAX_LENGTH: Final = 2048


class Target(msgspec.Struct, frozen=True, order=True):
    """Where a monitor points to. `host` is an IP literal without brackets or a lower-case DNS name."""

    service: str
    host: str
    port: int
    path: str = ""
    """HTTP only: path with query, starting with `/`; empty otherwise."""


class TargetError(ValueError):
    """The text is no target; the message is one line for the user and says what to write instead."""


def parse_target(text: str, *, schemes: Mapping[str, int | None], ports: Mapping[int, str]) -> Target:
    """Read a target.

    Args:
        text: what the user typed or pasted; surrounding blanks are ignored.
        schemes: service name to its default port; None where a port must be written (`tcp`).
        ports: well-known port to the service that `host:port` means there.

    Raises:
        TargetError: one clear line. A password in the text is not repeated in it.
    """
    stripped = text.strip()
    if not stripped:
        raise TargetError("the target is empty: write host:port or scheme://host, such as smtp://mx1.example.net")
    if len(stripped) > _MAX_LENGTH:
        raise TargetError(f"the target is longer than {_MAX_LENGTH} characters")
    parts = _SCHEME.fullmatch(stripped)
    rest = parts[2] if parts else stripped
    _refuse_secrets(rest)
    if not is_safe(stripped):
        raise TargetError(f"the target holds blanks or characters that cannot be printed: {safe_text(stripped, 60)}")
    service = _known_scheme(parts[1].lower(), schemes) if parts else None
    authority, slash, path = rest.partition("/")
    host_text, port = _split(authority)
    host = _host(host_text)
    if service is None:
        if port is None:
            raise TargetError(_no_port(authority))
        if slash and path:
            raise TargetError(f"a path needs a scheme: write http://{rest[:60]}")
        return Target(ports.get(port, "tcp"), host, port)
    port = port if port is not None else schemes[service]
    if port is None:
        raise TargetError(f"{service} has no port of its own: write {service}://{authority}:PORT")
    return Target(service, host, port, _path(slash + path, service))


def format_target(target: Target, *, schemes: Mapping[str, int | None]) -> str:
    """The shortest text with a scheme that `parse_target` reads back to the same target."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    port = "" if schemes.get(target.service) == target.port else f":{target.port}"
    return f"{target.service}://{host}{port}{target.path}"


def _refuse_secrets(rest: str) -> None:
    if "@" in rest.split("/", 1)[0]:
        raise TargetError("a target holds no user name or password: write the host alone (logins are not probed)")


def _known_scheme(scheme: str, schemes: Mapping[str, int | None]) -> str:
    if scheme in schemes:
        return scheme
    near = get_close_matches(scheme, schemes, 1)
    hint = f"did you mean {near[0]}://?" if near else "write tcp://host:port for a service of your own"
    raise TargetError(f"no service is called {safe_text(scheme, 32)!r}: {hint}")


def _split(authority: str) -> tuple[str, int | None]:
    """Host text and port of `host`, `host:port`, `[v6]`, `[v6]:port`."""
    if authority.startswith("["):
        literal, bracket, tail = authority[1:].partition("]")
        if not bracket:
            raise TargetError(f"the bracket of the IPv6 address is not closed: {authority[:60]}")
        if tail and not tail.startswith(":"):
            raise TargetError(f"after the bracket only :port may follow: {authority[:60]}")
        try:
            return str(ipaddress.IPv6Address(literal)), _port(tail[1:], authority) if tail else None
        except ipaddress.AddressValueError as error:
            raise TargetError(f"not an IPv6 address: {literal[:60]!r}") from error
    if authority.count(":") > 1:
        raise TargetError(f"an IPv6 address stands in brackets: [{authority[:60]}]:PORT")
    host, colon, port = authority.partition(":")
    return host, _port(port, authority) if colon else None


def _port(text: str, authority: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise TargetError(f"the port is no number: {authority[:60]!r}")
    port = int(text) if len(text) <= 5 else 65536
    if not 1 <= port <= 65535:
        raise TargetError(f"the port must be 1 to 65535: {authority[:60]!r}")
    return port


def _host(text: str) -> str:
    if not text:
        raise TargetError("the host is missing: write host:port or scheme://host")
    if ":" in text:  # an IPv6 literal that _split has already read
        return text
    if _NUMERIC.fullmatch(text):
        try:
            return str(ipaddress.IPv4Address(text))
        except ipaddress.AddressValueError as error:
            raise TargetError(f"not an IPv4 address: {text[:60]!r}") from error
    name = _a_labels(text.rstrip(".") if text.endswith(".") and not text.endswith("..") else text)
    if len(name) > 253:
        raise TargetError("the host name is longer than 253 characters")
    for label in name.split("."):
        if not label:
            raise TargetError(f"the host name has an empty part: {text[:60]!r}")
        if not _LABEL.fullmatch(label):
            raise TargetError(f"not a host name: {text[:60]!r} (letters, digits, hyphens; at most 63 in a part)")
    return name


def _a_labels(text: str) -> str:
    """Lower case, internationalised labels as `xn--…` (IDNA 2003 of the standard library)."""
    if text.isascii():
        return text.lower()
    try:
        return text.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise TargetError(f"not an internationalised host name: {safe_text(text, 60)!r}") from error


def _no_port(authority: str) -> str:
    if authority.isdigit():
        return f"the host is missing: write host:{authority}"
    return f"a port or a scheme is missing: write {authority[:60]}:PORT or https://{authority[:60]}"


def _path(path: str, service: str) -> str:
    if path in {"", "/"}:
        return ""
    if not _PATH.fullmatch(path):
        raise TargetError(f"the path holds characters that must be written as %XX: {safe_text(path, 60)!r}")
    if "#" in path:
        raise TargetError("a path has no #fragment: it never leaves the browser")
    if service == "tcp":
        raise TargetError(f"{service} has no path: leave out {path[:60]!r}")
    return path
