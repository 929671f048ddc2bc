"""TARGET grammar: `scheme://host[:port][/path]` or `host:port`; parse, print, round trip.

A scheme is a service's name in the catalogue. `host:port` on a well-known port means that service (a bare
connect to some of them harms the server), on any other port plain `tcp`. IPv6 literals stand in brackets
(RFC 3986 §3.2.2); internationalised names are kept as their A-labels (RFC 5891).
"""

from collections.abc import Mapping

import msgspec


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
        TargetError: one clear line.
    """
    raise NotImplementedError


def format_target(target: Target, *, schemes: Mapping[str, int | None]) -> str:
    """The shortest text that `parse_target` reads back to the same target."""
    raise NotImplementedError
