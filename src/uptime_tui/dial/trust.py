"""TLS contexts: one for each way to trust, made at first use, made anew when its file of trust anchors changes."""

import os
import ssl
import warnings
from typing import Final, NamedTuple

from uptime_tui.model.errors import UserError

_VERSIONS: Final = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_OLD: Final = frozenset({"1.0", "1.1"})

Stamp = tuple[int, int, int]
"""Time of the last change, size, file number."""


class Trust(NamedTuple):
    """What is trusted, and what is the least that is spoken."""

    verify: bool
    ca_file: str | None = None
    """Trust anchors, a PEM file."""
    alone: bool = False
    """They replace the system's anchors; False: they stand beside them."""
    least: str = "1.2"
    """Oldest TLS version: `1.0` to `1.3`."""
    old: bool = False
    """Nothing newer than TLS 1.2."""


_contexts: dict[Trust, tuple[Stamp | None, ssl.SSLContext]] = {}


def context_for(
    *, verify: bool, ca_file: str | None, alone: bool = False, least: str = "1.2", old: bool = False
) -> ssl.SSLContext:
    """The one context of a trust setting; reading the system's anchors takes 25 ms, so that it is kept.

    Args:
        verify: whether OpenSSL refuses a chain that it does not trust.
        ca_file: trust anchors, a PEM file; read again when it was changed.
        alone: nothing but these is trusted.
        least: oldest TLS version that is accepted.
        old: nothing newer than TLS 1.2 is spoken.

    Raises:
        UserError: the file with trust anchors cannot be used.
    """
    trust = Trust(verify, ca_file, alone and ca_file is not None, least, old)
    now = stamp(ca_file)
    kept = _contexts.get(trust)
    if kept is None or kept[0] != now:
        kept = _contexts[trust] = now, _made(trust)
    return kept[1]


def stamp(ca_file: str | None) -> Stamp | None:
    """Tells one content of the file from another; None without a file.

    Raises:
        UserError: it is not there.
    """
    if ca_file is None:
        return None
    try:
        info = os.stat(ca_file)  # noqa: PTH116 - at every probe, and a Path costs more than the question
    except OSError as why:
        raise _unusable(ca_file, why) from why
    return info.st_mtime_ns, info.st_size, info.st_ino


def _made(trust: Trust) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the user asks for an old version by name
        # said on purpose: some systems' OpenSSL would try less, and fail obscurely
        context.minimum_version = _VERSIONS[trust.least]
    if trust.old:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if trust.least in _OLD:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # the hashes of these versions are below OpenSSL's level 1
    context.verify_mode = ssl.CERT_REQUIRED if trust.verify else ssl.CERT_NONE
    if not trust.alone:
        context.load_default_certs()
    if trust.ca_file is not None:
        try:
            context.load_verify_locations(cafile=trust.ca_file)
        except OSError as why:  # ssl.SSLError is one of them
            raise _unusable(trust.ca_file, why) from why
    return context


def _unusable(ca_file: str, why: OSError) -> UserError:
    reason = why.strerror or "it holds no PEM certificate"
    return UserError(
        f"trust anchors cannot be read: {reason}", where=ca_file, todo="name a PEM file of CA certificates"
    )
