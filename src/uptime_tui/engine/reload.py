"""Reads the monitors file again when it changes; the last good set goes on while it is wrong."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.config.load import Loaded, Problem, load_monitors
from uptime_tui.config.schema import Defaults
from uptime_tui.wire.messages import Notice

__all__ = ["Loaded", "Reloader"]  # the set that is handed over comes with it

LOOK_S: Final = 0.5
_PATIENCE: Final = 4
"""Looks at a file that never settles before it is read all the same."""
_SHOWN: Final = 5
_log: Final = logging.getLogger(__name__)

_BREATH_S: Final = 0.0005


Stamp = tuple[int, int, int, int]
"""Times of the last change of content and of permissions, size, file number."""


class Reloader:
    """Watches one file.

    Args:
        path: `monitors.toml`.
        catalogue: the services.
        defaults: of `config.toml`.
        replaced: told the new set; only whole good ones.
        noticed: told that notices changed.
    """

    def __init__(
        self,
        path: Path,
        catalogue: Catalogue,
        defaults: Defaults,
        *,
        replaced: Callable[[Loaded], None],
        noticed: Callable[[], None],
    ) -> None:
        self._path = path
        self._catalogue = catalogue
        self._defaults = defaults
        self._replaced = replaced
        self._noticed = noticed
        self._stamp: Stamp | None = None
        self._lock = asyncio.Lock()
        self._stopping = False
        self.notices: tuple[Notice, ...] = ()

    def load_first(self) -> None:
        """Read the file at the start; of a file with mistakes the sound monitors are watched."""
        self._stamp = self._look()
        loaded = load_monitors(self._path, self._catalogue, self._defaults)
        self._tell(loaded, first=True)
        self._replaced(loaded)

    async def watch(self) -> None:
        """Look twice a second, for ever. A change is read when it has settled: an editor may be in the middle of it."""
        seen, waited = self._stamp, 0
        while True:
            await asyncio.sleep(LOOK_S)
            stamp = self._look()
            if stamp == self._stamp:
                waited = 0
            elif stamp == seen or waited >= _PATIENCE:
                waited = 0
                try:
                    await self.reload()
                except Exception as error:  # noqa: BLE001 - a bug of ours, or no numbers left: later changes still count
                    _log.exception("reload")
                    self._say((Notice("config:bug", f"{self._path.name} could not be taken over: {error}", "error"),))
                    self._stamp = stamp
            else:
                waited += 1
            seen = stamp

    def stop(self) -> None:
        """Break off what is being read: at the end of the engine nothing may take time from the journal's thread."""
        self._stopping = True

    async def reload(self) -> None:
        """Read the file now, in a thread: ten thousand monitors take a second to read."""
        async with self._lock:
            stamp = self._look()
            loaded = await self._read()
            for _ in range(_PATIENCE):
                again = self._look()
                if again == stamp:
                    break
                stamp = again  # written or taken away while it was read
                loaded = await self._read()
            gone = stamp is None and self._stamp is not None
            self._stamp = stamp
            if gone:
                loaded = Loaded((), (Problem(self._path.name, "is gone", "an empty one watches nothing"),))
            self._tell(loaded, first=False)
            if stamp is not None and not loaded.problems:
                self._replaced(loaded)

    async def _read(self) -> Loaded:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            None, load_monitors, self._path, self._catalogue, self._defaults, self._breathe
        )

    def _breathe(self) -> None:
        """In the reading thread: let the loop's thread have its turn, which it would wait for at every system call."""
        if self._stopping:
            raise asyncio.CancelledError
        time.sleep(_BREATH_S)

    def _look(self) -> Stamp | None:
        try:
            info = self._path.stat()
        except OSError:
            return None
        return info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino

    def _tell(self, loaded: Loaded, *, first: bool) -> None:
        instead = "the monitors without a mistake are watched" if first else "the last good set goes on"
        notices = tuple(
            Notice(f"config:{number}", f"{p}; {instead}", "error") for number, p in enumerate(loaded.problems[:_SHOWN])
        )
        more = len(loaded.problems) - _SHOWN
        if more > 0:
            notices += (
                Notice(
                    "config:more", f"{self._path.name}: {more} more mistakes; `uptime-tui doctor` lists all", "error"
                ),
            )
        self._say(notices)

    def _say(self, notices: tuple[Notice, ...]) -> None:
        if notices != self.notices:
            self.notices = notices
            for notice in notices:
                _log.warning("%s", notice.text)
            self._noticed()
