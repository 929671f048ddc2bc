"""The dashboard's connection: finds or starts the engine, folds its messages, comes back by itself."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from uptime_tui.client.session import MUTE, EngineLost, Session
from uptime_tui.client.spawn import find_or_start
from uptime_tui.config.paths import Home
from uptime_tui.model.errors import UserError
from uptime_tui.model.units import MonitorId
from uptime_tui.view.snapshot import Dirty, Snapshot
from uptime_tui.wire.messages import Reply, Request, Trial

RETRY_S: Final = 1.0
_SILENT: Final = 15
"""After so many looks at an engine that said nothing it is told that it hangs: its rows would stay green for ever."""


class Link:
    """Owns session and snapshot.

    Args:
        home: whose engine.
        greeted: a connection to it on which a Hello was said.
    """

    def __init__(self, home: Home, greeted: socket.socket | None = None) -> None:
        self._home = home
        self._greeted = greeted
        self._session: Session | None = None
        self._lost_s: float | None = None
        self._unheard = 0
        """Looks since the engine said something, not seconds: who is stopped, as by Ctrl-Z, hears nothing either."""
        self._focus: MonitorId | None = None
        self.snapshot = Snapshot()
        self.on_arrival: Callable[[], None] = lambda: None
        """Called when an engine's first message is there, so that nobody waits for the frame clock."""
        self.problem = ""
        """Why no engine can be had, in the engine's or our words."""

    @property
    def lost(self) -> str:
        """What is wrong with the engine, for how many whole minutes, and what is done; empty while it is there."""
        if self._lost_s is None:
            return ""
        minutes = int((time.monotonic() - self._lost_s) // 60)
        since = f"{minutes} min" if minutes else "just now"
        hangs = self.problem.startswith(MUTE[0])
        return (
            f"does not answer ({since}, `uptime-tui stop` ends it)" if hangs else f"is gone ({since}, reconnecting …)"
        )

    async def run(self) -> None:
        """Connect and stay connected, for ever."""
        while True:
            try:
                if self._session is None or self._session.lost:
                    if self._session is not None:
                        self._lost_s = self._lost_s or time.monotonic()
                        await self._session.close()
                    self._session = await self._connect()
                    self._lost_s, self.problem, self._unheard = None, "", 0
                    self._session.focus(self._focus)
                    await self._session.arrival()
                    self.on_arrival()
                else:
                    self._listen_to(self._session)
            except UserError as error:
                self._lost_s = self._lost_s or time.monotonic()
                self.problem = str(error)
            await asyncio.sleep(RETRY_S)

    def _listen_to(self, session: Session) -> None:
        self._unheard += 1
        if session.heard:
            session.heard, self._unheard = False, 0
            self._lost_s, self.problem = None, ""
        elif self._unheard >= _SILENT:
            raise EngineLost(*MUTE)

    async def _connect(self) -> Session:
        greeted, self._greeted = self._greeted, None
        if greeted is not None:
            with contextlib.suppress(EngineLost):
                return await Session.take_over(greeted)
        await _in_thread(lambda: find_or_start(self._home, keep=False))
        return await Session.connect(self._home.socket_file, client="dashboard")

    def drain(self) -> Dirty:
        """Fold everything that has arrived; what changed since the last call."""
        session = self._session
        if session is None:
            return Dirty()
        found = Dirty()
        for message in session.take():
            found = found.joined(self.snapshot.apply(message))
        return found

    def focus(self, monitor: MonitorId | None) -> None:
        """Say which monitor the user looks at."""
        if monitor == self._focus:
            return
        self._focus = monitor
        if self._session is not None:
            self._session.focus(monitor)

    async def ask(self, make: Callable[[int], Request], *, on_trial: Callable[[Trial], None] | None = None) -> Reply:
        """A request and its reply; an engine that is gone is a reply's error as well."""
        if self._session is None:
            return Reply(0, error="the engine is not there yet")
        try:
            return await self._session.request(make, on_trial=on_trial)
        except EngineLost as lost:
            return Reply(0, error=lost.what)

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()


async def _in_thread(work: Callable[[], object]) -> None:
    """Run it in a thread that nobody waits for at the end: quitting must not wait for an engine that does not come."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def tell(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        problem: BaseException | None = None
        try:
            work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            problem = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, problem)

    threading.Thread(target=run, daemon=True, name="find-engine").start()
    await done
