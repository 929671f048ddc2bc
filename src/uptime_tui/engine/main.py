"""Wires the engine's parts, runs them, stops them; no rule of its own."""

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Coroutine, Iterable
from logging.handlers import RotatingFileHandler
from types import FrameType
from typing import Any, Final, NoReturn

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.edit import MonitorsFile
from uptime_tui.config.paths import Home, make_folders
from uptime_tui.config.settings import load_settings
from uptime_tui.engine.bus import Bus
from uptime_tui.engine.desk import Desk
from uptime_tui.engine.diagnoses import Diagnoses
from uptime_tui.engine.fleet import Fleet
from uptime_tui.engine.lock import take_lock
from uptime_tui.engine.place import own_line, own_vantage
from uptime_tui.engine.present import Present
from uptime_tui.engine.prober import Prober
from uptime_tui.engine.reload import Loaded, Reloader
from uptime_tui.engine.scheduler import SETTLE_S, Scheduler
from uptime_tui.engine.selfcheck import ClockWatch, Lapse, Network, raise_limits
from uptime_tui.engine.server import Server
from uptime_tui.engine.tracker import Tracker
from uptime_tui.journal.writer import Journal
from uptime_tui.model.errors import UserError
from uptime_tui.model.units import MonitorId

_ENDINGS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_log: Final = logging.getLogger(__name__)
_LOG_BYTES: Final = 1_048_576
_ALONE_S: Final = 2.0
"""How long an engine that was started for a client outlives its last one."""
_FIRST_S: Final = 30.0
"""How long it waits for the first."""
_FIRST_RATE: Final = 100
"""First probes a second."""
_PATIENCE_S: Final = 30.0
"""How long after its timeout a probe counts as lost by a bug of ours."""
_HOUSEKEEPING_S: Final = 1.0
_KEEP_ALL_S: Final = 300.0
_NOTICE_S: Final = 600.0


def run_engine(home: Home, *, keep: bool) -> NoReturn:
    """Run the engine in this process until it is told to stop; the process ends with code 0.

    Args:
        home: its folders.
        keep: go on without clients.

    Raises:
        UserError: another engine runs for this home, or a file or folder of it cannot be used.
    """
    make_folders(home)
    take_lock(home.lock_file)
    _log_to(home)
    try:
        asyncio.run(_run(home, keep=keep))
    finally:
        logging.shutdown()


async def _run(home: Home, *, keep: bool) -> NoReturn:
    for number in _ENDINGS:
        signal.signal(number, _end_at_once)
    engine = Engine(home, keep=keep)
    try:
        await engine.start()
        await engine.stopped.wait()
    finally:
        engine.stop()
    # Everything is on disk. A thread that reads ten thousand monitors just now would hold up the end by seconds.
    logging.shutdown()
    os._exit(0)


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    """Told to end while ten thousand monitors are read: nothing has been measured yet, and the loop sees no signal."""
    _log.info("stopping: %s", signal.Signals(number).name)
    os._exit(0)


class Engine:
    """Everything that runs, in the order in which it depends on each other."""

    def __init__(self, home: Home, *, keep: bool) -> None:
        self.home = home
        self.keep = keep
        self.loop = asyncio.get_running_loop()
        self.stopped = asyncio.Event()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.alone: asyncio.TimerHandle | None = None
        settings = load_settings(home.config_file)
        catalogue = load_catalogue(home.services_folder)
        self.journal = Journal(home.journal_file, block_days=settings.engine.retention_days)
        self.journal.open()
        self.present = present = Present(str(home.config), kept=keep)
        self.fleet = present.fleet = Fleet(catalogue, self.journal, settings.defaults)
        self.bus = Bus(self.loop, present)
        self.tracker = present.tracker = Tracker(self.fleet, self.journal, self.bus.mark)
        self.tracker.certificates.changed = self.bus.mark_certificate
        self.network = present.network = Network()
        self.vantage = own_vantage(self.spawn, settings)
        self.diagnoses = Diagnoses(
            self.fleet, self.tracker, self.journal, self.vantage, home.runbooks_folder, self.bus.mark, self.spawn
        )
        self.diagnoses.dkim_selectors, self.diagnoses.dnsbl = settings.diagnose.dkim_selectors, settings.diagnose.dnsbl
        self.diagnoses.is_offline = lambda: self.network.offline
        present.diagnosis = self.diagnoses.of
        self.prober = Prober(self.fleet, self.vantage, self.network, self.tracker, self.journal)
        present.slowed = self.prober.slowed
        limit = raise_limits(settings.engine.max_probes_at_once)
        self.scheduler = present.scheduler = Scheduler(
            self.loop,
            self.prober.launch,
            limit=limit,
            lost=self.prober.lose,
            held_until_s=self.prober.held_until_s,
        )
        self.prober.scheduler = self.scheduler
        self.doubt = self.prober.doubt = own_line(
            self.vantage, self.network, self.fleet, self.tracker, self.scheduler, self.line_changed, self.spawn
        )
        self.file = present.file = MonitorsFile(home.monitors_file, home.undo_file)
        present.journal = self.journal
        present.read(home.journal_file, self.loop, self.bus.mark)
        self.reader, self.history = present.reader, present.history
        self.diagnoses.recall, self.diagnoses.kept = self.reader.newest_diagnosis, self.reader.diagnoses
        self.reloader = present.reloader = Reloader(
            home.monitors_file, catalogue, settings.defaults, replaced=self.replace, noticed=self.bus.mark_fleet
        )
        desk = Desk(
            self.fleet, self.file, self.scheduler, self.vantage, self.prober.rests,
            diagnoses=self.diagnoses, reload=self.reloader.reload, report=present.report, life=self,
        )  # fmt: skip
        self.server = Server(self.bus, desk, self.spawn, self.check_alone)
        present.clients = lambda: len(self.server.clients)
        self.clock = ClockWatch()
        self.forget_notice: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Load, restore, listen, probe."""
        self.loop.set_exception_handler(_log_exception)
        self.prober.rests.restore(self.reader.rests())
        self.reloader.load_first()
        reader = self.reader
        self.tracker.restore(reader.states(), reader.newest(), reader.failed(), reader.open_incidents())
        self.diagnoses.restore(reader.unexplained())
        self.tracker.trends.backends.restore(reader.backends())
        self.tracker.certificates.restore(reader.certificates(), self.fleet.monitors.values())
        self.tracker.reconcile(time.time_ns() // 1_000_000)
        for number in _ENDINGS:
            self.loop.add_signal_handler(number, self.shut_down, signal.Signals(number).name)
        await self.server.listen(self.home.socket_file)
        self.spawn(self.reloader.watch())
        self.spawn(self.recall(self.fleet.monitors))
        self.loop.call_later(_HOUSEKEEPING_S, self.keep_house)
        if not self.keep:
            self.alone = self.loop.call_later(_FIRST_S, self.end_if_alone, "no client came")
        gc.freeze()  # modules and monitors stay: looking through them for garbage would make probes late
        _log.info("engine started, %d monitors", len(self.fleet.monitors))

    async def recall(self, monitors: Iterable[MonitorId]) -> None:
        """Trends of the time before this start, or before these were away; the first rows do not wait for them."""
        for number, some in (await self.history.recent(monitors)).items():
            if number in self.fleet.monitors:
                self.tracker.trends.recall(number, some)
                self.bus.mark(number)

    def replace(self, loaded: Loaded) -> None:
        """Watch a new set of monitors; what did not change goes on as it was."""
        change = self.fleet.replace(loaded.monitors)
        for number in change.removed:
            self.scheduler.drop(number)
        self.history.forget(change.removed)
        for number in change.retargeted:
            self.tracker.restart(number)
            self.diagnoses.forget(number)
        back = (change.added & self.tracker.states.keys()) - change.retargeted
        self.tracker.reconcile(time.time_ns() // 1_000_000)
        first = not self.tracker.probes
        within_s = self.settle_s()
        for number, monitor in self.fleet.monitors.items():
            if monitor.paused:
                self.scheduler.drop(number)
            else:
                soon = number in change.retargeted or (number in change.added and not first)
                self.scheduler.put(
                    number, monitor.name, monitor.target.host, monitor.interval_s, pace=self.fleet.pace(number),
                    within_s=within_s, patience_s=monitor.timeout_s + _PATIENCE_S, soon=soon,
                )  # fmt: skip
        if back and not first:
            self.spawn(self.recall(back))
        self.bus.mark_fleet()

    def settle_s(self) -> float:
        """Within how many seconds every monitor is probed first: a small fleet is on the screen at once."""
        return min(SETTLE_S, max(2.0, len(self.fleet.monitors) / _FIRST_RATE))

    def keep_house(self) -> None:
        """Once a second: clocks, network, socket, and now and then what a kill must not lose."""
        if self.stopped.is_set():
            return
        self.loop.call_later(_HOUSEKEEPING_S, self.keep_house)
        self.network.has_link()  # a route that was never seen is not known to be lost
        lapse = self.clock.look()
        if any(lapse):
            self.wake(lapse)
        elif self.network.is_back():
            _log.warning("the network is back")
            self.probe_anew()
        self.doubt.look()
        wall = self.tracker.certificates.clock
        self.present.say_while("wall", wall.why and wall.why_wrong())
        if not self.home.socket_file.exists():
            self.spawn(self.listen_again())
        self.tracker.keep_some(_HOUSEKEEPING_S / _KEEP_ALL_S)

    def wake(self, lapse: Lapse) -> None:
        """After a suspend, a jump of the clock or a stall."""
        if lapse.slept_s:
            text = f"this machine slept for {lapse.slept_s:.0f} s"
            self.prober.rests.slept(lapse.slept_s)
        elif lapse.jumped_s:
            text = f"the clock jumped by {lapse.jumped_s:+.0f} s"
        else:
            text = f"the engine stood still for {lapse.stalled_s:.0f} s"
        _log.warning("%s", text)
        self.present.say("clock", f"{text}: nothing was watched meanwhile, all is probed anew", "info")
        if self.forget_notice is not None:
            self.forget_notice.cancel()
        self.forget_notice = self.loop.call_later(_NOTICE_S, self.present.own_notices.pop, "clock", None)
        self.probe_anew()

    def line_changed(self, reason: str) -> None:
        """Behind the gateway there is nothing, or something again."""
        _log.warning("%s", reason or "the line is back")
        if reason:
            self.present.say("line", f"{reason}; alarms are held until it is back", "error")
        else:
            self.present.own_notices.pop("line", None)
            self.loop.call_soon(self.probe_anew)

    def probe_anew(self) -> None:
        """What was in flight says nothing, and everything is spread anew."""
        self.prober.generation += 1
        self.doubt.forget()
        self.vantage.forget_names()
        for number in self.tracker.forget_suspicions():
            self.bus.mark(number)
        self.scheduler.spread(self.settle_s())

    async def listen_again(self) -> None:
        """The socket was taken away: a runtime folder goes when its user logs out, and comes back at the next login."""
        try:
            make_folders(self.home)
            await self.server.listen(self.home.socket_file)
        except UserError as error:
            _log.debug("%s", error)
        else:
            _log.warning("listening again: the socket had been taken away")

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine and keep hold of it."""
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def check_alone(self) -> None:
        """The last client has left: an engine that was started for it ends."""
        if self.alone is not None:
            self.alone.cancel()
            self.alone = None
        if not self.keep and not self.server.clients:
            self.alone = self.loop.call_later(_ALONE_S, self.end_if_alone, "the last client has left")

    def end_if_alone(self, reason: str) -> None:
        """End, unless somebody came, or asked for it to stay."""
        if not self.keep and not self.server.clients:
            self.shut_down(reason)

    def stay(self) -> None:
        """Go on without clients from now on."""
        self.keep = self.present.kept = True

    def shut_down(self, reason: str) -> None:
        """End cleanly, within a second."""
        _log.info("stopping: %s", reason)
        self.stopped.set()

    def stop(self) -> None:
        """Everything measured goes to disk; then all is closed."""
        self.reloader.stop()
        self.scheduler.stop()
        self.server.stop("the engine has stopped")
        self.bus.stop()
        for task in self.tasks:
            task.cancel()
        self.vantage.close()
        self.doubt.close()
        self.history.stop()
        self.tracker.keep_all()
        self.journal.close()
        self.reader.close()
        self.home.socket_file.unlink(missing_ok=True)


def _log_to(home: Home) -> None:
    """The engine's log: bounded, in the state folder; on a terminal also on stderr."""
    handlers: list[logging.Handler] = [RotatingFileHandler(home.log_file, maxBytes=_LOG_BYTES, backupCount=1)]
    if sys.stderr is not None and sys.stderr.isatty():
        handlers.append(logging.StreamHandler())
    logging.raiseExceptions = False  # a full disk must not fill another with tracebacks
    logging.basicConfig(level=logging.INFO, handlers=handlers, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _log_exception(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    _log.error("%s", context.get("message", "bug"), exc_info=error if isinstance(error, BaseException) else None)
