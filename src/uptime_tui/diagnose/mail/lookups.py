"""What the audit of a mail domain asks the system's resolver, each once, within a bound of its own."""

from typing import Any, Final, NamedTuple

import dns.flags

from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence
from uptime_tui.resolve.inquiry import Inquiry
from uptime_tui.resolve.reading import addresses, chain, records, show, text_of

MAX_QUERIES: Final = 80
MAX_S: Final = 10.0
PATIENCE_S: Final = 3.0
"""For one question: a resolver has to ask several servers for a name it does not know."""
_ANSWERED: Final = frozenset({"NOERROR", "NXDOMAIN"})


class Found(NamedTuple):
    """The answer to one question."""

    records: tuple[Any, ...]
    known: bool
    """False: no answer came, or the bound was reached; then an empty answer says nothing."""
    exists: bool
    """Whether the name is there at all."""
    authentic: bool
    """The resolver has validated it (AD)."""
    alias: str = ""
    """What the name is an alias of; empty without one."""


class Lookups:
    """The audit's view of the DNS. Names are A-labels; none of its methods raises."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry

    async def of(self, name: str, kind: str) -> Found:
        """Records of that type at the name, aliases followed; asked a second time over TCP when no answer came."""
        heard = await self._inquiry.recursive(name, kind)
        if heard.rcode == "TIMEOUT":
            heard = await self._inquiry.over_tcp(name, kind, heard.server)
        if heard.message is None or heard.rcode not in _ANSWERED:
            return Found((), known=False, exists=True, authentic=False)
        steps = chain(heard.message, name)
        return Found(
            records(heard.message, name, kind),
            known=True,
            exists=heard.rcode == "NOERROR",
            authentic=bool(heard.message.flags & dns.flags.AD),
            alias=show(steps[-1]) if len(steps) > 1 else "",
        )

    async def addresses(self, name: str) -> tuple[str, ...]:
        """A and AAAA; empty where there is none or no answer."""
        found: list[str] = []
        for kind in ("A", "AAAA"):
            heard = await self._inquiry.recursive(name, kind)
            found.extend(each for each in addresses(heard.message, name) if each not in found)
        return tuple(found)

    async def texts(self, name: str, begin: str) -> tuple[tuple[str, ...], bool]:
        """TXT records that begin so, whatever the case, and whether an answer came."""
        found = await self.of(name, "TXT")
        texts = (text_of(rdata) for rdata in found.records)
        return tuple(text for text in texts if text.lower().startswith(begin.lower())), found.known


def unknown(id_: str, what: str) -> Evidence:
    """The line for a question without an answer: it speaks neither for nor against."""
    return Evidence(id_, Phase.DNS, None, f"{what} could not be looked up")


def tags_of(text: str) -> dict[str, str]:
    """`v=DMARC1; p=none` as names and values (RFC 7489 §6.4, RFC 6376 §3.2): names in lower case, the first counts."""
    found: dict[str, str] = {}
    for part in text.split(";")[:64]:
        name, equals, value = part.partition("=")
        if equals and name.strip():
            found.setdefault(name.strip().lower(), value.strip())
    return found
