"""Failed probes to be explained, made up for tests of the diagnosis."""

import asyncio
from pathlib import Path

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.diagnose.case import Budget, Case, Means, Neighbour
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.failure import FACTS, Failure, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Evidence, Result, Timings
from uptime_tui.model.target import Target
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.base import Plan

CATALOGUE = load_catalogue()
KNOWLEDGE = load_knowledge()
NOW_MS = 1_800_000_000_000


def monitor(target="smtp://mx1.example.net:25", number=1, name="", **more):
    service, _, rest = target.partition("://")
    host, _, port = rest.rpartition(":")
    entry = CATALOGUE.get(service)
    aim = Target(service, host.strip("[]"), int(port))
    return Monitor(MonitorId(number), name or f"{host} {service}", aim, more.pop("category", entry.category), **more)


def case(failure=Failure.TIMEOUT, target="smtp://mx1.example.net:25", address="192.0.2.7", seen=(), **more):
    """A case; `seen` are ids of the probe's own evidence, what else is given replaces fields of the case or result."""
    asked = monitor(target)
    of_result = {name: more.pop(name) for name in ("timings", "trials", "certificate", "vantage") if name in more}
    of_result.setdefault("timings", Timings())
    evidence = tuple(each if isinstance(each, Evidence) else fact(each) for each in seen)
    phase = FACTS[failure].phase if failure else None
    result = Result(
        asked.id, NOW_MS, failure, phase, "it failed", address=address, port=asked.target.port, evidence=evidence,
        **of_result,
    )  # fmt: skip
    return Case(Plan(asked, CATALOGUE.get(asked.target.service)), result, **more)


def fact(id_, ok=None):
    return Evidence(id_, FACTS[Failure.REFUSED].phase, ok, id_)


def neighbour(target, failure=None, number=2, *, age_s=0.0, address=None, status=None, certificate="", **more):
    """Another monitor, whose newest probe ended `age_s` before the failed one."""
    status = status or (Status.UP if failure is None else Status.DOWN)
    aim = monitor(target, number, **more)
    return Neighbour(
        aim, status, failure, address, NOW_MS, certificate=certificate, last_ms=NOW_MS - int(age_s * 1000)
    )  # fmt: skip


class NoSockets:
    """A dialler that may not be used."""

    def __getattr__(self, name):
        raise AssertionError(f"something was sent: {name}")


def means(dialler=None, packets=30, seconds=5.0, proc=Path("/proc")):
    loop = asyncio.get_running_loop()
    return Means(dialler or NoSockets(), NoSockets(), loop.time() + seconds, Budget(packets), proc)


async def facts(collector, case_, means_):
    """Id to text of what a collector finds."""
    return {found.id: found.text async for found in collector.collect(case_, means_)}
