"""DKIM (RFC 6376): the keys of the selectors that the user has named; else a few that are often used, as a guess."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Sequence
from typing import Final

from uptime_tui.diagnose.mail.lookups import Lookups, tags_of
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence

FACTS: Final = {
    "dkim": "a selector has a key",
    "dkim_missing": "a selector that was named has no key",
    "dkim_revoked": "a selector's key was revoked",
    "dkim_several": "a selector has several records: which one is taken is left to chance",
    "dkim_weak": "a selector's key is too short",
    "dkim_broken": "a selector's key cannot be read",
    "dkim_unknown": "no selector is known, and no usual one was found",
    "dkim_none": "there is no selector at all",
}
GUESSES: Final = ("default", "mail", "dkim", "s1", "s2", "k1", "selector1", "selector2", "google", "smtp", "20230601")
MIN_BITS: Final = 1024
"""RFC 8301 §3.2: shorter RSA keys must not be used; 2048 are recommended."""
GOOD_BITS: Final = 2048


async def audit(domain: str, selectors: Sequence[str], look: Lookups) -> AsyncIterator[Evidence]:
    """Facts about each selector; selectors cannot be listed."""
    if not selectors:
        root = await look.of(f"_domainkey.{domain}", "TXT")
        if root.known and not root.exists:
            text = f"_domainkey.{domain} does not exist: no selector has a key, if its servers answer as RFC 8020 says"
            yield Evidence("dkim_none", Phase.DNS, ok=None, text=text)
            return
    wanted = tuple(selectors)[:16] or GUESSES
    found = await asyncio.gather(*(look.of(f"{each}._domainkey.{domain}", "TXT") for each in wanted))
    seen = False
    for selector, answer in zip(wanted, found, strict=True):
        texts = [b"".join(record.strings)[:4096].decode("ascii", "replace") for record in answer.records]
        keys = [each for each in texts if "p" in tags_of(each)] or texts
        if len(texts) > 1:
            text = f"{selector}._domainkey.{domain} has {len(texts)} TXT records; one is allowed (RFC 6376 §3.6.2.2)"
            yield Evidence("dkim_several", Phase.DNS, ok=False, text=text)
        if keys:
            seen = True
            yield judge(selector, keys[0], guessed=not selectors)
        elif selectors:
            way = f", an alias of {answer.alias}" if answer.alias else ""
            text = f"selector {selector} has no key: no TXT at {selector}._domainkey.{domain}{way}"
            yield Evidence("dkim_missing", Phase.DNS, ok=False if answer.known else None, text=text)
    if not seen and not selectors:
        text = f"no selector of {domain} is known and no usual one has a key: write dkim_selectors in config.toml"
        yield Evidence("dkim_unknown", Phase.DNS, ok=None, text=text)


def judge(selector: str, text: str, *, guessed: bool) -> Evidence:
    """What one key record says. Pure.

    Args:
        selector: its name.
        text: of the TXT record, as it came.
        guessed: nobody named the selector.
    """
    who = f"selector {selector}{' (a guess)' if guessed else ''}"
    tags = tags_of(text)
    if "p" not in tags:
        return Evidence("dkim_broken", Phase.DNS, ok=False, text=f"{who}: its record has no key (p=)")
    data = "".join(tags["p"].split())
    if not data:
        return Evidence("dkim_revoked", Phase.DNS, ok=None, text=f"{who}: the key was revoked (p= is empty)")
    kind = "ed25519" if tags.get("k", "rsa").lower() == "ed25519" else "RSA"
    try:
        bits = _bits(kind, base64.b64decode(data, validate=True))
    except (ValueError, binascii.Error):
        return Evidence("dkim_broken", Phase.DNS, ok=False, text=f"{who}: its {kind} key cannot be read")
    if kind == "RSA" and bits < GOOD_BITS:
        short = bits < MIN_BITS
        word = "is not accepted any more (RFC 8301)" if short else "is short; 2048 bits are recommended"
        return Evidence(
            "dkim_weak", Phase.DNS, ok=False if short else None, text=f"{who}: an RSA key of {bits} bits {word}"
        )
    testing = ", in test mode (t=y)" if "y" in tags.get("t", "").lower().split(":") else ""
    return Evidence("dkim", Phase.DNS, ok=True, text=f"{who}: {kind} key of {bits} bits{testing}")


def _bits(kind: str, data: bytes) -> int:
    """Length of a key.

    Raises:
        ValueError: it is none.
    """
    if kind == "ed25519":
        if len(data) != 32:
            raise ValueError("an Ed25519 key has 32 bytes")
        return 256
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(data)
    except UnsupportedAlgorithm as why:
        raise ValueError("not a key that can be read") from why
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not RSA")  # noqa: TRY004 - what was sent is wrong, not a type of ours
    return key.key_size
