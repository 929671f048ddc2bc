"""The part of a name that somebody has registered, as far as names tell without a list of public suffixes. Pure."""

import ipaddress
from collections.abc import Sequence
from typing import Final

_REGISTRIES: Final = frozenset({"ac", "co", "com", "edu", "gob", "gov", "go", "ne", "net", "nom", "or", "org"})
"""Second level under which a country registers, as in `co.uk`."""


def registers(zone: Sequence[str]) -> bool:
    """Whether domains are registered right below a zone; a guess where a country has a second level.

    Args:
        zone: its labels in lower case, without the root's.
    """
    return len(zone) == 1 or (len(zone) == 2 and len(zone[1]) == 2 and zone[0] in _REGISTRIES)


def registered(host: str) -> str:
    """What a registry knows of a name: `example.co.uk` of `www.example.co.uk`; empty of an address or one label."""
    labels = host.lower().rstrip(".").split(".")
    depth = 3 if registers(labels[-2:]) else 2
    return "" if len(labels) < depth or _is_address(host) else ".".join(labels[-depth:])


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
