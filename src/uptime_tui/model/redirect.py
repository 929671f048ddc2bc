"""Where an HTTP answer leads, and whether we go there: the policy for targets that a server has chosen. Pure."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urljoin

from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.target import Target, TargetError, format_target, parse_target

MAX_HOPS: Final = 5
FOLLOWED: Final = frozenset({301, 302, 303, 307, 308})
"""RFC 9110 §15.4; 300 and 304 name no one place to go."""
MACHINE: Final = 3
"""The depth of this machine itself."""
_SCHEMES: Final = {"http": 80, "https": 443}
_MAX_LOCATION: Final = 2048
_SCHEME: Final = pattern(r"([A-Za-z][A-Za-z0-9+.-]*):")
_UNSENDABLE: Final = pattern(r"[^\x21-\x7e]")
_NOT_WEB: Final = frozenset(
    {
        7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
        111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
        532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1433, 1719, 1720, 1723, 2049, 3306, 3659, 4045,
        5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 11211, 27017,
    }
)  # fmt: skip
"""Ports where HTTP is an attack in the eyes of who answers there (WHATWG Fetch, "bad port", and databases)."""
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")


class Refused(NamedTuple):
    """We do not go there; `why` is safe text."""

    why: str


class Hop(NamedTuple):
    """One redirect that is followed."""

    target: Target
    same_origin: bool
    """Scheme, host and port stay: the login and the monitor's own headers may go along."""
    keeps_method: bool
    """Method and body stay as they were (RFC 9110 §15.4: 307, 308; or it was a GET or HEAD anyhow)."""
    unsafe: bool
    """From HTTPS to HTTP."""


def url(target: Target) -> str:
    """`https://host/path` for a person."""
    return format_target(target, schemes=_SCHEMES) + ("" if target.path else "/")


def next_hop(here: Target, *, tls: bool, method: str, code: int, location: str, chain: Sequence[str]) -> Hop | Refused:
    """Judge one redirect.

    Args:
        here: what answered; its service is not looked at.
        tls: whether it was spoken to within TLS.
        method: of the request.
        code: of the answer, one of FOLLOWED.
        location: the header as it came, read as latin-1.
        chain: `METHOD url` of every request so far, this one last.
    """
    base = Target("https" if tls else "http", here.host, here.port, here.path)
    if len(location) > _MAX_LOCATION:
        return Refused(f"a Location of more than {_MAX_LOCATION} characters")
    shown = safe_text(location, 120)
    scheme = _SCHEME.match(location.strip())
    if scheme and scheme[1].lower() not in _SCHEMES:
        return Refused(f"'{shown}' is neither http nor https")
    try:
        joined = urljoin(url(base), _UNSENDABLE.sub(_percent, location.strip())).partition("#")[0]
        target = parse_target(joined, schemes=_SCHEMES, ports={})
    except (TargetError, ValueError):
        return Refused(f"'{shown}' is no address to go to")
    if target.port in _NOT_WEB:
        return Refused(f"'{shown}' leads to port {target.port}, where no web server is")
    same = (base.service, base.host, base.port) == (target.service, target.host, target.port)
    keeps = method in {"GET", "HEAD"} or code in {307, 308}
    if not (keeps or code == 303 or method == "POST"):
        keeps = True  # only a POST turns into a GET by 301 and 302 (WHATWG Fetch, "HTTP-redirect fetch")
    if method not in {"GET", "HEAD"} and keeps and not same:
        return Refused(f"'{shown}' is another server, to which a {method} is not repeated")
    if f"{method if keeps else 'GET'} {url(target)}" in chain:
        return Refused(f"the redirects go in a circle, back to {safe_text(url(target), 120)}")
    if len(chain) > MAX_HOPS:
        return Refused(f"more than {MAX_HOPS} redirects, the next to {shown}")
    return Hop(target, same, keeps, base.service == "https" and target.service == "http")


def _percent(match: re.Match[str]) -> str:
    # a header is bytes, read as latin-1: what is not ASCII is sent back as the same bytes
    return "".join(f"%{byte:02X}" for byte in match[0].encode("latin-1", "replace"))


def depth(address: str) -> int:
    """How far inside an address lies: 0 the internet, 1 private or reserved, 2 link-local, 3 this machine."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return MACHINE
    if isinstance(known, ipaddress.IPv6Address):
        inner = known.ipv4_mapped or known.sixtofour or (known.teredo[1] if known.teredo else None)
        if inner is None and known in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)
        if inner is not None:
            return depth(str(inner))
    if known.is_loopback or known.is_unspecified:
        return MACHINE
    if known.is_link_local:
        return 2
    return 0 if known.is_global and not known.is_multicast else 1


def leads_inside(sender: str, address: str) -> bool:
    """Whether an address lies further inside than the server that sent us there: it could not go there itself."""
    return depth(address) > depth(sender)
