"""TARGET grammar: `scheme://host[:port][/path]` or `host:port`; parse, print, round trip.

A scheme is a service's name in the catalogue. `host:port` on a well-known port means that service (a bare
connect to some of them harms the server), on any other port plain `tcp`. IPv6 literals stand in brackets
(RFC 3986 §3.2.2); internationalised names are kept as their A-labels (RFC 5891).
"""

import ipaddress
import re
import sys
from collections.abc import Container, Mapping
from typing import Final

import msgspec

from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import is_safe, safe_text

_SCHEME: Final = pattern(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_SLASHES: Final = pattern(r"([A-Za-z][A-Za-z0-9+.-]*)(?::?[/\\]{1,2})([^/\\].*)")
_AUTHORITY: Final = pattern(r"[^/?#]*")
_PLACE: Final = pattern(r"[^:\[\]]*(:[0-9]*)?|\[[^\[\]]*\](:[0-9]*)?")
_LABEL: Final = pattern(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC: Final = pattern(r"[0-9]+|0x[0-9a-f]*")
"""A last label that makes the whole an address to every resolver (WHATWG URL, "ends in a number")."""
_ZONE: Final = pattern(r"[A-Za-z0-9._-]{1,15}")
_HEX: Final = pattern(r"[0-9A-Fa-f:.]+(%.*)?")
_DEVIATIONS: Final = pattern("[\u00df\u1e9e\u03c2]")
"""Sharp s and final sigma: IDNA 2003 and 2008 make two different names of one (RFC 5894 §7.2)."""
_PATH: Final = pattern(r"/[!\"$-~]*")
_MAX_LENGTH: Final = 2048
_ALSO: Final = {"mariadb": "mysql", "pg": "postgresql", "sqlserver": "mssql"}
"""What others call a service, in no way alike: a bare connect, the other advice, would do harm to the first."""


class Target(msgspec.Struct, frozen=True, order=True, omit_defaults=True, gc=False):
    """Where a monitor points to. `host` is an IP literal without brackets or a lower-case DNS name."""

    service: str
    host: str
    port: int
    path: str = ""
    """HTTP only: path with query, starting with `/`; empty otherwise."""


class TargetError(ValueError):
    """The text is no target; the message is one line for the user and says what to write instead."""


def parse_target(
    text: str,
    *,
    schemes: Mapping[str, int | None],
    ports: Mapping[int, str],
    with_path: Container[str] | None = None,
) -> Target:
    """Read a target.

    Args:
        text: what the user typed or pasted; surrounding blanks are ignored.
        schemes: service name to its default port; None where a port must be written (`tcp`).
        ports: well-known port to the service that `host:port` means there.
        with_path: services that HTTP is spoken to; None lets every service have a path.

    Raises:
        TargetError: one clear line. A password in the text is not repeated in it.
    """
    stripped = text.strip()
    if not stripped:
        raise TargetError("the target is empty: write host:port or scheme://host, such as smtp://mx1.example.net")
    if len(stripped) > _MAX_LENGTH:
        raise TargetError(f"the target is longer than {_MAX_LENGTH} characters: write host:port or scheme://host")
    parts = _SCHEME.fullmatch(stripped)
    rest = parts[2] if parts else stripped
    scheme = parts[1].lower() if parts else ""
    if "@" in rest and not (_may_have_path(scheme, schemes, with_path) and _is_in_path(rest)):
        raise TargetError("a target holds no user name or password: write the host alone, a login has its own keys")
    if len(stripped.split()) > 1 or not is_safe(stripped):
        shown = safe_text(stripped, 60)
        raise TargetError(
            f"a target holds no blanks and nothing that cannot be printed: write host:port, not {shown!r}"
        )
    if not scheme:
        return _without_scheme(rest, schemes, ports)
    service = _known_scheme(scheme, schemes)
    authority = _authority(rest)
    host_text, port = _split(authority)
    host = parse_host(host_text)
    path = _path(rest[len(authority) :])
    if path and not _may_have_path(service, schemes, with_path):
        raise TargetError(f"{service} has no path: leave out {path[:60]!r}")
    port = port if port is not None else schemes[service]
    if port is None:
        raise TargetError(f"{service} has no port of its own: write {service}://{authority[:60]}:PORT")
    return Target(service, host, port, path)


def _without_scheme(text: str, schemes: Mapping[str, int | None], ports: Mapping[int, str]) -> Target:
    """`host:port`, where the port tells the service."""
    if "://" in text:
        raise TargetError(f"not a scheme: write https://host or tcp://host:port, not {text[:60]!r}")
    slashes = _SLASHES.fullmatch(text)
    if slashes and slashes[1].lower() in schemes:
        raise TargetError(f"mistyped ://: write {slashes[1].lower()}://{slashes[2][:60]}")
    authority = _authority(text)
    host_text, colon, port_text = authority.partition(":")
    if colon and host_text.lower() in schemes and port_text and not port_text.isdigit() and ":" not in port_text:
        raise TargetError(f"two slashes are missing: write {host_text.lower()}://{port_text[:60]}")
    host_text, port = _split(authority)
    if port is None:
        raise TargetError(_no_port(authority))
    host = parse_host(host_text)
    if text[len(authority) :] not in {"", "/"}:
        raise TargetError(f"a path needs a scheme: write http://{text[:60]}")
    return Target(ports.get(port, "tcp"), host, port)


def place(target: Target) -> str:
    """`host:port`, brackets around an IPv6 literal."""
    return f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"


def format_target(target: Target, *, schemes: Mapping[str, int | None]) -> str:
    """The shortest text with a scheme that `parse_target` reads back to the same target."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    port = "" if schemes.get(target.service) == target.port else f":{target.port}"
    return f"{target.service}://{host}{port}{target.path}"


def _may_have_path(service: str, schemes: Container[str], with_path: Container[str] | None) -> bool:
    return service in (schemes if with_path is None else with_path)


def _is_in_path(rest: str) -> bool:
    """Whether the `@` certainly stands in a path; else it may end a password, which may hold any character."""
    authority = _authority(rest)
    path = rest[len(authority) :]
    return bool("@" not in authority and _PLACE.fullmatch(authority) and _PATH.fullmatch(path.replace("?", "/", 1)))


def _authority(rest: str) -> str:
    """Host and port: all before the first `/`, `?` or `#` (RFC 3986 §3.2)."""
    found = _AUTHORITY.match(rest)
    assert found is not None
    return found[0]


def _known_scheme(scheme: str, schemes: Mapping[str, int | None]) -> str:
    if scheme in schemes:
        return sys.intern(scheme)  # thousands of targets share it
    from difflib import get_close_matches

    near = [_ALSO[scheme]] if scheme in _ALSO else get_close_matches(scheme, schemes, 1)
    hint = f"did you mean {near[0]}://?" if near else "write tcp://host:port for a service of your own"
    raise TargetError(f"no service is called {safe_text(scheme, 32)!r}: {hint}")


def _split(authority: str) -> tuple[str, int | None]:
    """Host text and port of `host`, `host:port`, `[v6]`, `[v6]:port`."""
    if authority.startswith("["):
        literal, bracket, tail = authority[1:].partition("]")
        if not bracket:
            raise TargetError(
                f"the bracket of the IPv6 address is not closed: write [ADDRESS]:PORT, not {authority[:60]}"
            )
        if tail and not tail.startswith(":"):
            raise TargetError(f"after the bracket only :port may follow: write [ADDRESS]:PORT, not {authority[:60]}")
        return _v6(literal), _port(tail[1:], authority) if tail else None
    if authority.count(":") > 1 and "::" not in authority and not _HEX.fullmatch(authority):
        raise TargetError(f"more than one port: write host:port, not {authority[:60]!r}")
    if authority.count(":") > 1:
        raise TargetError(f"an IPv6 address stands in brackets: write [{authority[:60]}]:PORT")
    host, colon, port = authority.partition(":")
    return host, _port(port, authority) if colon else None


def _v6(literal: str) -> str:
    address, percent, zone = literal.partition("%")
    zone = zone.removeprefix("25")  # RFC 6874 writes %25, people and tools write %
    try:
        parsed = ipaddress.IPv6Address(address)
    except ipaddress.AddressValueError as error:
        raise TargetError(f"not an IPv6 address: write it as [2001:db8::1], not {literal[:60]!r}") from error
    if percent and not _ZONE.fullmatch(zone):
        raise TargetError(f"not an interface: write it as [fe80::1%eth0], not {literal[:60]!r}")
    if parsed.is_link_local and not percent:
        raise TargetError(f"a link-local address needs its interface: write [{parsed}%eth0], with yours for eth0")
    return f"{parsed}%{zone}" if percent else str(parsed)


def _port(text: str, authority: str) -> int:
    if not text:
        raise TargetError(f"the port is missing: write {authority[:60]}PORT")
    if not (text.isascii() and text.isdigit()):
        raise TargetError(f"the port is no number: write host:443, not {authority[:60]!r}")
    port = int(text) if len(text) <= 5 else 65536
    if not 1 <= port <= 65535:
        raise TargetError(f"the port must be 1 to 65535, not {text[:20]}")
    return port


def parse_host(text: str) -> str:
    """A host's name in lower-case A-labels, without the final dot; an address as it is.

    Raises:
        TargetError: it is none; its text says what to write.
    """
    if not text:
        raise TargetError("the host is missing: write host:port or scheme://host")
    if ":" in text:  # an IPv6 literal that _split has already read
        return text
    name = _a_labels(text).removesuffix(".")
    if not name:
        raise TargetError("the host is only a dot: write host:port or scheme://host")
    if len(name) > 253:
        raise TargetError("the host name is longer than 253 characters: no name can be")
    labels = name.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ipaddress.AddressValueError as error:
            raise TargetError(f"not an IPv4 address: write four numbers from 0 to 255, not {text[:60]!r}") from error
    for label in labels:
        if not label:
            raise TargetError(f"the host name has an empty part: write one dot between parts, not {text[:60]!r}")
        if not _LABEL.fullmatch(label):
            raise TargetError(
                f"not a host name: write letters, digits and hyphens, at most 63 in a part, not {text[:60]!r}"
            )
    return name


def _a_labels(text: str) -> str:
    """Lower case, internationalised labels as `xn--…` (IDNA 2003 of the standard library)."""
    if text.isascii():
        return text.lower()
    if odd := _DEVIATIONS.search(text):
        raise TargetError(f"{odd[0]} means two different names in two standards: write the part that holds it as xn--…")
    try:
        return text.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        shown = safe_text(text, 60)
        raise TargetError(f"not an internationalised host name: write it as xn--…, not {shown!r}") from error


def _no_port(authority: str) -> str:
    if authority.isdigit():
        return f"the host is missing: write host:{authority[:60]}"
    if not authority:
        return "the host is missing: write host:port or scheme://host"
    return f"a port or a scheme is missing: write {authority[:60]}:PORT or https://{authority[:60]}"


def _path(path: str) -> str:
    if path in {"", "/"}:
        return ""
    if "#" in path:
        raise TargetError("a path has no #fragment, which never leaves the browser: leave it out")
    if not _PATH.fullmatch(path.replace("?", "/", 1)):
        raise TargetError(f"the path holds characters that must be written as %XX: {safe_text(path, 60)!r}")
    return path if path.startswith("/") else f"/{path}"
