"""Answers what clients ask: changes of the configuration, rechecks, trials, status."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from uptime_tui.config.edit import MonitorsFile
from uptime_tui.config.load import draft_from_table
from uptime_tui.engine.diagnoses import Diagnoses
from uptime_tui.engine.fleet import Fleet
from uptime_tui.engine.rests import Rests
from uptime_tui.engine.scheduler import Scheduler
from uptime_tui.model.errors import UserError
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result
from uptime_tui.model.units import MonitorId
from uptime_tui.vantage.base import Plan, Vantage
from uptime_tui.wire.messages import (
    Add,
    AskDiagnosis,
    AskStatus,
    AskTable,
    Delete,
    Diagnose,
    Edit,
    Pause,
    Recheck,
    Reply,
    Request,
    Shutdown,
    StatusReport,
    Stay,
    Trial,
    TryTarget,
    Undo,
)

_log: Final = logging.getLogger(__name__)

Answered = tuple[Trial | None, Reply]


class Life(Protocol):
    """How long the engine goes on."""

    def shut_down(self, reason: str) -> None:
        """End cleanly."""

    def stay(self) -> None:
        """Go on without clients."""


class Desk:
    """Answers requests, one reply each.

    Args:
        fleet: monitors by id.
        file: the user's monitors file.
        scheduler: for rechecks.
        vantage: for trials.
        rests: who is to be left alone, whoever asks.
        diagnoses: who finds out why.
        reload: reads the file again now; awaited before a change is called done.
        report: what `status` says.
        life: of the engine.
    """

    def __init__(  # noqa: PLR0913 - every part is handed in once, by the engine's main
        self,
        fleet: Fleet,
        file: MonitorsFile,
        scheduler: Scheduler,
        vantage: Vantage,
        rests: Rests,
        *,
        diagnoses: Diagnoses,
        reload: Callable[[], Awaitable[None]],
        report: Callable[[], StatusReport],
        life: Life,
    ) -> None:
        self._fleet = fleet
        self._file = file
        self._scheduler = scheduler
        self._vantage = vantage
        self._rests = rests
        self._diagnoses = diagnoses
        self._reload = reload
        self._report = report
        self._life = life
        self._turn = asyncio.Lock()
        """One change of the file at a time, in the order in which they were asked for."""

    async def answer(self, request: Request) -> Answered:
        """Do what is asked; a user's fault is the reply's error, a bug of ours is logged and said."""
        try:
            return await self._do(request)
        except UserError as error:
            return None, Reply(request.number, error=str(error), key=error.key)
        except Exception as error:  # noqa: BLE001 - a bug of ours: logged, said, and the engine goes on
            _log.exception("request %s", type(request).__name__)
            return None, Reply(
                request.number, error=f"a bug of uptime-tui: {type(error).__name__}; see the engine's log"
            )

    async def _do(self, request: Request) -> Answered:
        if isinstance(request, Recheck):
            return None, self._recheck(request)
        if isinstance(request, TryTarget):
            return await self._try(request)
        if isinstance(request, Diagnose | AskDiagnosis):
            return None, self._diagnose(request)
        if isinstance(request, AskStatus):
            return None, Reply(request.number, status=self._report())
        if isinstance(request, AskTable):
            table = self._file.read_table(self._names((request.monitor,))[0])
            return None, Reply(request.number, table=dict(table))
        if isinstance(request, Stay):
            self._life.stay()
            return None, Reply(request.number, message="the engine stays")
        if isinstance(request, Shutdown):
            asyncio.get_running_loop().call_later(0.05, self._life.shut_down, "asked to stop")
            return None, Reply(request.number, message="stopping")
        async with self._turn:
            message, names = await asyncio.get_running_loop().run_in_executor(None, self._change, request)
            await self._reload()
        return None, Reply(request.number, message=message, names=names)

    def _change(self, request: Request) -> tuple[str, tuple[str, ...]]:
        """One change of the file; runs in a thread because it waits for the disk."""
        file = self._file
        if isinstance(request, Add):
            tables = [self._named(dict(table)) for table in request.tables]
            names = tuple(self._draft(table, "add").name for table in tables)
            return str(file.add(tables)), names
        if isinstance(request, Edit):
            name = self._names((request.monitor,))[0]
            written = file.read_table(name)
            draft = self._draft(_merged(written, request.changes), name)
            return str(file.edit(name, request.changes, request.seen)), (draft.name,)
        if isinstance(request, Delete):
            names = self._names(request.monitors)
            return str(file.delete(list(names))), names
        if isinstance(request, Pause):
            names = self._names(request.monitors)
            return str(file.edit_all(names, {"paused": True if request.paused else None})), names
        if isinstance(request, Undo):
            return str(file.redo() if request.redo else file.undo()), ()
        raise TypeError(type(request).__name__)

    def _draft(self, table: dict[str, Any], where: str) -> Monitor:
        fleet = self._fleet
        return draft_from_table(table, fleet.catalogue, where=where, defaults=fleet.defaults)

    def _named(self, table: dict[str, Any]) -> dict[str, Any]:
        """A table with a name that nobody has, made from its target when it has none."""
        if table.get("name"):
            return table
        draft = self._draft({**table, "name": "new"}, "add")
        taken = {monitor.name for monitor in self._fleet.monitors.values()}
        wanted = f"{draft.target.host} {draft.target.service}"
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted} {number}", number + 1
        return {"name": name, **{key: value for key, value in table.items() if key != "name"}}

    def _recheck(self, request: Recheck) -> Reply:
        names = self._names(request.monitors)
        monitors = {number: self._fleet.monitors[number] for number in request.monitors}
        for monitor in monitors.values():
            self._rests.forgive(monitor)
        refusals = {number: self._rests.refusal(monitor) for number, monitor in monitors.items()}
        begun = sum(self._scheduler.hurry(number) for number, why in refusals.items() if not why)
        refused = next((why for why in refusals.values() if why), "")
        if not begun and refused:
            return Reply(request.number, message=refused, names=names)
        if not begun:
            return Reply(request.number, message="a probe is under way, or was a moment ago", names=names)
        return Reply(request.number, message=f"rechecking {names[0] if len(names) == 1 else begun}", names=names)

    def _diagnose(self, request: Diagnose | AskDiagnosis) -> Reply:
        if isinstance(request, AskDiagnosis):
            return Reply(request.number, diagnoses=self._diagnoses.kept(request.incident))
        name = self._names((request.monitor,))[0]
        if self._diagnoses.ask(request.monitor):
            return Reply(request.number, message=f"diagnosing {name}")
        return Reply(request.number, message=f"{name} has not been probed yet")

    async def _try(self, request: TryTarget) -> Answered:
        draft = self._draft({"name": "trial", **request.table}, "")
        refused = self._rests.refusal(draft)
        if refused:
            raise UserError(f"not tried: {refused}")
        waiting: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def done(result: Result) -> None:
            self._rests.note(result)
            if not waiting.done():
                waiting.set_result(result)

        self._vantage.probe(Plan(draft, self._fleet.catalogue.get(draft.target.service)), done)
        return Trial(request.number, await waiting), Reply(request.number)

    def _names(self, numbers: tuple[MonitorId, ...]) -> tuple[str, ...]:
        missing = [number for number in numbers if number not in self._fleet.monitors]
        if missing or not numbers:
            raise UserError("that monitor is gone", todo="it was deleted or renamed meanwhile")
        return tuple(self._fleet.monitors[number].name for number in numbers)


def _merged(table: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The table as it would be after the changes; None takes a key away, a table is merged."""
    merged = dict(table)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            inner = merged.get(key)
            merged[key] = _merged(inner if isinstance(inner, dict) else {}, value)
        else:
            merged[key] = value
    return merged
