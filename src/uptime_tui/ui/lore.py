"""What is known of a monitor besides its state: catalogue and knowledge base, joined with the snapshot."""

import time
from collections.abc import Callable
from typing import Final

from uptime_tui.catalogue.load import Catalogue, load_catalogue
from uptime_tui.config.paths import Home
from uptime_tui.knowledge.entry import Hints
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.lint.exposure import warning, warns_by
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.units import MonitorId
from uptime_tui.view.copies import copies
from uptime_tui.view.mailstack import EMAIL, Stack, stack_of
from uptime_tui.view.panel import PanelContext, PanelLine, panel_lines
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.view.words import Glyphs

_DAY_S: Final = 86400


class Lore:
    """Reads the catalogue once and a failure's file when it is first needed.

    Args:
        home: whose additions are read as well.
        snapshot: the fleet.
        glyphs: characters.
        now_ms: the clock.
        warn: told when a file of the user's cannot be read.
    """

    def __init__(
        self, home: Home, snapshot: Snapshot, glyphs: Glyphs, now_ms: Callable[[], int], warn: Callable[[str], None]
    ) -> None:
        self.catalogue: Catalogue = load_catalogue(home.services_folder)
        self._knowledge = load_knowledge(home.runbooks_folder)
        self._snapshot = snapshot
        self._glyphs = glyphs
        self._now_ms = now_ms
        self._warn = warn
        snapshot.is_exposed = warns_by(self.catalogue.services)

    def panel_lines(self, number: MonitorId, width: int, *, brief: bool = False) -> tuple[PanelLine, ...]:
        """Everything about a monitor; `brief`: of a diagnosis the conclusion alone."""
        snapshot = self._snapshot
        monitor, row = snapshot.monitors.get(number), snapshot.rows.get(number)
        if monitor is None or row is None:
            return ()
        service = self.catalogue.services.get(monitor.target.service)
        focus = snapshot.focus if snapshot.focus is not None and snapshot.focus.id == number else None
        return panel_lines(
            PanelContext(
                monitor=monitor,
                row=row,
                focus=focus,
                hints=self.hints(number),
                service_title=service.title if service else monitor.target.service,
                meaning=service.meaning if service else "",
                exposure=warning(monitor, service, row),
                now_ms=self._now_ms(),
                width=width,
                glyphs=self._glyphs,
                clock=clock,
                stack=self._stack(monitor),
                brief=brief,
            )
        )

    def _stack(self, monitor: Monitor) -> Stack | None:
        """The mail host it is a part of; only mail is looked at, and only for the one monitor that is shown."""
        if monitor.category != EMAIL:
            return None
        return stack_of(monitor.id, self._snapshot.monitors.values(), self._snapshot.rows)

    def hints(self, number: MonitorId) -> Hints | None:
        """What the knowledge base says about a monitor's present failure."""
        snapshot = self._snapshot
        monitor, row = snapshot.monitors.get(number), snapshot.rows.get(number)
        if monitor is None or row is None:
            return None
        failure = row.suspected or row.failure
        service = self.catalogue.services.get(monitor.target.service)
        if failure is None or service is None:
            return None
        focus = snapshot.focus
        result = focus.result if focus is not None and focus.id == number else None
        address = result.address if result else None
        return self._knowledge.hints(
            failure, monitor, service, address, self._warn, phase=result.phase if result else None
        )

    def copies(self, number: MonitorId | None) -> dict[str, tuple[str, str]]:
        """What can be copied of a monitor: key to word and text."""
        snapshot = self._snapshot
        if number is None or number not in snapshot.monitors:
            return {}
        monitor, row = snapshot.monitors[number], snapshot.rows[number]
        focus = snapshot.focus
        found = focus.diagnosis if focus is not None and focus.id == number else None
        return copies(monitor, row, found, self.hints(number), iso_time)


def clock(unix_ms: int) -> str:
    """Time of day here; with the date when it is not within a day."""
    seconds = unix_ms / 1000
    form = "%H:%M" if abs(time.time() - seconds) < _DAY_S else "%d %b %H:%M"
    return time.strftime(form, time.localtime(seconds))


def iso_time(unix_ms: int) -> str:
    """Date and time here, with the zone: for a text that is read elsewhere."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(unix_ms / 1000))
