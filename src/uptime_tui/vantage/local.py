"""Probes from this machine: resolve, dial, handshake; whatever happens becomes one Result."""

import asyncio
import functools
import time
from collections.abc import Callable
from typing import Final

import msgspec

from uptime_tui.dial.direct import DialEnd, Dialler
from uptime_tui.dial.drive import Driver, Ending
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence, Result, Timings
from uptime_tui.model.units import LOCAL, VantageName
from uptime_tui.resolve.answer import Answer
from uptime_tui.resolve.lookup import Resolver, Spawn
from uptime_tui.resolve.system import parse_server
from uptime_tui.vantage.base import Done, Left, Leg, LegDone, Plan, Unlock
from uptime_tui.vantage.conversation import conversation, refusal
from uptime_tui.vantage.course import Courses
from uptime_tui.vantage.findings import (
    Finding,
    connected,
    judge_connect,
    judge_pace,
    judge_severity,
    our_fault,
    resting,
    worst_of,
)

MAX_ADDRESSES: Final = 4
"""Addresses of a name that are tried within one probe."""


class LocalVantage:
    """The vantage `local` (`vantage.base.Vantage`). Lives on one loop.

    Args:
        resolver: names to addresses.
        dialler: owns the sockets.
        ca_file: more trust anchors beside the system's.
        wall: Unix time in seconds.
        unlock: finds secrets; without it no probe logs in.
    """

    def __init__(
        self,
        resolver: Resolver,
        dialler: Dialler,
        *,
        ca_file: str | None = None,
        wall: Callable[[], float] = time.time,
        unlock: Unlock | None = None,
    ) -> None:
        self.resolver = resolver
        self.dialler = dialler
        self.ca_file = ca_file
        self.wall = wall
        self.loop = dialler.loop
        self.courses = Courses(self.converse, self.loop, wall, unlock)
        self.open = True
        self._in_flight = 0

    @property
    def name(self) -> VantageName:
        """As written in Result."""
        return LOCAL

    @property
    def in_flight(self) -> int:
        """Probes started and not done."""
        return self._in_flight

    def probe(self, plan: Plan, done: Done) -> None:
        """Start one probe; `done` is called once with its Result, possibly before this returns."""
        self._in_flight += 1
        finished = functools.partial(self.finished, plan, done)
        if self.courses.need(plan.monitor):
            self.courses.start(plan, finished)
        else:
            _Probe(self, plan, finished).start()

    def converse(self, plan: Plan, leg: Leg, done: LegDone) -> None:
        """One conversation of a course; `done` is called once, possibly before this returns."""
        _Probe(self, plan, done, leg).start()

    def close(self) -> None:
        """Give up what is in flight and free every descriptor."""
        self.open = False
        self.dialler.close()
        self.courses.close()

    def forget_names(self) -> None:
        """Resolve every name anew: the network or the clock has changed."""
        self.resolver.forget()

    def finished(self, plan: Plan, done: Done, result: Result, _left: Left = None) -> None:
        """One probe less in flight."""
        self._in_flight -= 1
        if self.open:
            done(judge_pace(result, plan.monitor.expect.slow_ms))


class _Probe:
    """One probe on its way. Times are the loop's, in seconds."""

    __slots__ = (
        "answer", "at_ms", "began_s", "deadline_s", "dialled_s", "done", "driver", "evidence", "failed", "left", "leg",
        "plan",
        "vantage",
    )  # fmt: skip

    def __init__(self, vantage: LocalVantage, plan: Plan, done: LegDone, leg: Leg | None = None) -> None:
        self.vantage = vantage
        self.plan = plan
        self.done = done
        self.leg = leg
        self.evidence: tuple[Evidence, ...] = ()
        self.driver: Driver | None = None
        self.failed: tuple[tuple[str, Finding], ...] = ()

    def start(self) -> None:
        vantage, monitor = self.vantage, self.plan.monitor
        self.at_ms = int(vantage.wall() * 1000)
        self.began_s = vantage.loop.time()
        self.deadline_s = self.began_s + monitor.timeout_s if self.leg is None else self.leg.deadline_s
        vantage.resolver.resolve(monitor.target.host, self.deadline_s, self.resolved)

    def resolved(self, answer: Answer) -> None:
        if not self.vantage.open:
            return
        self.answer = answer
        if answer.failure is not None:
            self.evidence = (Evidence("dns_failure", Phase.DNS, ok=False, text=answer.detail),)
            self.fail(answer.failure, Phase.DNS, answer.detail, Timings(dns=answer.ms, total=answer.ms))
            return
        if answer.source != "literal":
            text = f"{', '.join(answer.addresses[:8])} ({answer.source}, {answer.ms:.1f} ms)"
            self.evidence = (Evidence("dns_answer", Phase.DNS, ok=True, text=text),)
        self.left = answer.addresses[:MAX_ADDRESSES]
        if self.leg is not None:
            refused = refusal(self.leg, self.plan, self.left)
            if refused is not None:
                self.fail(*refused, Timings(dns=answer.ms, total=answer.ms))
                return
        self.dial()

    def dial(self) -> None:
        address, self.left = self.left[0], self.left[1:]
        now_s = self.dialled_s = self.vantage.loop.time()
        share_s = (self.deadline_s - now_s) / (len(self.left) + 1)
        self.driver = conversation(
            self.plan, address, self.leg, wall_s=self.vantage.wall(), ca_file=self.vantage.ca_file
        )
        port = self.plan.monitor.target.port
        deadline_s = now_s + share_s if self.left else self.deadline_s
        self.vantage.dialler.dial(address, port, self.driver, deadline_s, self.dialled)

    def dialled(self, end: DialEnd) -> None:
        port = self.plan.monitor.target.port
        now_s = self.vantage.loop.time()
        if end.errno:
            found = judge_connect(end, port, (now_s - self.dialled_s) * 1000)
            self.evidence += found.evidence
            self.failed += ((end.address, found),)
            if self.left and self.deadline_s > now_s:
                self.dial()
                return
            timings = Timings(dns=self.answer.ms, total=(now_s - self.began_s) * 1000)
            address, found, detail = worst_of(self.failed)
            self.fail(found.failure, Phase.CONNECT, detail, timings, address)
            return
        self.evidence += connected(end, port)
        if end.bug is not None:
            self.fail(Failure.VANTAGE_POLICY, None, our_fault(end.bug), Timings(), end.address)
            return
        if self.driver is None:
            total = self.answer.ms + (end.connect_ms or 0.0)
            timings = Timings(self.answer.ms, end.connect_ms, None, None, total)
            detail = f"port {port} accepts connections"
            self.end(Result(self.plan.monitor.id, self.at_ms, None, None, detail, timings, end.address, port))
            return
        ending = self.driver.ending
        assert ending is not None, "the dialler is done before the driver has concluded"
        self.spoken(end, self.driver, ending)

    def spoken(self, end: DialEnd, driver: Driver, ending: Ending) -> None:
        target = self.plan.monitor.target
        parts = (self.answer.ms, end.connect_ms, ending.tls_ms, ending.protocol_ms)
        total = sum(part for part in parts if part is not None)
        timings = Timings(*parts, total, ending.content_ms)
        rest, more = resting(driver.rest, self.plan.monitor)
        result = Result(
            self.plan.monitor.id, self.at_ms, ending.outcome.failure, ending.phase, ending.outcome.detail, timings,
            end.address, target.port, LOCAL, ending.certificate, ending.outcome.banner, ending.evidence + more,
            rest=rest,
        )  # fmt: skip
        self.end(judge_severity(result, self.plan, self.vantage.wall()), ending.outcome.left)

    def fail(
        self, failure: Failure, phase: Phase | None, detail: str, timings: Timings, address: str | None = None
    ) -> None:
        """End before anything was said."""
        port = self.plan.monitor.target.port
        self.end(Result(self.plan.monitor.id, self.at_ms, failure, phase, detail, timings, address, port))

    def end(self, result: Result, left: Left = None) -> None:
        if self.evidence:
            result = msgspec.structs.replace(result, evidence=self.evidence + result.evidence)
        self.done(result, left)


def local_vantage(
    spawn: Spawn, *, nameservers: tuple[str, ...] = (), ca_file: str | None = None, unlock: Unlock | None = None
) -> LocalVantage:
    """The vantage on the running loop.

    Args:
        spawn: runs a coroutine on the loop and keeps hold of it.
        nameservers: `address[:port]` of servers to ask instead of the system's.
        ca_file: more trust anchors, a PEM file.
        unlock: finds the secrets of logins.

    Raises:
        ValueError: a name server is not an address; the configuration has been checked before.
    """
    resolver = Resolver(spawn, nameservers=tuple(parse_server(text) for text in nameservers))
    return LocalVantage(resolver, Dialler(), ca_file=ca_file, unlock=unlock)


async def probe_once(vantage: LocalVantage, plan: Plan) -> Result:
    """One probe, awaited."""
    waiting: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def arrived(result: Result) -> None:
        if not waiting.done():
            waiting.set_result(result)

    vantage.probe(plan, arrived)
    return await waiting
