"""One monitor on the whole screen: its present, its incidents as they were, and the domain of a mail server."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.monitor import Monitor
from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.lore import clock, iso_time
from uptime_tui.ui.screens.helped import HELP, Helped
from uptime_tui.ui.widgets.lines import Line, Lines, MessageLine
from uptime_tui.view.copies import copies_of_past
from uptime_tui.view.pages import INCIDENTS, MAIL, NOW, Sheet, incident_lines, mail_lines, pages
from uptime_tui.view.panel import PanelLine
from uptime_tui.wire.messages import AskDiagnosis, Focus

if TYPE_CHECKING:
    from uptime_tui.ui.screens.deeds import Deeds

ACTIONS = (
    Action("close", ("escape", "q", "enter"), "back", "Back to the table.", "detail", 1),
    Action("page", ("tab",), "page", "The next page: now, incidents, mail domain.", "detail", 2),
    Action("older", ("left_square_bracket",), "older", "The incident before, as it was then.", "detail", 3),
    Action("newer", ("right_square_bracket",), "newer", "The incident after it.", "detail", 4),
    Action("next_problem", ("n",), "next", "To the next problem.", "detail", 8),
    Action("previous_problem", ("N",), "previous", "To the previous problem.", "detail"),
    Action("recheck", ("r",), "recheck", "Probe now.", "detail", 7),
    Action("diagnose", ("d",), "diagnose", "Find out anew why.", "detail", 5),
    Action("copy", ("y",), "copy", "Copy name, target, reason, next command or the report.", "detail", 6),
    Action("pause", ("p",), "pause", "Pause or resume.", "detail"),
    HELP,
)


class Detail(Helped):
    """The panel's lines, full width, and two more pages. The dashboard keeps it fresh, and does what the keys say.

    Args:
        dashboard: has the monitor under the cursor, asks the engine.
    """

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    DEFAULT_CSS = """
    Detail #pages { background: $panel; }
    Detail #detail { height: 1fr; padding: 0 1; }
    Detail #message { height: 1; }
    """

    def __init__(self, dashboard: "Deeds") -> None:
        super().__init__()
        self.dashboard = dashboard
        self.number = dashboard.table.current()
        self.page = NOW
        self.at = 0
        """Which incident, the newest first."""
        self.found: dict[int, tuple[Diagnosis, ...]] = {}
        """Diagnoses by incident, as far as they were read."""

    def compose(self) -> ComposeResult:
        """Pages, lines and keys."""
        yield Line(self.roles, id="pages")
        yield Lines(self.roles, id="detail")
        yield MessageLine(self.dashboard.said, self.roles, id="message")
        yield Line(self.roles, id="keys")

    def on_mount(self) -> None:
        """Show at once what the dashboard knew."""
        self.show()
        self.show_keys()
        self.query_one("#detail", Lines).focus()

    def on_resize(self) -> None:
        """Other keys fit."""
        self.show_keys()

    # --- what is shown ----------------------------------------------------------------

    def show(self, *, top: bool = False) -> None:
        """Everything anew; `top` for another monitor's, of which the present comes first."""
        current = self.dashboard.table.current()
        if current is None:
            return
        if current != self.number:
            self.number, self.page, self.at, top = current, NOW, 0, True
        self.query_one("#detail", Lines).show(self.lines_now(), top=top)
        self.show_pages()
        self.read()

    def lines_now(self) -> tuple[PanelLine, ...]:
        """Of the page that is open."""
        width = max(20, self.dashboard.size.width - 3)
        if self.page == NOW or self.monitor is None:
            return self.dashboard.panel_lines(width)
        sheet = Sheet(self.monitor, self.dashboard.host.now_ms(), width, self.dashboard.host.glyphs, clock)
        focus = self.focus_now()
        if self.page == MAIL:
            return tuple(mail_lines(sheet, None if focus is None else focus.diagnosis))
        incidents = () if focus is None else focus.incidents
        self.at = max(0, min(self.at, len(incidents) - 1))
        return tuple(incident_lines(sheet, incidents, self.at, self.kept()))

    @property
    def monitor(self) -> Monitor | None:
        """The one that is shown; None once it is gone."""
        return None if self.number is None else self.dashboard.link.snapshot.monitors.get(self.number)

    def focus_now(self) -> Focus | None:
        """What the engine has sent of this monitor."""
        focus = self.dashboard.link.snapshot.focus
        return focus if focus is not None and focus.id == self.number else None

    def kept(self) -> tuple[Diagnosis, ...] | None:
        """The diagnoses of the incident that is open; None until they are read."""
        focus = self.focus_now()
        if focus is None or self.at >= len(focus.incidents):
            return None
        return self.found.get(focus.incidents[self.at].id)

    def show_pages(self) -> None:
        """The names of the pages, the open one marked."""
        parts: list[tuple[str, str]] = []
        for name in () if self.monitor is None else pages(self.monitor):
            is_open = name == self.page
            parts += [(f" [{name}]" if is_open else f"  {name} ", "accent" if is_open else "dim")]
        self.query_one("#pages", Line).show(tuple(parts))

    def read(self) -> None:
        """Ask for the diagnoses of the incident that is open; again while it goes on, for they may become more."""
        focus = self.focus_now()
        if self.page != INCIDENTS or focus is None or self.at >= len(focus.incidents):
            return
        incident = focus.incidents[self.at]
        if incident.id in self.found and incident.closed_ms is not None:
            return

        async def ask() -> None:
            reply = await self.dashboard.link.ask(lambda number: AskDiagnosis(number, incident.id))
            if reply.error:
                self.dashboard.say(reply.error, "warn")
            else:
                self.found[incident.id] = reply.diagnoses
                self.query_one("#detail", Lines).show(self.lines_now())

        self.run_worker(ask(), exclusive=True, exit_on_error=False)

    # --- keys -------------------------------------------------------------------------

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)

    def action_page(self) -> None:
        """The next page, round and round."""
        if self.monitor is not None:
            all_of_it = pages(self.monitor)
            self.page = all_of_it[(all_of_it.index(self.page) + 1) % len(all_of_it)]
            self.show(top=True)

    def action_older(self) -> None:
        """The incident before; from another page, the newest."""
        self.step(1)

    def action_newer(self) -> None:
        """The incident after."""
        self.step(-1)

    def step(self, by: int) -> None:
        """To another incident, as far as there are any."""
        focus = self.focus_now()
        whole = 0 if focus is None else len(focus.incidents)
        if self.page != INCIDENTS:
            self.page, self.at = INCIDENTS, 0
        elif 0 <= self.at + by < whole:
            self.at += by
        else:
            self.dashboard.say("no older incident is known" if by > 0 else "that is the newest incident", "warn")
        self.show(top=True)

    def action_copy(self) -> None:
        """A menu of what to copy: of the incident that is open, else of the present."""
        monitor = self.monitor
        if monitor is not None and self.page == INCIDENTS and self.kept():
            self.dashboard.offer(copies_of_past(monitor, self.kept() or (), iso_time))
        else:
            self.dashboard.do("copy")

    def action_next_problem(self) -> None:
        """To the next problem, among all there are by now: the lines were held."""
        self.dashboard.rebuild()
        self.dashboard.do("next_problem")

    def action_previous_problem(self) -> None:
        """To the previous problem."""
        self.dashboard.rebuild()
        self.dashboard.do("previous_problem")

    def action_recheck(self) -> None:
        """Probe now."""
        self.dashboard.do("recheck")

    def action_diagnose(self) -> None:
        """Gather evidence anew."""
        self.dashboard.do("diagnose")

    def action_pause(self) -> None:
        """Pause or resume."""
        self.dashboard.do("pause")
