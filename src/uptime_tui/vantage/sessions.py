"""Sessions that a library holds in a task of its own, because no handshake of ours speaks them: SFTP with a key."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, Final

from uptime_tui.dial.drive import Driver, Ending
from uptime_tui.model.secret import Credentials
from uptime_tui.resolve.lookup import Spawn
from uptime_tui.vantage.base import Plan

_LIBRARY: Final = "uptime_tui.vantage.sftp"


class Sessions:
    """Owns the sockets it is given and the tasks that use them.

    Args:
        spawn: runs a coroutine on the loop and keeps hold of it.
    """

    def __init__(self, spawn: Spawn | None) -> None:
        self._spawn = spawn
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiting: set[socket.socket] = set()
        self._open = True

    def prepare(self, login: Credentials, deadline_s: float, done: Callable[[Any], None]) -> None:
        """Read the key before anybody is called, until `deadline_s` on the loop's clock.

        `done` gets it, or why it cannot be used, as a text.
        """
        self._run(_read(login, deadline_s), done)

    def hold(
        self, sock: socket.SocketType, key: Any, plan: Plan, driver: Driver, deadline_s: float,
        done: Callable[[Ending], None],
    ) -> None:  # fmt: skip
        """Hold the session on a connection that stands; `done` is called once, unless all is closed before.

        Args:
            sock: connected; ours from now on.
            key: what `prepare` has found.
            plan: monitor and service.
            driver: a fresh one of the handshake without a login, which judges the first words.
            deadline_s: on the loop's clock.
            done: gets the ending.
        """
        sftp, target = import_module(_LIBRARY), plan.monitor.target
        call = sftp.Call(target.host, target.port, plan.monitor.login.user, key)
        held = socket.socket(fileno=sock.detach())
        self._waiting.add(held)

        async def visit() -> Ending:
            self._waiting.discard(held)
            ending: Ending = await sftp.visit(held, call, driver, deadline_s)
            return ending

        self._run(visit(), done)

    def close(self) -> None:
        """Give up what is under way; nobody is called any more."""
        self._open = False
        for task in self._tasks:
            task.cancel()
        for sock in self._waiting:
            sock.close()
        self._waiting.clear()

    def _run(self, work: Coroutine[Any, Any, Any], done: Callable[[Any], None]) -> None:
        assert self._spawn is not None, "a vantage that unlocks logins can also run sessions"
        self._spawn(self._watched(work, done))

    async def _watched(self, work: Coroutine[Any, Any, Any], done: Callable[[Any], None]) -> None:
        if not self._open:
            work.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            found = await work
        finally:
            self._tasks.discard(task)
        if self._open:
            done(found)


async def _read(login: Credentials, deadline_s: float) -> Any:
    try:
        async with asyncio.timeout_at(deadline_s):
            # a fifth of a second of work, more on a busy machine: not on the loop's thread
            return await asyncio.to_thread(_read_now, login)
    except TimeoutError:
        return "the key was not read in time: this machine is too busy"


def _read_now(login: Credentials) -> Any:
    sftp = import_module(_LIBRARY)
    try:
        return sftp.read_key(login.secret)
    except sftp.Unfit as unfit:
        return str(unfit)
