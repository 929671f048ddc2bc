"""The filter language of the dashboard and of `list`: words and `key:value` terms, all of which must hold.

`word` is looked for in name, target, purpose and tags, ignoring case; `!` before a term negates it.
`state:down,degraded`, `cat:email`, `tag:prod`, `svc:smtp`, `host:mx1`, `why:refused`, `cert<14` (days left),
`lat>200` (milliseconds). A value may end in `*`.
"""

from collections.abc import Callable
from typing import NamedTuple


class Subject(NamedTuple):
    """What a filter looks at."""

    name: str
    target: str
    host: str
    service: str
    category: str
    status: str
    suspected: bool
    failure: str
    purpose: str
    tags: tuple[str, ...]
    latency_ms: float | None
    cert_days: float | None


class Filter(NamedTuple):
    """A parsed filter: `matches(subject)`; `text` is what the user typed, `problem` names a term that makes no sense."""

    text: str
    matches: Callable[[Subject], bool]
    problem: str = ""


def parse_filter(text: str) -> Filter:
    """Read a filter. Never raises: an unfinished term (`cert<`) is ignored and named in `problem`."""
    raise NotImplementedError
