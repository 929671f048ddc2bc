"""Which phase took the time, and whether that is new."""

from collections.abc import AsyncIterator, Iterator
from statistics import median
from typing import Final

from uptime_tui.diagnose.case import Case, Means
from uptime_tui.diagnose.relations import same_host
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence, Timings
from uptime_tui.model.safetext import safe_text

QUESTION: Final = "Which phase took the time?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "phase_dns": "the look-up of the name took most of the time",
    "phase_connect": "the connect took most of the time",
    "phase_tls": "the TLS handshake took most of the time",
    "phase_service": "the wait for the service's own words took most of the time",
    "phase_content": "the body of the answer took most of the time",
    "phase_all": "no phase stands out: all are slow",
    "pace_usual": "it is always about this slow",
    "pace_sudden": "it is much slower than usual",
    "pace_creeping": "it has become slower step by step",
    "pace_next_door": "other services of the same host are too slow as well",
    "pace_greeting": "its first words took long at the last good probe already",
}

_WANTED: Final = frozenset({Failure.TOO_SLOW, Failure.NO_GREETING, Failure.TIMEOUT})
_NAMES: Final = {
    "dns": (Phase.DNS, "the look-up of the name"),
    "connect": (Phase.CONNECT, "the connect"),
    "tls": (Phase.TLS, "the TLS handshake"),
    "service": (Phase.PROTOCOL, "the service itself"),
    "content": (Phase.CONTENT, "the body of the answer"),
}
_MOST: Final = 0.6
_FEW: Final = 10
_SLOW_GREETING_MS: Final = 1500.0


def wants(case: Case) -> bool:
    """Something took long after the connection stood, or the whole did."""
    return case.result.failure in _WANTED and case.result.phase is not Phase.CONNECT


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:  # noqa: ARG001 - it sends nothing
    """What can be read from what is known already."""
    for fact in facts(case):
        yield fact


def facts(case: Case) -> Iterator[Evidence]:
    """The same, at once."""
    before = None if case.last_good is None else case.last_good.timings
    if case.result.failure is Failure.TOO_SLOW:
        yield _longest(case.result.timings, before)
        yield from _pace(case)
        slow = [each for each in same_host(case) if each.failure is Failure.TOO_SLOW]
        if slow:
            names = ", ".join(safe_text(each.monitor.name, 40) for each in slow[:3])
            text = f"{names} on the same host: too slow as well"
            yield Evidence("pace_next_door", Phase.CONTENT, ok=False, text=text)
    elif before is not None and (before.protocol or 0.0) > _SLOW_GREETING_MS:
        text = f"at the last good probe the service took {_ms(before.protocol or 0.0)} until it had answered"
        yield Evidence("pace_greeting", Phase.PROTOCOL, ok=False, text=text)


def _longest(now: Timings, before: Timings | None) -> Evidence:
    """The phase with most of what is more than before; of the whole, where there is no before."""
    took = _phases(now)
    usual = {} if before is None else _phases(before)
    more = {name: max(0.0, ms - usual.get(name, 0.0)) for name, ms in took.items()}
    name = max(more, key=lambda each: more[each], default="")
    if not name or more[name] < _MOST * sum(more.values()):
        shares = ", ".join(f"{_NAMES[each][1]} {_ms(ms)}" for each, ms in took.items())
        return Evidence("phase_all", Phase.CONTENT, ok=False, text=f"no phase stands out: {shares}")
    phase, who = _NAMES[name]
    was = f", {_ms(usual[name])} at the last good probe" if name in usual else ""
    return Evidence(
        f"phase_{name}", phase, ok=False, text=f"{who} took {_ms(took[name])} of {_ms(sum(took.values()))}{was}"
    )


def _phases(timings: Timings) -> dict[str, float]:
    content = timings.content or 0.0
    parts = {
        "dns": timings.dns,
        "connect": timings.connect,
        "tls": timings.tls,
        "service": None if timings.protocol is None else max(0.0, timings.protocol - content),
        "content": timings.content,
    }
    return {name: ms for name, ms in parts.items() if ms is not None}


def _pace(case: Case) -> Iterator[Evidence]:
    """This probe beside those before it."""
    answered = (None, Failure.TOO_SLOW)
    times = [each.total_ms for each in case.past if each.total_ms is not None and each.failure in answered]
    now = case.result.timings.total or 0.0
    if len(times) < _FEW:
        return
    usual = median(times)
    early, late = median(times[: len(times) // 2]), median(times[len(times) // 2 :])
    if late > 1.5 * early and now > late:
        text = f"it becomes slower: {_ms(early)}, then {_ms(late)}, {_ms(now)} now"
        yield Evidence("pace_creeping", Phase.CONTENT, ok=False, text=text)
    elif now > 3 * usual:
        text = f"{_ms(now)} now, {_ms(usual)} usually: it came of a sudden"
        yield Evidence("pace_sudden", Phase.CONTENT, ok=False, text=text)
    elif now < 1.5 * usual:
        text = f"{_ms(now)} now, {_ms(usual)} usually: it is about as slow as ever, the limit is tight"
        yield Evidence("pace_usual", Phase.CONTENT, ok=None, text=text)


def _ms(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"
