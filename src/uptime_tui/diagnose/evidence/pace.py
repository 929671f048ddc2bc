"""Which part of a slow probe took the time, and whether that is new."""

import statistics
from collections.abc import AsyncIterator
from typing import Final

from uptime_tui.diagnose.case import Case, Means
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence

QUESTION: Final = "Which part of the probe took the time?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "slow_dns": "most of the time went into the lookup of the name",
    "slow_connect": "most of the time went into the connection",
    "slow_tls": "most of the time went into the TLS handshake",
    "slow_answer": "most of the time went into the service's answer",
    "slower_than_usual": "it takes at least twice as long as before",
    "slow_as_usual": "it has always taken about as long",
}
_ENOUGH: Final = 5
_WORDS: Final = {"dns": "name lookup", "connect": "connection", "tls": "TLS handshake", "answer": "service's answer"}


def wants(case: Case) -> bool:
    """A success that took too long."""
    return case.result.failure in {Failure.TOO_SLOW, Failure.PACKET_LOSS}


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:  # noqa: ARG001 - one signature for all
    """From the probe's own times."""
    timings = case.result.timings
    parts = {"dns": timings.dns, "connect": timings.connect, "tls": timings.tls, "answer": timings.protocol}
    known = {name: ms for name, ms in parts.items() if ms}
    total = timings.total or sum(known.values())
    if known:
        name = max(known, key=known.__getitem__)
        if known[name] > total / 2:
            text = f"{known[name]:.0f} of {total:.0f} ms went into the {_WORDS[name]}"
            yield Evidence(f"slow_{name}", Phase.CONTENT, None, text)
    earlier = [past.total_ms for past in case.past if past.failure is None and past.total_ms is not None]
    if len(earlier) >= _ENOUGH and total:
        usual = statistics.median(earlier)
        id_ = "slower_than_usual" if total > 2 * usual else "slow_as_usual"
        yield Evidence(id_, Phase.CONTENT, None, f"{total:.0f} ms now, usually {usual:.0f} ms")
