"""A probe of several steps: secret found, redirects followed, page searched; one Result, one deadline."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from uptime_tui.model.content import unfound
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.monitor import HttpRequest
from uptime_tui.model.outcome import Leads, Rest, Search
from uptime_tui.model.redirect import Hop, Refused, next_hop, url
from uptime_tui.model.result import Evidence, Result, Timings
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.secret import Credentials, forms, scrub
from uptime_tui.resolve.lookup import Spawn
from uptime_tui.vantage.base import Left, Leg, LegDone, Plan, Unlock
from uptime_tui.vantage.searching import Searcher
from uptime_tui.vantage.sessions import Sessions

Converse = Callable[[Plan, Leg, LegDone], None]

_DETAIL: Final = 500
_SHOWN_URL: Final = 80


class Courses:
    """Runs probes that one conversation does not make.

    Args:
        converse: holds one conversation.
        loop: the clock, in seconds.
        wall: Unix time in seconds.
        unlock: finds secrets; None: there is nobody to ask.
        spawn: runs a coroutine on the loop and keeps hold of it.
    """

    def __init__(
        self,
        converse: Converse,
        loop: asyncio.AbstractEventLoop,
        wall: Callable[[], float],
        unlock: Unlock | None,
        spawn: Spawn | None = None,
    ) -> None:
        self.converse = converse
        self.loop = loop
        self.wall = wall
        self.unlock = unlock
        self.searcher = Searcher(loop)
        self.sessions = Sessions(spawn)
        self.open = True

    def start(self, plan: Plan, leg: Leg, done: LegDone) -> None:
        """Start one with the leg's deadline and address; `done` is called once, unless all is closed before."""
        _Course(self, plan, leg, done).start()

    def close(self) -> None:
        """Give up what is under way; nobody is called any more."""
        self.open = False
        self.searcher.close()
        self.sessions.close()


class _Course:
    """One probe on its way."""

    def __init__(self, courses: Courses, plan: Plan, leg: Leg, done: LegDone) -> None:
        self.courses = courses
        self.plan = plan
        self.host = plan.monitor.target.host
        self.resource = plan.monitor.resource
        self.leg = leg
        self.done = done
        self.login: Credentials | None = None
        self.key: Any = None
        self.hidden: tuple[str, ...] = ()
        self.chain = [f"{plan.monitor.request.method} {_url(plan)}"]
        self.legs: list[Result] = []
        self.notes: list[Evidence] = []

    def start(self) -> None:
        courses, monitor = self.courses, self.plan.monitor
        self.at_ms = int(courses.wall() * 1000)
        if not monitor.login.secret:
            self.converse("")
        elif courses.unlock is None:
            self.unlocked("secrets cannot be looked up here")
        else:
            courses.unlock(monitor.login, self.leg.deadline_s - courses.loop.time(), self.unlocked)

    def unlocked(self, found: Credentials | str) -> None:
        if not self.courses.open:
            return
        if isinstance(found, str):
            detail = f"the secret of the login is not to be had: {safe_text(found, 300)}"
            target = self.plan.monitor.target
            self.done(
                Result(
                    self.plan.monitor.id, self.at_ms, Failure.VANTAGE_POLICY, None, detail, Timings(), None, target.port
                ),
                None,
            )
            return
        self.login, self.hidden = found, forms(found)
        if self.plan.monitor.login.is_key:
            self.courses.sessions.prepare(found, self.leg.deadline_s, self.keyed)
        else:
            self.converse("")

    def keyed(self, key: Any) -> None:
        """The private key has been read, or cannot be used: then it is why, as a text."""
        if isinstance(key, str):
            self.unlocked(key)
        else:
            self.key = key
            self.converse("")

    def converse(self, sender: str) -> None:
        address = self.leg.address if self.plan.monitor.target.host == self.host else ""
        self.courses.converse(self.plan, Leg(self.leg.deadline_s, self.login, sender, address, self.key), self.arrived)

    def arrived(self, result: Result, left: Left) -> None:
        if not self.courses.open:
            return
        self.legs.append(msgspec.structs.replace(result, evidence=(*self.notes, *result.facts)))
        self.notes = []
        if isinstance(left, Leads):
            self.led(result, left)
        elif isinstance(left, Search):
            self.courses.searcher.search(left, self.leg.deadline_s, partial(self.searched, left))
        else:
            self.end()

    def searched(self, search: Search, found: bool | str) -> None:  # noqa: FBT001 - yes, no, or why nobody knows
        if not self.courses.open:
            return
        last = self.legs[-1]
        if isinstance(found, str):
            self.legs[-1] = _failed(last, Failure.VANTAGE_POLICY, None, found)
        elif not found:
            self.legs[-1] = _failed(last, Failure.KEYWORD_MISSING, Phase.CONTENT, unfound(search).detail)
        self.end()

    # --- redirects ------------------------------------------------------------------

    def led(self, result: Result, leads: Leads) -> None:
        """An answer leads elsewhere: go there, or say why not."""
        plan, request = self.plan, self.plan.monitor.request
        hop = next_hop(
            plan.monitor.target, tls=plan.service.tls != "none", method=request.method, code=leads.code,
            location=leads.location, chain=self.chain,
        )  # fmt: skip
        if isinstance(hop, Refused):
            self.legs[-1] = _failed(self.legs[-1], Failure.REDIRECT, Phase.CONTENT, f"HTTP {leads.code}: {hop.why}")
            self.end()
            return
        self.notes = [_step(hop, leads.code)]
        self.plan = _planned(plan, hop)
        if not hop.same_origin:
            self.login = None
        self.chain.append(f"{self.plan.monitor.request.method} {_url(self.plan)}")
        self.converse(result.address or "")

    # --- the end --------------------------------------------------------------------

    def end(self) -> None:
        """All legs as one result."""
        legs, last = self.legs, self.legs[-1]
        worst = last
        if last.failure is None:  # a warning about a certificate on the way is one about the whole
            worst = next((leg for leg in legs if leg.failure is not None), last)
        certificate = last.certificate if last.phase is Phase.TLS else legs[0].certificate or last.certificate
        result = msgspec.structs.replace(
            last, at_ms=self.at_ms, failure=worst.failure, phase=worst.phase, severity=worst.severity,
            detail=self.told(worst.detail), timings=_sum([leg.timings for leg in legs]), certificate=certificate,
            evidence=tuple(seen for leg in legs for seen in leg.evidence), rest=self.rest(last.rest),
        )  # fmt: skip
        self.done(_scrubbed(result, self.hidden) if self.hidden else result, None)

    def rest(self, rest: Rest | None) -> Rest | None:
        """A rest that the server at the end of the way asks for is one for whoever begins the way."""
        if rest is None or not rest.asked:
            return rest
        return msgspec.structs.replace(rest, of=self.resource)

    def told(self, detail: str) -> str:
        """The detail with the way that was gone."""
        if len(self.chain) == 1:
            return detail
        way = " → ".join(safe_text(step.partition(" ")[2], _SHOWN_URL) for step in self.chain)
        return safe_text(f"{detail}; the way: {way}", _DETAIL)


def _url(plan: Plan) -> str:
    scheme = "http" if plan.service.tls == "none" else "https"
    return url(msgspec.structs.replace(plan.monitor.target, service=scheme))


def _step(hop: Hop, code: int) -> Evidence:
    text = f"HTTP {code} → {safe_text(url(hop.target), 200)}"
    if hop.unsafe:
        return Evidence("redirect", Phase.CONTENT, ok=False, text=f"{text}: from here on without TLS")
    return Evidence("redirect", Phase.CONTENT, None, text)


def _planned(plan: Plan, hop: Hop) -> Plan:
    """The plan for the next hop: another origin gets no login, no header, no body and no exception of ours."""
    monitor, request = plan.monitor, plan.monitor.request
    service = msgspec.structs.replace(plan.service, tls="implicit" if hop.target.service == "https" else "none")
    if not hop.keeps_method:
        request = msgspec.structs.replace(request, method="GET", body="")
    expect = monitor.expect
    if not hop.same_origin:
        service = msgspec.structs.replace(service, self_signed_ok=False)
        request = HttpRequest(request.method, (), "", request.follow, request.allow_private_redirect)
        expect = msgspec.structs.replace(expect, tls_name="")
    monitor = msgspec.structs.replace(monitor, target=hop.target, request=request, expect=expect)
    return Plan(monitor, service)


def _failed(result: Result, failure: Failure, phase: Phase | None, detail: str) -> Result:
    if phase is not None:
        seen = Evidence("content", phase, ok=False, text=detail)
        result = msgspec.structs.replace(result, evidence=(*result.evidence, seen))
    return msgspec.structs.replace(result, failure=failure, phase=phase, detail=detail, severity=None)


def _sum(timings: list[Timings]) -> Timings:
    """Times of all hops together; None for a phase that no hop has reached."""
    totals = []
    for name in Timings.__struct_fields__:
        parts = [part for each in timings if (part := getattr(each, name)) is not None]
        totals.append(sum(parts) if parts else None)
    return Timings(*totals)


def _scrubbed(result: Result, hidden: tuple[str, ...]) -> Result:
    """The result without what a server has sent back of our login."""
    certificate = result.certificate
    if certificate is not None:
        certificate = msgspec.structs.replace(
            certificate, subject=scrub(certificate.subject, hidden), issuer=scrub(certificate.issuer, hidden),
            names=tuple(scrub(name, hidden) for name in certificate.names),
        )  # fmt: skip
    evidence = tuple(msgspec.structs.replace(seen, text=scrub(seen.text, hidden)) for seen in result.facts)
    rest = None if result.rest is None else msgspec.structs.replace(result.rest, why=scrub(result.rest.why, hidden))
    return msgspec.structs.replace(
        result, detail=scrub(result.detail, hidden), banner=scrub(result.banner, hidden), evidence=evidence,
        certificate=certificate, rest=rest,
    )  # fmt: skip
