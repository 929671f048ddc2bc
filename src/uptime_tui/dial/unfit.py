"""Why OpenSSL refuses a chain where it is no matter of trust, in words of our own (x509_vfy.h, X509_V_ERR_*)."""

from typing import Final

from uptime_tui.model.safetext import safe_text

_WHY: Final = {
    7: "a signature in the chain is wrong: a certificate was replaced by another one of the same name",
    24: "a certificate of the chain that signed another one is no authority's (CA:TRUE is missing)",
    25: "the chain is longer than one of its authorities allows (path length)",
    26: "the certificate is not made for servers (extended key usage without serverAuth)",
    34: "a certificate of the chain has a critical extension that OpenSSL does not know",
    47: "an authority of the chain may not issue for this name (name constraints)",
    48: "an authority of the chain may not issue for this name (name constraints)",
    66: "the key of the certificate ({key}) is too weak",
    67: "the key of an authority of the chain is too weak",
    68: "a certificate of the chain is signed with a digest that is too weak (SHA-1 or MD5)",
    79: "a certificate of the chain that signed another one is no authority's (CA:TRUE is missing)",
}


def unfit(code: int, message: str, key: str) -> str:
    """What is wrong with the chain.

    Args:
        code: OpenSSL's verify code, one that is neither about trust nor about time; 0 where we looked ourselves.
        message: its words.
        key: of the leaf: `RSA 1024`.
    """
    if not code:
        return "the chain cannot be followed: its certificates did not sign one another as they say, or cannot be read"
    known = _WHY.get(code)
    return known.format(key=key) if known else safe_text(f"OpenSSL refuses the chain: {message or f'code {code}'}")
