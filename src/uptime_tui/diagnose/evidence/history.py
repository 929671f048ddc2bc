"""What earlier probes say: since when, how often, and whether one address of several is to blame."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from uptime_tui.diagnose.case import Case, Means
from uptime_tui.model.diagnosis import Past
from uptime_tui.model.failure import FACTS as CODES
from uptime_tui.model.failure import Failure, Phase, Side
from uptime_tui.model.result import Evidence

QUESTION: Final = "What do earlier probes say?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "history_sudden": "it worked steadily until this fault began",
    "history_never": "no earlier probe that is known has worked",
    "history_no_success": "nothing tells of any time at which it worked",
    "history_uneven": "it works and fails by turns",
    "history_short": "each of its failures was over with the next probe",
    "history_went_mute": "before it fell silent it accepted connections and said nothing",
    "history_second_syn": "before it fell silent, a connect did not succeed with its first SYN",
    "history_one_address": "only some of its addresses fail, others never do",
    "history_every_address": "each of its addresses fails at times",
    "history_timeouts": "when it fails there is no answer, which a lost packet looks like",
    "history_refusals": "when it fails it is turned away, which a lost packet never looks like",
    "history_answers": "when it fails the service answers, and badly",
}
_ENOUGH: Final = 5
_UNEVEN: Final = 3
"""Changes between working and failing."""
_SECOND_SYN_MS: Final = 1000.0
"""When the kernel sends the second one (RFC 6298 §2); a way that long is none on this planet."""
_FAR: Final = frozenset({Failure.TIMEOUT, Failure.PACKET_LOSS, Failure.NO_GREETING, Failure.HOST_UNREACHABLE})
_NEAR: Final = frozenset({Failure.REFUSED, Failure.CLOSED_EARLY, Failure.BUSY, Failure.WATCHER_BLOCKED})


def wants(case: Case) -> bool:
    """Where there is a past, or where it matters that there is none."""
    failure = case.failure
    if failure is None or CODES[failure].side is not Side.THEIRS:
        return False
    return bool(case.past or case.recent) or _may_be_meant(case)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:  # noqa: ARG001 - one signature for all
    """Failures of our own side do not count."""
    result = case.result
    now = [Past(result.at_ms, trial.failure, trial.address) for trial in result.trials]
    now = now or [Past(result.at_ms, result.failure, result.address)]
    earlier = [past for past in case.past if past.at_ms < result.at_ms]
    told = [past for past in (*earlier, *now) if past.failure is None or CODES[past.failure].side is Side.THEIRS]
    bad = [past for past in told if past.failure is not None]
    probes = case.recent or _probes(told)
    if _may_be_meant(case) and all(probes) and len(probes) < _ENOUGH:
        yield Evidence("history_no_success", Phase.CONNECT, None, "no probe that is known here has ever worked")
    for fact in (*_course(probes), *_mute(told), *_second_syn(case, told), *_addresses(told, bad), *_kinds(bad)):
        yield fact


def _may_be_meant(case: Case) -> bool:
    """Whether no success is known of a silent port: a filter that somebody wants has always been there."""
    return case.failure is Failure.TIMEOUT and case.last_good is None


def _probes(told: Sequence[Past]) -> tuple[bool, ...]:
    """Which probes failed; one of several addresses counts as one, and fails where any of them does."""
    probes = itertools.groupby(told, key=lambda past: past.at_ms)
    return tuple(any(past.failure is not None for past in some) for _, some in probes)


def _course(failed: Sequence[bool]) -> Iterator[Evidence]:
    if len(failed) < _ENOUGH:
        return
    changes = sum(a != b for a, b in itertools.pairwise(failed))
    share = f"{sum(failed)} of the last {len(failed)} probes failed"
    if all(failed):
        yield Evidence("history_never", Phase.CONNECT, None, f"all of the last {len(failed)} probes failed")
    elif changes == 1:
        yield Evidence("history_sudden", Phase.CONNECT, None, f"{share}, all of them since the fault began")
    elif changes >= _UNEVEN:
        yield Evidence("history_uneven", Phase.CONNECT, None, f"{share}, with {changes} changes between")
        if not any(a and b for a, b in itertools.pairwise(failed)):
            yield Evidence("history_short", Phase.CONNECT, None, "no two failures in a row")


def _mute(told: Sequence[Past]) -> Iterator[Evidence]:
    """A service that has stopped accepting first fills its queue, where connections stand and nobody speaks."""
    if told[-1].failure is not Failure.TIMEOUT:
        return
    streak = itertools.takewhile(lambda past: past.failure is not None, reversed(told[:-1]))
    if any(past.failure is Failure.NO_GREETING for past in itertools.islice(streak, _ENOUGH)):
        text = "just before, connections stood and nobody spoke: the queue of those that wait has filled up"
        yield Evidence("history_went_mute", Phase.CONNECT, ok=False, text=text)


def _second_syn(case: Case, told: Sequence[Past]) -> Iterator[Evidence]:
    """A queue that is about to stay full drops some SYNs before it drops all; a filter drops all from the first one."""
    if case.result.failure is not Failure.TIMEOUT:
        return
    good = case.last_good
    took_ms = (good.timings.connect or 0.0) if good is not None else 0.0
    if good is not None and took_ms >= _SECOND_SYN_MS:
        text = f"at the last good probe the connect took {took_ms / 1000:.1f} s: its first SYN had no answer"
        yield Evidence("history_second_syn", Phase.CONNECT, ok=False, text=text)
    elif any(past.failure is Failure.PACKET_LOSS for past in told[-_ENOUGH:]):
        text = "just before, connects succeeded with a SYN that was sent again only"
        yield Evidence("history_second_syn", Phase.CONNECT, ok=False, text=text)


def _addresses(told: Sequence[Past], bad: Sequence[Past]) -> Iterator[Evidence]:
    seen = Counter(past.address for past in told if past.address)
    failed = Counter(past.address for past in bad if past.address)
    if len(seen) < 2 or sum(failed.values()) < 2:
        return
    sound = [address for address in seen if not failed[address] and seen[address] >= 2]
    shares = ", ".join(f"{each} {failed[each]} of {count}" for each, count in seen.most_common(6))
    if sound:
        yield Evidence("history_one_address", Phase.CONNECT, ok=False, text=f"failures by address: {shares}")
    elif all(failed[address] for address in seen):
        yield Evidence("history_every_address", Phase.CONNECT, ok=False, text=f"failures by address: {shares}")


def _kinds(bad: Sequence[Past]) -> Iterator[Evidence]:
    """What most failures have in common."""
    if len(bad) < 2:
        return
    kinds = Counter(past.failure for past in bad)
    text = ", ".join(f"{CODES[kind].title} {count}" for kind, count in kinds.most_common(4) if kind is not None)
    most = len(bad) * 2 / 3
    if sum(count for kind, count in kinds.items() if kind in _FAR) >= most:
        yield Evidence("history_timeouts", Phase.CONNECT, None, text)
    elif sum(count for kind, count in kinds.items() if kind in _NEAR) >= most:
        yield Evidence("history_refusals", Phase.CONNECT, None, text)
    elif sum(count for kind, count in kinds.items() if kind not in _FAR | _NEAR) >= most:
        yield Evidence("history_answers", Phase.CONNECT, None, text)
