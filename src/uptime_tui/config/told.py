"""What is said of a key of a monitor, wherever it is shown: the form, the reference."""

from typing import Literal

import msgspec

Only = Literal["", "http", "tls", "starttls", "login", "password", "token", "key", "mail"]
"""Which services have a key: all, or those with HTTP, TLS, STARTTLS, a login, one by password, HTTP, private key, or
those of mail."""


def told(label: str, meaning: str, hint: str = "", *, only: Only = "", joint: str = " | ") -> msgspec.Meta:
    """What is said of a key wherever it is shown: the form, the reference.

    Args:
        label: beside the field of the form, at most 14 characters; a key without one is not in the form.
        meaning: one or two sentences.
        hint: in the empty field.
        only: the services that have it.
        joint: what stands between the items of a list in the form.
    """
    return msgspec.Meta(title=label, description=meaning, examples=[hint], extra={"only": only, "joint": joint})
