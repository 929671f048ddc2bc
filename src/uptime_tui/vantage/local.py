"""Probes from this machine: resolve, dial, handshake; whatever happens becomes one Result."""

import asyncio
import functools
import os
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import msgspec

from uptime_tui import __version__
from uptime_tui.dial.direct import DialEnd, Dialler, machine_name, source_address
from uptime_tui.dial.drive import Driver, Ending
from uptime_tui.dial.tls import TlsSetup
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.result import Evidence, Result, Timings
from uptime_tui.model.steps import Ask
from uptime_tui.model.units import LOCAL, VantageName
from uptime_tui.resolve.answer import Answer
from uptime_tui.resolve.lookup import Resolver, Spawn
from uptime_tui.resolve.system import parse_server
from uptime_tui.vantage.base import Done, Plan
from uptime_tui.vantage.findings import Finding, connected, judge_connect, our_fault, resting, worst_of

MAX_ADDRESSES: Final = 4
"""Addresses of a name that are tried within one probe."""
_USER_AGENT: Final = f"uptime-tui/{__version__}"
_SELF_MADE: Final = frozenset({Failure.TLS_SELF_SIGNED, Failure.TLS_UNTRUSTED})
_NONE_TOLERATED: Final[frozenset[Failure]] = frozenset()
_NOISE_BYTES: Final = 64
_handshakes: dict[str, Any] = {}


class LocalVantage:
    """The vantage `local` (`vantage.base.Vantage`). Lives on one loop.

    Args:
        resolver: names to addresses.
        dialler: owns the sockets.
        ca_file: more trust anchors beside the system's.
        wall: Unix time in seconds.
    """

    def __init__(
        self, resolver: Resolver, dialler: Dialler, *, ca_file: str | None = None, wall: Callable[[], float] = time.time
    ) -> None:
        self.resolver = resolver
        self.dialler = dialler
        self.ca_file = ca_file
        self.wall = wall
        self.loop = dialler.loop
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
        _Probe(self, plan, done).start()

    def close(self) -> None:
        """Give up what is in flight and free every descriptor."""
        self.open = False
        self.dialler.close()

    def forget_names(self) -> None:
        """Resolve every name anew: the network or the clock has changed."""
        self.resolver.forget()

    def finished(self, done: Done, result: Result) -> None:
        """One probe less in flight."""
        self._in_flight -= 1
        if self.open:
            done(result)


class _Probe:
    """One probe on its way. Times are the loop's, in seconds."""

    __slots__ = (
        "answer", "at_ms", "began_s", "deadline_s", "dialled_s", "done", "driver", "evidence", "failed", "left", "plan",
        "vantage",
    )  # fmt: skip

    def __init__(self, vantage: LocalVantage, plan: Plan, done: Done) -> None:
        self.vantage = vantage
        self.plan = plan
        self.done = done
        self.evidence: tuple[Evidence, ...] = ()
        self.driver: Driver | None = None
        self.failed: tuple[tuple[str, Finding], ...] = ()

    def start(self) -> None:
        vantage, monitor = self.vantage, self.plan.monitor
        self.at_ms = int(vantage.wall() * 1000)
        self.began_s = vantage.loop.time()
        self.deadline_s = self.began_s + monitor.timeout_s
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
        self.dial()

    def dial(self) -> None:
        address, self.left = self.left[0], self.left[1:]
        now_s = self.dialled_s = self.vantage.loop.time()
        share_s = (self.deadline_s - now_s) / (len(self.left) + 1)
        self.driver = self.conversation(address)
        port = self.plan.monitor.target.port
        deadline_s = now_s + share_s if self.left else self.deadline_s
        self.vantage.dialler.dial(address, port, self.driver, deadline_s, self.dialled)

    def conversation(self, address: str) -> Driver | None:
        """The driver for this service; None where a bare connect is all there is to see."""
        service, monitor = self.plan.service, self.plan.monitor
        if service.handshake == "tcp" and service.tls != "implicit":
            return None
        target, expect = monitor.target, monitor.expect
        module = _handshake(service.handshake)
        ask = Ask(
            host=target.host, port=target.port, service=service.name, expect=expect, tls=service.tls, path=target.path,
            status=service.status, user_agent=_USER_AGENT,
            our_name=_our_name(address, target.port) if service.handshake == "smtp" else "[127.0.0.1]",
            user=monitor.login.user, noise=os.urandom(_NOISE_BYTES),
        )  # fmt: skip
        tls = None
        if service.tls != "none":
            tls = TlsSetup(
                server_name=expect.tls_name or target.host, verify=expect.tls_verify, warn_days=expect.tls_warn_days,
                wall_s=self.vantage.wall(), implicit=service.tls == "implicit", ca_file=self.vantage.ca_file,
                tolerate=_SELF_MADE if service.self_signed_ok else _NONE_TOLERATED, peer=f"{address} {target.port}",
            )  # fmt: skip
        greeting_s = service.greeting_timeout_s if module.SERVER_SPEAKS_FIRST else None
        farewell = functools.partial(module.farewell, ask) if hasattr(module, "farewell") else None
        caution = module.caution(ask) if hasattr(module, "caution") else None
        return Driver(
            module.handshake(ask), tls=tls, greeting_timeout_s=greeting_s, farewell=farewell, caution=caution
        )  # fmt: skip

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
        failure = ending.outcome.failure
        severity = None
        if failure in _SELF_MADE and self.plan.service.self_signed_ok:
            severity = Status.DEGRADED
        rest, more = resting(driver.rest, self.plan.monitor)
        self.end(
            Result(
                self.plan.monitor.id, self.at_ms, failure, ending.phase, ending.outcome.detail, timings, end.address,
                target.port, LOCAL, ending.certificate, ending.outcome.banner, ending.evidence + more, severity,
                rest,
            )
        )  # fmt: skip

    def fail(
        self, failure: Failure, phase: Phase | None, detail: str, timings: Timings, address: str | None = None
    ) -> None:
        """End before anything was said."""
        port = self.plan.monitor.target.port
        self.end(Result(self.plan.monitor.id, self.at_ms, failure, phase, detail, timings, address, port))

    def end(self, result: Result) -> None:
        slow_ms = self.plan.monitor.expect.slow_ms
        total = result.timings.total or 0.0
        failure, phase, detail = result.failure, result.phase, result.detail
        if failure is None and 0 < slow_ms < total:
            lost = next((each.text for each in self.evidence[-1:] if each.id == "retransmits"), "")
            failure, phase = (Failure.PACKET_LOSS, Phase.CONNECT) if lost else (Failure.TOO_SLOW, Phase.CONTENT)
            detail = f"{lost and f'{lost}: '}{total:.0f} ms, the limit is {slow_ms} ms ({detail})"
        if self.evidence or failure is not result.failure:
            evidence = self.evidence + result.evidence
            result = msgspec.structs.replace(result, failure=failure, phase=phase, detail=detail, evidence=evidence)
        self.vantage.finished(self.done, result)


def _handshake(name: str) -> Any:
    """The module of that name, imported at first use."""
    module = _handshakes.get(name)
    if module is None:
        module = _handshakes[name] = import_module(f"uptime_tui.handshakes.{name}")
    return module


def _our_name(peer: str, port: int) -> str:
    """What EHLO says: our full name, else the address literal of our side (RFC 5321 §4.1.4)."""
    name = machine_name()
    if "." in name and not name.endswith((".localdomain", ".local")):
        return name
    address = source_address(peer, port) or "127.0.0.1"
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"


def local_vantage(spawn: Spawn, *, nameservers: tuple[str, ...] = (), ca_file: str | None = None) -> LocalVantage:
    """The vantage on the running loop.

    Args:
        spawn: runs a coroutine on the loop and keeps hold of it.
        nameservers: `address[:port]` of servers to ask instead of the system's.
        ca_file: more trust anchors, a PEM file.

    Raises:
        ValueError: a name server is not an address; the configuration has been checked before.
    """
    resolver = Resolver(spawn, nameservers=tuple(parse_server(text) for text in nameservers))
    return LocalVantage(resolver, Dialler(), ca_file=ca_file)


async def probe_once(vantage: LocalVantage, plan: Plan) -> Result:
    """One probe, awaited."""
    waiting: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def arrived(result: Result) -> None:
        if not waiting.done():
            waiting.set_result(result)

    vantage.probe(plan, arrived)
    return await waiting
