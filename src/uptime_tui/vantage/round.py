"""A probe of a name with several addresses: one conversation with each, in turn, under one deadline."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from uptime_tui.model.outcome import Rest
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.target import Target
from uptime_tui.model.units import MonitorId
from uptime_tui.resolve.answer import Answer
from uptime_tui.vantage.addresses import MAX_CANDIDATES, Trial, join, plan_tour
from uptime_tui.vantage.base import Left, Leg, LegDone, Plan
from uptime_tui.vantage.closed import VERDICTS
from uptime_tui.vantage.findings import dns_evidence, judge_pace

FAIR_SHARE: Final = 0.5
"""Part of the timeout that any address may use; less would call a server slow that only takes its time."""
LEAST_SHARE: Final = 0.25
"""With less than this part left no further address is tried: its time would prove nothing."""
MAX_KEPT: Final = 20_000

Known = dict[str, Trial]
Speak = Callable[[Plan, Leg, LegDone], None]


class Rounds:
    """Runs them, and remembers of each monitor what the addresses of its name said last.

    Args:
        speak: holds all conversations of a probe with one address.
        loop: the clock, in seconds.
    """

    def __init__(self, speak: Speak, loop: asyncio.AbstractEventLoop) -> None:
        self.speak = speak
        self.loop = loop
        self.open = True
        self._known: dict[tuple[MonitorId, Target, bool], Known] = {}
        """By monitor, and apart for those that only knock."""

    def start(self, plan: Plan, answer: Answer, at_ms: int, deadline_s: float, done: LegDone) -> None:
        """Start one; `done` is called once, possibly before this returns.

        Args:
            plan: of the probe.
            answer: with an address at least.
            at_ms: Unix time at which the probe began.
            deadline_s: on the loop's clock, for all addresses together.
            done: gets the result.
        """
        _Round(self, plan, answer, at_ms, deadline_s, done).start()

    def close(self) -> None:
        """Give up what is under way; nobody is called any more."""
        self.open = False

    def forget(self) -> None:
        """Forget what was said: the network has changed."""
        self._known.clear()

    def known(self, plan: Plan) -> Known:
        """What is remembered of this monitor."""
        return self._known.get((plan.monitor.id, plan.monitor.target, plan.bare), {})

    def keep(self, plan: Plan, known: Known) -> None:
        """Remember it until the next probe."""
        key = (plan.monitor.id, plan.monitor.target, plan.bare)
        self._known.pop(key, None)
        self._known[key] = known
        if len(self._known) > MAX_KEPT:
            del self._known[next(iter(self._known))]


class _Round:
    """One probe on its way."""

    def __init__(
        self, rounds: Rounds, plan: Plan, answer: Answer, at_ms: int, deadline_s: float, done: LegDone
    ) -> None:
        self.rounds = rounds
        self.plan = plan
        self.answer = answer._replace(addresses=answer.addresses[:MAX_CANDIDATES])
        self.at_ms = at_ms
        self.deadline_s = deadline_s
        self.done = done
        self.known = rounds.known(plan)
        self.turn = max((trial.turn for trial in self.known.values()), default=0)
        tour = plan_tour(self.answer.addresses, plan.monitor.addresses, plan.service.addresses_per_probe, self.known)
        self.queue = list(tour.order)
        self.wanted = tour.wanted
        self.tried: list[Trial] = []

    def start(self) -> None:
        now_s = self.rounds.loop.time()
        left_s = self.deadline_s - now_s
        timeout_s = self.plan.monitor.timeout_s
        if not self.queue or not self.wanted or (self.tried and left_s < timeout_s * LEAST_SHARE):
            self.end()
            return
        self.address = self.queue.pop(0)
        others = min(len(self.queue), self.wanted - 1)
        share_s = max(left_s / (others + 1), min(left_s, timeout_s * FAIR_SHARE))
        self.rounds.speak(self.plan, Leg(now_s + share_s, address=self.address), self.arrived)

    def arrived(self, result: Result, _left: Left = None) -> None:
        if not self.rounds.open:
            return
        self.turn += 1
        timed = msgspec.structs.replace(result, at_ms=self.at_ms, timings=_with_dns(result.timings, self.answer.ms))
        trial = Trial(self.address, judge_pace(timed, self.plan.monitor.expect.slow_ms), self.turn)
        self.tried.append(trial)
        self.wanted -= not trial.is_mute
        self.start()

    def end(self) -> None:
        """All addresses as one result."""
        tried = {trial.address for trial in self.tried}
        rest = [address for address in self.answer.addresses if address not in tried]
        choice = self.plan.monitor.addresses
        if choice == "first":
            rest = []
        earlier = [self.known[address] for address in rest if address in self.known]
        waiting = [address for address in rest if address not in self.known]
        result = join(self.tried, earlier, waiting)
        if len(self.answer.addresses) > 1:
            kept = {trial.address: trial._replace(result=_small(trial)) for trial in (*earlier, *self.tried)}
            self.rounds.keep(self.plan, kept)
        evidence = (*dns_evidence(self.answer), *result.evidence)
        of_all = not waiting and all(t.result.rest is not None for t in (*earlier, *self.tried) if not t.is_mute)
        rest_asked = result.rest if of_all else self.bounded(result.rest)
        self.done(msgspec.structs.replace(result, evidence=evidence, rest=rest_asked), None)

    def bounded(self, rest: Rest | None) -> Rest | None:
        """What one address asks for must not keep the others unwatched for longer than they are anyway."""
        if rest is None or not rest.asked:
            return rest
        return msgspec.structs.replace(rest, seconds=min(rest.seconds, self.plan.monitor.interval_s))


def _with_dns(timings: Timings, ms: float) -> Timings:
    total = timings.total
    return msgspec.structs.replace(timings, dns=(timings.dns or 0.0) + ms, total=None if total is None else total + ms)


def _small(trial: Trial) -> Result:
    """What must be remembered of a result: not its evidence, except that it says nothing, or that a port is closed."""
    kept = tuple(seen for seen in trial.result.evidence if seen.id == "no_route" or seen.id in VERDICTS)
    return msgspec.structs.replace(trial.result, evidence=kept, certificate=None)
