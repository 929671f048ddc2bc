"""The vantage `local`: a probe from here is one conversation (`talk`), a round of addresses, or a course of steps."""

import asyncio
import functools
import time
from collections.abc import Callable

from uptime_tui.dial.direct import Dialler
from uptime_tui.model.result import Result
from uptime_tui.model.units import LOCAL, VantageName
from uptime_tui.resolve.answer import Answer
from uptime_tui.resolve.lookup import Resolver, Spawn
from uptime_tui.resolve.system import parse_server
from uptime_tui.vantage.addresses import is_localhost
from uptime_tui.vantage.base import Done, Left, Leg, LegDone, Plan, Unlock
from uptime_tui.vantage.course import Courses
from uptime_tui.vantage.findings import judge_pace
from uptime_tui.vantage.round import Rounds
from uptime_tui.vantage.talk import Means, talk


class LocalVantage:
    """The vantage `local` (`vantage.base.Vantage`). Lives on one loop.

    Args:
        resolver: names to addresses.
        dialler: owns the sockets.
        ca_file: more trust anchors beside the system's.
        wall: Unix time in seconds.
        unlock: finds secrets; without it no probe logs in.
        spawn: runs a coroutine on the loop and keeps hold of it; needed where there is `unlock`.
    """

    def __init__(
        self,
        resolver: Resolver,
        dialler: Dialler,
        *,
        ca_file: str | None = None,
        wall: Callable[[], float] = time.time,
        unlock: Unlock | None = None,
        spawn: Spawn | None = None,
    ) -> None:
        self.courses = Courses(self.converse, dialler.loop, wall, unlock, spawn)
        self.means = Means(resolver, dialler, wall, ca_file, self.spread, self.courses.sessions.hold)
        self.rounds = Rounds(self.speak, dialler.loop)

    @property
    def name(self) -> VantageName:
        """As written in Result."""
        return LOCAL

    def probe(self, plan: Plan, done: Done) -> None:
        """Start one probe; `done` is called once with its Result, possibly before this returns."""
        talk(self.means, plan, functools.partial(self.finished, plan.monitor.expect.slow_ms, done))

    def spread(self, plan: Plan, answer: Answer, at_ms: int, deadline_s: float, done: LegDone) -> bool:
        """Take over a probe of several addresses or steps; False where one conversation is all.

        Where a service listens on `localhost` is up to it: the first address that accepts is the one.
        """
        if not is_localhost(plan.monitor.target.host):
            self.rounds.start(plan, answer, at_ms, deadline_s, done)
        elif plan.steps:
            self.speak(plan, Leg(deadline_s), done)
        else:
            return False
        return True

    def speak(self, plan: Plan, leg: Leg, done: LegDone) -> None:
        """All of a probe with one address; `done` is called once, possibly before this returns."""
        if plan.steps:
            self.courses.start(plan, leg, done)
        else:
            self.converse(plan, leg, done)

    def converse(self, plan: Plan, leg: Leg, done: LegDone) -> None:
        """One conversation of a course; `done` is called once, possibly before this returns."""
        talk(self.means, plan, done, leg)

    def close(self) -> None:
        """Give up what is in flight and free every descriptor."""
        self.means.open = False
        self.means.dialler.close()
        self.courses.close()
        self.rounds.close()

    def forget_names(self) -> None:
        """Resolve every name anew: the network or the clock has changed."""
        self.means.resolver.forget()
        self.rounds.forget()

    def finished(self, slow_ms: int, done: Done, result: Result, _left: Left = None) -> None:
        """Hand a result over, unless nobody is there any more."""
        if self.means.open:
            done(judge_pace(result, slow_ms) if slow_ms else result)


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
    return LocalVantage(resolver, Dialler(), ca_file=ca_file, unlock=unlock, spawn=spawn)


async def probe_once(vantage: LocalVantage, plan: Plan) -> Result:
    """One probe, awaited."""
    waiting: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def arrived(result: Result) -> None:
        if not waiting.done():
            waiting.set_result(result)

    vantage.probe(plan, arrived)
    return await waiting
