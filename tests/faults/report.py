"""What the bench found, as a table and a score."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from faults.fault import Fault
from faults.names import GATEWAY
from faults.run import Told

MAX_PACKETS = 30
MAX_MS = 5000
SLACK = 2
"""So many packets of the probe itself may come or not: acknowledgements travel alone or along."""
FIRST = 0.95
"""Of all faults, the share whose true cause must be named first."""
_LINE = "{:<34} {:<10} {:<18} {:<20} {:>5} {:>5} {:>7} {:>6}"


@dataclass(frozen=True)
class Score:
    """Numbers of faults."""

    faults: int
    right: int
    """Status and failure are."""
    first: int
    """The true cause is named first."""
    first_two: int
    alike: int
    """Not first, and no probe from the watcher could tell it from the first one."""

    def __str__(self) -> str:
        return (
            f"{self.faults} faults: status and failure right in {self.right} ({self.right / self.faults:.0%}), "
            f"true cause first in {self.first} ({self.first / self.faults:.0%}), in the first two in {self.first_two} "
            f"({self.first_two / self.faults:.0%}); of those not first, {self.alike} cannot be told apart from outside"
        )


def score(told: Sequence[Told]) -> Score:
    places = [each.place for each in told]
    return Score(
        faults=len(told),
        right=sum(each.right for each in told),
        first=places.count(1),
        first_two=places.count(1) + places.count(2),
        alike=sum(bool(each.fault.alike) for each in told if each.place != 1),
    )


def missed(found: Score) -> str:
    """What of the goal is not reached, in a line; empty where all of it is."""
    faults = found.faults
    goals = (
        ("status and failure", found.right, faults),
        ("true cause first", found.first, math.ceil(FIRST * faults)),
        ("true cause in the first two", found.first_two, faults),
    )
    return ", ".join(
        f"{what} in {seen} of {faults}, at least {wanted}" for what, seen, wanted in goals if seen < wanted
    )


def heading() -> str:
    return _LINE.format("fault", "status", "failure", "first cause", "conf.", "place", "packets", "ms")


def line(told: Told) -> str:
    """One row; `!` marks what is not as expected."""
    causes = told.diagnosis["causes"]
    first = causes[0]["id"] if causes else "-"
    confidence = f"{causes[0]['confidence']:.2f}" if causes else "-"
    status, failure = told.seen
    marks = f"{told.place or '-'}{'' if told.place == 1 else '~' if told.fault.alike else '!'}"
    sent = "-" if told.packets is None else str(told.packets)
    took = f"{told.diagnosis.get('took_ms', 0):.0f}"
    row = _LINE.format(told.fault.id, status, str(failure), first, confidence, marks, sent, took)
    return (
        row
        if told.right
        else f"{row}  ! expected {told.fault.status} {told.fault.failure}: {told.diagnosis['detail'][:160]}"
    )


def impolite(told: Sequence[Told], allowed: frozenset[str]) -> Iterator[str]:
    """Every breach of the limits: packets, time, bare connects to MySQL, addresses that nobody named.

    Args:
        told: what was found.
        allowed: addresses of resolvers and name servers, and those the targets resolve to.
    """
    for each in told:
        name = each.fault.id
        if each.packets is not None and each.packets > MAX_PACKETS:
            yield f"{name}: {each.packets} packets, at most {MAX_PACKETS}"
        if each.undercounted > SLACK:
            yield f"{name}: {each.undercounted} packets were sent that the search did not count"
        if each.diagnosis.get("took_ms", 0) > MAX_MS * 1.1:
            yield f"{name}: {each.diagnosis['took_ms']:.0f} ms, at most {MAX_MS}"
        ours = 1 if each.fault.target.startswith("mysql://") else 0
        if each.traffic.connections.get(3306, 0) > ours:
            yield f"{name}: {each.traffic.connections[3306]} connections to port 3306, the probe's own is {ours}"
        if strangers := each.traffic.addresses - allowed - _named(each.fault):
            yield f"{name}: sent to {', '.join(sorted(strangers))}, which nobody named"


def _named(fault: Fault) -> set[str]:
    """What this fault's configuration names besides; an engine also asks its own gateway whether it is there."""
    others = {target.partition("://")[2].partition(":")[0] for target in fault.others}
    return {*fault.resolver, *others, *((GATEWAY,) if fault.engine else ())}
