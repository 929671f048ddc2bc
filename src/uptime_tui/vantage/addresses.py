"""A name's addresses: which of them a probe speaks to, and one verdict from what each of them said. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from uptime_tui.model.failure import FACTS, Failure, Phase, Side, Status
from uptime_tui.model.monitor import AddressChoice
from uptime_tui.model.result import AddressTrial, Evidence, Result
from uptime_tui.model.safetext import safe_text
from uptime_tui.resolve.answer import Answer, family_of
from uptime_tui.vantage.closed import VERDICTS

MAX_CANDIDATES: Final = 32
"""Addresses of one answer that are looked at at all."""
_DETAIL: Final = 500
_SHOWN: Final = 8


class Trial(NamedTuple):
    """What one address said."""

    address: str
    result: Result
    turn: int
    """Which of the monitor's conversations it was; a higher one is newer."""

    @property
    def is_mute(self) -> bool:
        """It says nothing of the target: this machine has no route there, forbids it, or lacks what it takes."""
        return self.result.side is Side.OURS

    @property
    def is_bad(self) -> bool:
        """It says that something is wrong with the target."""
        return self.result.failure is not None and not self.is_mute


def is_localhost(host: str) -> bool:
    """A name for this machine itself, whichever of its loopback addresses is meant (RFC 6761 §6.3)."""
    return host == "localhost" or host.endswith(".localhost")


def of_family(answer: Answer, host: str, family: int) -> Answer:
    """The answer with the addresses of one family only, `dns_no_address` where that leaves none; 0 means any."""
    if not family or answer.failure is not None:
        return answer
    kept = tuple(address for address in answer.addresses if family_of(address) == family)
    if kept:
        return answer._replace(addresses=kept)
    detail = f"{host} has no IPv{family} address, which address_family asks for, only {', '.join(answer.addresses[:4])}"
    return answer._replace(addresses=(), failure=Failure.DNS_NO_ADDRESS, detail=detail)


class Tour(NamedTuple):
    """What one probe does."""

    order: tuple[str, ...]
    """Addresses in the order in which they are tried until enough of them have said something."""
    wanted: int
    """How many is enough."""


def plan_tour(addresses: Sequence[str], choice: AddressChoice, bound: int, known: Mapping[str, Trial]) -> Tour:
    """Which addresses this probe tries.

    Those that wait longest come first, so that every address gets its turn where there are more than `bound`; one
    that was bad comes before them, so that it is bad until it has been seen to be good, but never takes every place.

    Args:
        addresses: of the name, in the system's order of preference.
        choice: of the monitor.
        bound: conversations a probe may hold, at least 1.
        known: what the addresses said last.
    """
    if choice == "first":
        return Tour(tuple(addresses), 1)
    wanted = 1 if choice == "rotate" else bound
    turns = {address: known[address].turn if address in known else 0 for address in addresses}
    waiting = sorted(addresses, key=turns.__getitem__)
    if len(addresses) <= wanted:
        return Tour(tuple(waiting), wanted)
    bad = [address for address in waiting if address in known and known[address].is_bad]
    if wanted == 1 and waiting[-1] in bad:
        bad = []  # the newest was a bad one: now it is the others' turn
    ahead = bad[: max(1, wanted - 1)]
    return Tour((*ahead, *(address for address in waiting if address not in ahead)), wanted)


def join(tried: Sequence[Trial], earlier: Sequence[Trial] = (), waiting: Sequence[str] = ()) -> Result:
    """One result from what every address said.

    Some fail and some do not: `partial`, with the first bad address. All fail: the worst of it. An address that
    says nothing of the target counts only where no other does. One open port that should be closed is `exposed`,
    however many others are closed.

    Args:
        tried: in this probe, in order; not empty.
        earlier: what addresses that were not tried this time said last.
        waiting: addresses that were never tried.
    """
    if len(tried) == 1 and not earlier and not waiting:
        return tried[0].result
    told = [trial for trial in (*tried, *earlier) if not trial.is_mute]
    if not told:
        base = next((trial for trial in tried if not _has_no_route(trial.result)), tried[0])
        return _shown(base.result, tried, earlier, waiting)
    bad = [trial for trial in told if trial.is_bad]
    if not bad:
        base = next(trial for trial in (*tried, *earlier) if not trial.is_mute)
        return _shown(_with_certificate(base.result, told), tried, earlier, waiting)
    exposed = [trial for trial in bad if trial.result.failure is Failure.EXPOSED]
    if exposed:
        base = exposed[0]
        result = msgspec.structs.replace(base.result, detail=_open_at(exposed, told))
    elif len(bad) == len(told) and len({trial.result.status for trial in bad}) == 1:
        base = bad[0]
        result = msgspec.structs.replace(base.result, detail=_all_fail(base, bad[1:]))
    else:
        down = [trial for trial in bad if trial.result.status is Status.DOWN] or bad
        base = down[0]
        result = msgspec.structs.replace(
            base.result, failure=Failure.PARTIAL, severity=None, detail=_some_fail(down, told)
        )
    return _shown(_with_certificate(result, told), tried, earlier, waiting)


def _title(trial: Trial) -> str:
    failure = trial.result.failure
    if failure is not None:
        return FACTS[failure].title
    return next((seen.text for seen in trial.result.evidence if seen.id in VERDICTS), "answers")


def _open_at(exposed: Sequence[Trial], told: Sequence[Trial]) -> str:
    """The first one's detail, and what the others do."""
    parts = [exposed[0].result.detail]
    if exposed[1:]:
        parts.append(f"open at {_listed([trial.address for trial in exposed[1:]])} too")
    closed = [trial.address for trial in told if trial not in exposed]
    if closed:
        parts.append(f"not at {_listed(closed)}")
    return safe_text("; ".join(parts), _DETAIL)


def _all_fail(base: Trial, others: Sequence[Trial]) -> str:
    """The first one's detail, and the others': each with its own reason where that is another one."""
    same = [trial.address for trial in others if trial.result.failure is base.result.failure]
    parts = [base.result.detail]
    if same:
        parts.append(f"the same at {_listed(same)}")
    parts += [
        f"{trial.address}: {_title(trial)}" for trial in others if trial.result.failure is not base.result.failure
    ]
    return safe_text("; ".join(parts), _DETAIL)


def _some_fail(bad: Sequence[Trial], told: Sequence[Trial]) -> str:
    """Which addresses fail and how; a family that fails as a whole is named."""
    reasons = {_title(trial) for trial in bad}
    each = [trial.address if len(reasons) == 1 else f"{trial.address} ({_title(trial)})" for trial in bad]
    reason = f" ({reasons.pop()})" if len(reasons) == 1 else ""
    broken = {family_of(trial.address) for trial in bad}
    sound = {family_of(trial.address) for trial in told if trial not in bad}
    if len(broken) == 1 and not broken & sound:
        family = broken.pop()
        text = f"IPv{family} fails at {_listed(each)}{reason}; IPv{10 - family} works"
    else:
        verb = "fails" if len(bad) == 1 else "fail"
        text = f"{len(bad)} of {len(told)} addresses {verb}: {_listed(each)}{reason}"
    return safe_text(f"{text}; {bad[0].result.detail}", _DETAIL)


def _listed(items: Sequence[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more


def _with_certificate(result: Result, told: Sequence[Trial]) -> Result:
    """The result with the certificate that worries most: its own problem's, then any with one, then what ends first."""
    if result.certificate is not None and result.certificate.problems:
        return result
    found = [trial.result.certificate for trial in told if trial.result.certificate is not None]
    if not found:
        return result
    return msgspec.structs.replace(result, certificate=min(found, key=lambda each: (not each.problems, each.not_after)))


def _shown(result: Result, tried: Sequence[Trial], earlier: Sequence[Trial], waiting: Sequence[str]) -> Result:
    """The result with a line for every address before its own evidence."""
    lines = [_line(trial) for trial in tried]
    lines += [_line(trial, ", not tried this time") for trial in earlier]
    if waiting:
        text = f"{_listed(waiting)}: not tried yet, the turn comes"
        lines.append(Evidence("address", Phase.CONNECT, None, text))
    own = tuple(seen for seen in result.evidence if seen.id != "address")
    rests = [trial.result.rest for trial in tried if trial.result.rest is not None]
    rest = max(rests, key=lambda each: each.seconds, default=None)
    trials = tuple(
        AddressTrial(trial.address, trial.result.failure, trial.result.timings.total)
        for trial in tried
        if not trial.is_mute
    )
    return msgspec.structs.replace(result, evidence=(*lines, *own), rest=rest, trials=trials)


def _line(trial: Trial, note: str = "") -> Evidence:
    result = trial.result
    timings = result.timings
    took = f", {timings.total - (timings.dns or 0.0):.1f} ms" if timings.total is not None else ""
    if trial.is_mute:
        reason = "n/a, no route from here" if _has_no_route(result) else f"n/a, {_title(trial)}"
        return Evidence("address", Phase.CONNECT, None, f"{trial.address}: {reason}{note}")
    reached = Phase.CONNECT if timings.protocol is None else Phase.PROTOCOL
    text = f"{trial.address}: {_title(trial)}{took}{note}"
    return Evidence("address", result.phase or reached, ok=result.failure is None, text=text)


def _has_no_route(result: Result) -> bool:
    return any(seen.id == "no_route" for seen in result.evidence)
