"""One conversation from this machine: resolve, dial, handshake; whatever happens becomes one Result."""

import asyncio
import functools
import socket
from collections.abc import Callable
from typing import Any, Final

from uptime_tui.dial.direct import DialEnd, Dialler
from uptime_tui.dial.drive import Driver, Ending
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.result import Evidence, Result, Timings
from uptime_tui.model.units import LOCAL
from uptime_tui.resolve.answer import Answer
from uptime_tui.resolve.lookup import Resolver
from uptime_tui.vantage.addresses import of_family
from uptime_tui.vantage.base import Left, Leg, LegDone, Plan
from uptime_tui.vantage.closed import judge_closed
from uptime_tui.vantage.conversation import conversation, refusal
from uptime_tui.vantage.findings import (
    Finding,
    connected,
    dns_evidence,
    judge_connect,
    judge_severity,
    our_fault,
    resting,
    worst_of,
)

MAX_ADDRESSES: Final = 4
"""Addresses of a leg without one of its own that are tried until one can be reached."""
Spread = Callable[[Plan, Answer, int, float, LegDone], bool]
"""Takes a probe over that needs more than one conversation: plan, answer, its begin, deadline; else False."""

Hold = Callable[[socket.SocketType, Any, Plan, Driver, float, Callable[[Ending], None]], None]
"""`vantage.sessions.Sessions.hold`."""


class Means:
    """What conversations are held with; shared by all.

    Args:
        resolver: names to addresses.
        dialler: owns the sockets.
        wall: Unix time in seconds.
        ca_file: more trust anchors, a PEM file.
        spread: asked once for each probe.
        hold: has a session behind a login on a connection that stands.
    """

    def __init__(
        self,
        resolver: Resolver,
        dialler: Dialler,
        wall: Callable[[], float],
        ca_file: str | None,
        spread: Spread,
        hold: Hold,
    ) -> None:
        self.resolver = resolver
        self.dialler = dialler
        self.loop: asyncio.AbstractEventLoop = dialler.loop
        self.wall = wall
        self.ca_file = ca_file
        self.spread = spread
        self.hold = hold
        self.open = True


def talk(means: Means, plan: Plan, done: LegDone, leg: Leg | None = None) -> None:
    """Hold one; `done` is called once, possibly before this returns.

    Args:
        means: what it is held with.
        plan: monitor and service.
        done: gets the result.
        leg: of a probe with several; None: this is the whole probe, unless `means.spread` takes it over.
    """
    _Talk(means, plan, done, leg).start()


class _Talk:
    """One on its way. Times are the loop's, in seconds."""

    __slots__ = (
        "answer", "at_ms", "began_s", "deadline_s", "dialled_s", "done", "driver", "evidence", "failed", "left", "leg",
        "means", "plan", "port", "wall_s",
    )  # fmt: skip

    def __init__(self, means: Means, plan: Plan, done: LegDone, leg: Leg | None) -> None:
        self.means = means
        self.plan = plan
        self.done = done
        self.leg = leg
        self.port = plan.monitor.target.port
        self.evidence: tuple[Evidence, ...] = ()
        self.failed: tuple[tuple[str, Finding], ...] = ()
        self.wall_s = wall_s = means.wall()
        self.at_ms = int(wall_s * 1000)
        self.began_s = means.loop.time()

    def start(self) -> None:
        leg, monitor = self.leg, self.plan.monitor
        if leg is None:
            self.deadline_s = self.began_s + monitor.timeout_s
        else:
            self.deadline_s = leg.deadline_s
            if leg.address:
                self.resolved(Answer((leg.address,), source="literal"))
                return
        self.means.resolver.resolve(monitor.target.host, self.deadline_s, self.looked_up, monitor.address_family)

    def looked_up(self, answer: Answer) -> None:
        means, plan = self.means, self.plan
        if not means.open:
            return
        family = plan.monitor.address_family
        if family:
            whole, answer = answer, of_family(answer, plan.monitor.target.host, family)
            if answer.failure is not whole.failure:
                self.evidence = (Evidence("other_family_only", Phase.DNS, ok=False, text=answer.detail),)
        several = self.leg is None and (plan.steps or len(answer.addresses) > 1) and answer.failure is None
        if not (several and means.spread(plan, answer, self.at_ms, self.deadline_s, self.done)):
            self.resolved(answer)

    def resolved(self, answer: Answer) -> None:
        self.answer = answer
        if answer.failure is not None:
            self.evidence = (Evidence("dns_failure", Phase.DNS, ok=False, text=answer.detail), *self.evidence)
            timings = Timings(dns=answer.ms, total=answer.ms)
            self.fail(answer.failure, Phase.DNS, answer.detail, timings, ours=answer.ours)
            return
        if answer.source != "literal":
            self.evidence = dns_evidence(answer)
        self.left = answer.addresses[:MAX_ADDRESSES]
        if self.leg is not None:
            refused = refusal(self.leg, self.plan, self.left)
            if refused is not None:
                self.fail(*refused, Timings(dns=answer.ms, total=answer.ms))
                return
        self.dial()

    def dial(self) -> None:
        means, plan, leg = self.means, self.plan, self.leg
        address, left = self.left[0], self.left[1:]
        now_s = self.dialled_s = means.loop.time()
        deadline_s = self.deadline_s
        if left:
            deadline_s = now_s + (deadline_s - now_s) / (len(left) + 1)
        self.left = left
        self.driver = driver = None if plan.bare else conversation(plan, address, leg, self.wall_s, means.ca_file)
        if leg is not None and leg.key is not None:
            means.dialler.connect(address, self.port, deadline_s, self.dialled)
        else:
            means.dialler.dial(address, self.port, driver, deadline_s, self.dialled)

    def dialled(self, end: DialEnd) -> None:
        if end.errno:
            self.not_connected(end)
            return
        driver, port = self.driver, self.port
        self.evidence += connected(end)
        if end.bug is not None:
            timings = Timings(connect=end.connect_ms)
            self.fail(Failure.VANTAGE_POLICY, None, our_fault(end.bug), timings, end.address)
            return
        if driver is None:
            dns_ms, connect_ms = self.answer.ms, end.connect_ms or 0.0
            timings = Timings(dns_ms, connect_ms, None, None, dns_ms + connect_ms)
            detail = self.plan.welcome
            number = self.plan.monitor.id
            self.end(
                Result(
                    number, self.at_ms, None, None, detail, timings, end.address, port, LOCAL, None, "", self.evidence
                )
            )
            return
        if end.sock is not None:  # for a session behind a login
            assert self.leg is not None
            ended = functools.partial(self.spoken, end, driver)
            self.means.hold(end.sock, self.leg.key, self.plan, driver, self.deadline_s, ended)
            return
        ending = driver.ending
        assert ending is not None, "the dialler is done before the driver has concluded"
        self.spoken(end, driver, ending)

    def not_connected(self, end: DialEnd) -> None:
        """The next address, or what the failures of all come to."""
        now_s = self.means.loop.time()
        found = judge_connect(end, self.port, (now_s - self.dialled_s) * 1000)
        self.evidence += found.evidence
        self.failed += ((end.address, found),)
        if self.left and self.deadline_s > now_s:
            self.dial()
            return
        timings = Timings(dns=self.answer.ms, total=(now_s - self.began_s) * 1000)
        address, found, detail = worst_of(self.failed)
        self.fail(found.failure, Phase.CONNECT, detail, timings, address, ours=found.ours)

    def spoken(self, end: DialEnd, driver: Driver, ending: Ending) -> None:
        monitor, outcome = self.plan.monitor, ending.outcome
        dns_ms, connect_ms = self.answer.ms, end.connect_ms or 0.0
        total_ms = dns_ms + connect_ms + (ending.tls_ms or 0.0) + (ending.protocol_ms or 0.0)
        timings = Timings(dns_ms, connect_ms, ending.tls_ms, ending.protocol_ms, total_ms, ending.content_ms)
        rest, more = resting(driver.rest, monitor)
        severity = judge_severity(outcome.failure, ending.certificate, self.plan, self.wall_s)
        result = Result(
            monitor.id, self.at_ms, outcome.failure, ending.phase, outcome.detail, timings, end.address, self.port,
            LOCAL, ending.certificate, outcome.banner, self.evidence + ending.evidence + more, severity, rest,
        )  # fmt: skip
        self.end(result, outcome.left)

    def fail(
        self, failure: Failure, phase: Phase | None, detail: str, timings: Timings, address: str | None = None,
        *, ours: bool = False,
    ) -> None:  # fmt: skip
        """End before anything was said; `ours`: this machine is at fault, whatever the code usually means."""
        result = Result(
            self.plan.monitor.id, self.at_ms, failure, phase, detail, timings, address, self.port,
            evidence=self.evidence, severity=Status.UNKNOWN if ours else None,
        )  # fmt: skip
        self.end(result)

    def end(self, result: Result, left: Left = None) -> None:
        if self.plan.monitor.expect.closed:
            result, left = judge_closed(result), None
        self.done(result, left)
