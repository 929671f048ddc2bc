"""Searches for patterns off the loop: a helper process, started at the first search, replaced when one was too long."""

import asyncio
import selectors
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from uptime_tui.model.outcome import Search
from uptime_tui.vantage.search_worker import CPU_S, LENGTHS

PATIENCE_S: Final = 5.0
"""Wall time after which a helper that gets no processor is given up as well."""
_COMMAND: Final = (sys.executable, "-I", "-S", str(Path(__file__).with_name("search_worker.py")))
TOO_LONG: Final = (
    f"the search for the pattern took more than {CPU_S * 1000:.0f} ms of processor time here and was given up: "
    "make the regex simpler, without a repetition inside another"
)

TOO_LATE: Final = (
    "the whole answer came, but the time of the probe was up before the search for the pattern was done: "
    "give the monitor a longer timeout"
)

Found = Callable[[bool | str], None]
"""Takes whether the pattern is there, or why nobody knows."""


class Searcher:
    """One search at a time, in a thread that only waits; the loop and every probe go on meanwhile."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pool: ThreadPoolExecutor | None = None
        self._helper: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._open = True

    def search(self, search: Search, deadline_s: float, found: Found) -> None:
        """Search until `deadline_s` on the loop's clock; `found` is called on the loop, once."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="search")
        answer: asyncio.Future[bool | str] = self._loop.create_future()
        job = self._pool.submit(self._run, search)
        timer = self._loop.call_at(deadline_s, self._give_up, job, answer)
        answer.add_done_callback(lambda _: timer.cancel())
        answer.add_done_callback(lambda done: found(done.result()))
        job.add_done_callback(lambda done: self._deliver(done, answer))

    def close(self) -> None:
        """End the helper."""
        self._open = False
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            if self._helper is not None:
                _bury(self._helper)
                self._helper = None

    def _deliver(self, done: "Future[bool | str]", answer: "asyncio.Future[bool | str]") -> None:
        if self._open and not done.cancelled():
            self._loop.call_soon_threadsafe(_answer, answer, done.result())

    def _give_up(self, job: "Future[bool | str]", answer: "asyncio.Future[bool | str]") -> None:
        job.cancel()  # where others are before it, nobody searches for it any more
        if self._open:
            _answer(answer, TOO_LATE)

    # --- in the thread --------------------------------------------------------------

    def _run(self, search: Search) -> bool | str:
        helper = self._started()
        if helper is None:
            return TOO_LONG
        assert helper.stdin is not None
        assert helper.stdout is not None
        pattern = search.pattern.encode()
        try:
            helper.stdin.write(LENGTHS.pack(len(pattern), len(search.text)) + pattern + search.text)
            helper.stdin.flush()
            answer = helper.stdout.read(1) if _is_readable(helper.stdout) else b""
        except (OSError, ValueError):  # it has died, or was closed under us
            answer = b""
        if answer == b"":
            self._end(helper)
        return {b"1": True, b"0": False}.get(answer, TOO_LONG)

    def _started(self) -> "subprocess.Popen[bytes] | None":
        with self._lock:
            if not self._open:
                return None
            if self._helper is None:
                self._helper = subprocess.Popen(  # noqa: S603 - our own interpreter and file
                    _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
                )
            return self._helper

    def _end(self, helper: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            _bury(helper)
            self._helper = None


def _answer(waiting: "asyncio.Future[bool | str]", found: bool | str) -> None:  # noqa: FBT001 - what was found
    if not waiting.done():
        waiting.set_result(found)


def _is_readable(pipe: IO[bytes]) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        return bool(selector.select(PATIENCE_S))


def _bury(helper: "subprocess.Popen[bytes]") -> None:
    """End it and free what it holds; doing it twice is no fault."""
    helper.kill()
    helper.wait()
    for pipe in (helper.stdin, helper.stdout):
        with suppress(OSError):  # unwritten bytes of a broken pipe
            if pipe is not None:
                pipe.close()
