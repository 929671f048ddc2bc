"""Runs the collectors of evidence in their order, within the budget, until the cause has a name."""

import asyncio
import logging
import pkgutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any, Final, cast

import msgspec

import uptime_tui.diagnose.evidence as folder
from uptime_tui.diagnose.case import Case, Collector, Means
from uptime_tui.diagnose.rank import is_conclusive, rank
from uptime_tui.diagnose.relations import relations, summary
from uptime_tui.knowledge.entry import Hints
from uptime_tui.model.diagnosis import Diagnosis, Suspect
from uptime_tui.model.failure import Phase
from uptime_tui.model.result import Evidence

Told = Callable[[Diagnosis], None]
_AT_LEAST_S: Final = 0.25
"""For what is known already and needs no packet, even where a busy machine has let the time pass."""
SILENT: Final = "\nSTAGE: Final = 0\n"
"""How a collector says that it sends nothing."""
MAX_FACTS: Final = 60
"""More evidence than this is not kept."""
_log: Final = logging.getLogger(__name__)


@cache
def collectors() -> tuple[Collector, ...]:
    """Every module of the evidence folder, in the order in which they run."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    found = [cast("Collector", import_module(f"{folder.__name__}.{name}")) for name in names]
    return tuple(sorted(found, key=lambda collector: collector.STAGE))


@cache
def _silent_collectors() -> tuple[Collector, ...]:
    """Those of stage 0, which send nothing: told by their text, for the others load what takes 200 ms to load."""
    sources = sorted(Path(folder.__path__[0]).glob("*.py"))
    names = [source.stem for source in sources if SILENT in source.read_text("utf-8")]
    return tuple(cast("Collector", import_module(f"{folder.__name__}.{name}")) for name in names)


async def collect(
    case: Case,
    means: Means,
    hints: Hints | None,
    told: Told,
    wall: Callable[[], float] = time.time,
    *,
    audit: bool = False,
) -> Diagnosis:
    """Look until the cause is conclusive, everything was looked at, or the time is up.

    Args:
        case: what is to be explained.
        means: what it is done with; `means.deadline_s` bounds it all.
        hints: what the knowledge base says of the failure; None where the probe did not fail.
        told: gets every state of the diagnosis on the way, and at last the complete one.
        wall: Unix time in seconds.
        audit: somebody asks by hand: of a mail server the domain is audited after the search, on a bound of its own.
    """
    began_s = asyncio.get_running_loop().time()
    if not case.addresses and case.result.phase is not Phase.DNS:
        case = replace(case, addresses=await means.addresses(case.plan.monitor.target.host))
    search = _Search(case, means, hints, told, int(wall() * 1000))
    search.tell()
    wanted = [collector for collector in collectors() if _wants(collector, case)]
    for stage, some in groupby(wanted, key=lambda collector: collector.STAGE):
        if stage and (is_conclusive(search.now.suspects) or not means.left_s):
            break
        within_s = means.left_s if stage else max(means.left_s, _AT_LEAST_S)
        await _together([search.run(collector) for collector in some], within_s)
    took_ms = (asyncio.get_running_loop().time() - began_s) * 1000
    search.now = msgspec.structs.replace(search.now, complete=True, took_ms=took_ms, packets=means.budget.spent)
    told(search.now)
    if audit:
        search.now = await _audited(search.now, means, case)
        told(search.now)
    return search.now


async def glance(case: Case, means: Means, hints: Hints) -> Hints:
    """The causes as far as they can be told apart without sending anything: likeliest first, confidence as weight.

    Args:
        case: what is to be explained.
        means: what it is done with; nothing is sent.
        hints: what the knowledge base says of the failure.
    """
    search = _Search(case, means, hints, lambda _: None, case.result.at_ms)
    wanted = [collector for collector in _silent_collectors() if _wants(collector, case)]
    await _together([search.run(collector) for collector in wanted], _AT_LEAST_S)
    causes = {cause.id: cause for cause in hints.causes}
    ranked = (msgspec.structs.replace(causes[each.id], weight=each.confidence) for each in search.now.suspects)
    return msgspec.structs.replace(hints, causes=tuple(ranked))


async def _audited(diagnosis: Diagnosis, means: Means, case: Case) -> Diagnosis:
    from uptime_tui.diagnose.mail.audit import audited  # it loads dnspython

    try:
        return await audited(diagnosis, means, case)
    except Exception:  # noqa: BLE001 - a bug in the audit must not take the diagnosis along
        _log.exception("audit of a mail domain")
        return diagnosis


class _Search:
    """The diagnosis as it grows."""

    def __init__(self, case: Case, means: Means, hints: Hints | None, told: Told, at_ms: int) -> None:
        self.case = case
        self.means = means
        self.hints = hints
        self.told = told
        evidence = case.result.facts
        self.now = Diagnosis(
            case.plan.monitor.id, at_ms, case.result, case.failure, case.last_good, evidence, self.ranked(evidence),
            relations(case), summary(case),
        )  # fmt: skip

    async def run(self, collector: Collector) -> None:
        try:
            async for fact in collector.collect(self.case, self.means):
                self.add(fact)
        except Exception as error:  # noqa: BLE001 - a bug in one collector must not hide what the others find
            _log.exception("evidence: %s", collector.QUESTION)
            text = f"a bug of uptime-tui: {type(error).__name__} while asking: {collector.QUESTION}"
            self.add(Evidence("collector_bug", Phase.CONNECT, None, text))

    def add(self, fact: Evidence) -> None:
        if len(self.now.evidence) < MAX_FACTS:
            evidence = (*self.now.evidence, fact)
            self.now = msgspec.structs.replace(self.now, evidence=evidence, suspects=self.ranked(evidence))
            self.tell()

    def ranked(self, evidence: tuple[Evidence, ...]) -> tuple[Suspect, ...]:
        return () if self.hints is None else rank(self.hints, evidence)

    def tell(self) -> None:
        self.told(self.now)


def _wants(collector: Collector, case: Case) -> bool:
    try:
        return collector.wants(case)
    except Exception:  # noqa: BLE001 - the same
        _log.exception("evidence: %s", collector.QUESTION)
        return False


async def _together(work: Sequence[Any], within_s: float) -> None:
    """All at once; what is not done in time is given up."""
    try:
        async with asyncio.timeout(within_s):
            await asyncio.gather(*work)
    except TimeoutError:
        return
