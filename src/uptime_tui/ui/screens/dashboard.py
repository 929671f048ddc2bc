"""The main screen, which the user keeps open: what it shows (`Board`), what its keys do, and the screens above it."""

from typing import ClassVar

from textual.binding import BindingType

from uptime_tui.model.units import MonitorId
from uptime_tui.ui.actions import bindings
from uptime_tui.ui.screens.deeds import ACTIONS_OF_DEEDS, Deeds
from uptime_tui.ui.screens.sights import ACTIONS_OF_SIGHTS, Sights

ACTIONS = (*ACTIONS_OF_DEEDS, *ACTIONS_OF_SIGHTS)


class Dashboard(Deeds, Sights):
    """All of it."""

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def action_detail(self) -> None:
        """The whole screen for one monitor; on a group's header, fold."""
        from uptime_tui.ui.screens.detail import Detail

        if self.table.current() is None:
            self.table.toggle_fold()
            return
        self.app.push_screen(Detail(self))

    def on_monitor_table_opened(self) -> None:
        """A double click opens the detail."""
        self.action_detail()

    def action_lint(self) -> None:
        """What best practice finds; its answer is a monitor to go to."""
        from uptime_tui.ui.screens.lint import Lint

        def left(number: MonitorId | None) -> None:
            if number is not None:
                self.reveal(number)

        self.app.push_screen(Lint(self), left)
