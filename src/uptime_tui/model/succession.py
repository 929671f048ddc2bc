"""When a server shows another certificate than before: whether that looks like a renewal, or like something else."""

from enum import StrEnum
from typing import Final

import msgspec

from uptime_tui.model.certificate import Certificate, date_text
from uptime_tui.model.failure import Failure

LATELY: Final = 8
"""Different certificates of one server that are remembered."""
_DOUBTED: Final = frozenset({Failure.TLS_SELF_SIGNED, Failure.TLS_UNTRUSTED})


class Succession(StrEnum):
    """How one certificate follows another."""

    RENEWED = "renewed"
    CHANGED = "changed"


class Shown(msgspec.Struct, frozen=True):
    """What one server has shown: the newest certificate, and which ones lately.

    Servers behind one name may each have their own: a certificate that was seen lately is no news.
    """

    place: str
    """Whose it is; another target's certificate says nothing."""
    newest: Certificate
    lately: tuple[str, ...]
    """SHA-256 of the last different ones, newest first, the present one among them."""

    def followed_by(self, certificate: Certificate) -> "Shown":
        """The same after a probe that saw this certificate."""
        known = certificate.sha256 in self.lately
        lately = self.lately if known else (certificate.sha256, *self.lately)[:LATELY]
        return Shown(self.place, certificate, lately)


def judge_succession(before: Certificate, after: Certificate) -> Succession:
    """A renewal is for the same names, by the same issuer, with the same kind of key, and trusted as before.

    Issuers are compared by their organisation where they name one: an authority signs with several certificates in
    turn. A certificate that signs itself, or that is not trusted, is a renewal only with the very same key: its
    issuer is nothing but a word that anybody can write.
    """
    if set(before.names) != set(after.names):
        return Succession.CHANGED
    if before.key_id and before.key_id == after.key_id:
        return Succession.RENEWED
    vouched = after.issuer != after.subject and not _DOUBTED.intersection(after.problems)
    same = _organisation(before.issuer) == _organisation(after.issuer) and before.key == after.key
    return Succession.RENEWED if vouched and same else Succession.CHANGED


def tell_succession(before: Certificate, after: Certificate) -> str:
    """What is different, in a line."""
    if judge_succession(before, after) is Succession.RENEWED:
        return f"certificate renewed until {date_text(after.not_after)} (was {date_text(before.not_after)})"
    said = [
        f"{word} {new or 'none'} instead of {old or 'none'}"
        for word, old, new in (
            ("issuer", before.issuer, after.issuer),
            ("names", _some(before.names), _some(after.names)),
            ("key", before.key, after.key),
        )
        if old != new
    ]
    return f"another certificate: {'; '.join(said) or 'a new key'}"


def _organisation(name: str) -> str:
    """The last part of a name as `dial.chain` writes it: common name, organisation."""
    return name.rpartition(", ")[2]


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
