"""What best practice finds wrong with the monitors, the worst first; a finding can be mended from here."""

from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from uptime_tui.lint.audit import LEVELS, Finding, audit
from uptime_tui.lint.exposure import ANSWERS
from uptime_tui.lint.rule import Fleet
from uptime_tui.model.failure import Status
from uptime_tui.model.units import MonitorId
from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.screens.helped import HELP, Helped
from uptime_tui.ui.widgets.lines import Line, Lines, MessageLine, Options
from uptime_tui.view.cells import fit, wrap
from uptime_tui.view.panel import PanelLine
from uptime_tui.wire.messages import Add, Edit

if TYPE_CHECKING:
    from uptime_tui.ui.screens.deeds import Deeds

ACTIONS = (
    Action("close", ("escape", "q"), "back", "Back to the table.", "lint", 5),
    Action("list_down", ("j", "down"), "down", "To the next finding.", "lint"),
    Action("list_up", ("k", "up"), "up", "To the finding before.", "lint"),
    Action("page_down", ("pagedown", "ctrl+d"), "page down", "One page down.", "lint"),
    Action("page_up", ("pageup", "ctrl+u"), "page up", "One page up.", "lint"),
    Action("first", ("home",), "top", "To the first finding.", "lint"),
    Action("last", ("G", "end"), "bottom", "To the last finding.", "lint"),
    Action("open", ("enter",), "edit", "Open the monitor's form at the field, or go to the monitor.", "lint", 1),
    Action("fix", ("f",), "fix", "Make the change that the finding proposes; u takes it back.", "lint", 2),
    Action("go", ("g",), "go to", "Go to the monitor in the table.", "lint", 3),
    Action("undo", ("u",), "undo", "Undo the last change of the configuration.", "lint", 4),
    HELP,
)
_SHOWN: Final = 500
"""Findings that are listed; who has more does not read them here."""
_REFRESH_S: Final = 0.2
_NAME: Final = 22
_STATUS: Final = {"error": Status.DOWN, "warning": Status.DEGRADED, "info": Status.PENDING}
_ROLES: Final = {"error": "bad", "warning": "warn", "info": "dim"}


class Lint(Helped):
    """A list of findings; the answer is the monitor to go to, or None.

    Args:
        dashboard: has the fleet, asks the engine, opens forms.
    """

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    DEFAULT_CSS = """
    Lint #title { background: $panel; }
    Lint OptionList, Lint OptionList:focus { height: 1fr; border: none; background: $background; }
    Lint OptionList, Lint OptionList:focus { text-wrap: nowrap; text-overflow: ellipsis; }
    Lint #message { height: 1; }
    Lint #told { height: 9; padding: 0 1; border-top: hkey $panel; }
    """

    def __init__(self, dashboard: "Deeds") -> None:
        super().__init__()
        self.dashboard = dashboard
        self.host = dashboard.host
        self.findings: tuple[Finding, ...] = ()
        self.judged: object = None
        """The monitors that were judged, and below where they answered: again when either has changed."""
        self.answers: list[tuple[bool, str | None]] = []

    def compose(self) -> ComposeResult:
        """Title, findings, what is said of the one under the cursor, message, keys."""
        roles = self.host.roles
        yield Line(roles, id="title")
        yield Options(markup=False)
        yield Lines(roles, id="told")
        yield MessageLine(self.dashboard.said, roles, id="message")
        yield Line(roles, id="keys")

    def on_mount(self) -> None:
        """Judge, and again whenever the monitors or what they find open have changed."""
        self.query_one("#told", Lines).can_focus = False
        self.query_one(OptionList).focus()
        self.show_keys()
        self.judge()
        self.set_interval(_REFRESH_S, self.judge)

    def judge(self) -> None:
        """Look for faults; the cursor stays on its finding, or on the line where that was."""
        snapshot = self.dashboard.link.snapshot
        answers = [(row.status in ANSWERS, row.address) for row in snapshot.rows.values()]
        if snapshot.monitors is self.judged and answers == self.answers:
            return
        self.judged, self.answers = snapshot.monitors, answers
        rows = {snapshot.monitors[number].name: row for number, row in snapshot.rows.items()}
        monitors = tuple(snapshot.monitors.values())
        before, here = self.current(), self.query_one(OptionList).highlighted or 0
        self.findings = audit(Fleet(monitors, self.host.lore.catalogue.services, rows, self.host.rules_ignored))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(each)) for each in self.findings[:_SHOWN]])
        if self.findings:
            same = (n for n, each in enumerate(self.findings[:_SHOWN]) if before and _key(each) == _key(before))
            options.highlighted = next(same, min(here, options.option_count - 1))
        self.show_counts()
        self.show_told()

    def _line(self, each: Finding) -> str:
        mark = self.host.glyphs.status[_STATUS[each.level]]
        return f"{mark} {each.level:<7} {fit(each.found.monitor or 'all', _NAME)} {each.found.text}"

    def show_counts(self) -> None:
        """How many of each level."""
        numbers = {level: sum(each.level == level for each in self.findings) for level in LEVELS}
        text = (
            ", ".join(f"{number} {level}" for level, number in numbers.items() if number)
            or "nothing to find fault with"
        )
        more = f"; the first {_SHOWN}" if len(self.findings) > _SHOWN else ""
        self.query_one("#title", Line).show(((" lint", "strong"), (f"  {text}{more}", "plain")))

    def current(self) -> Finding | None:
        """The finding under the cursor."""
        here = self.query_one(OptionList).highlighted
        return self.findings[here] if here is not None and here < len(self.findings) else None

    def show_told(self) -> None:
        """Everything about the finding under the cursor: what, why, what to do, and what `f` would do."""
        each = self.current()
        lines: list[PanelLine] = []
        if each is not None:
            width = max(20, self.app.size.width - 3)
            whose = f"{each.found.monitor}: " if each.found.monitor else ""
            parts = (
                (f"{each.rule}  {whose}{each.found.text}", _ROLES[each.level]),
                (each.why, "plain"),
                (each.fix, "plain"),
                (_proposal(each), "accent"),
            )
            lines = [((text, role),) for said, role in parts if said for text in wrap(said, width)]
        self.query_one("#told", Lines).show(tuple(lines), top=True)

    def on_option_list_option_highlighted(self) -> None:
        """Another finding."""
        self.show_told()

    def on_option_list_option_selected(self) -> None:
        """Enter, or a click."""
        self.action_open()

    def on_resize(self) -> None:
        """Wrap anew; other keys fit."""
        self.show_keys()
        self.show_told()

    # --- what the keys do -------------------------------------------------------------

    def monitor(self) -> MonitorId | None:
        """The monitor of the finding under the cursor; said when there is none."""
        each = self.current()
        if each is not None:
            for number, monitor in self.dashboard.link.snapshot.monitors.items():
                if monitor.name == each.found.monitor:
                    return number
        self.dashboard.say("this is no single monitor's", "warn")
        return None

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)

    def action_list_down(self) -> None:
        """To the next finding."""
        self.query_one(OptionList).action_cursor_down()

    def action_list_up(self) -> None:
        """To the finding before."""
        self.query_one(OptionList).action_cursor_up()

    def action_page_down(self) -> None:
        """One page down."""
        self.query_one(OptionList).action_page_down()  # type: ignore[no-untyped-call]

    def action_page_up(self) -> None:
        """One page up."""
        self.query_one(OptionList).action_page_up()  # type: ignore[no-untyped-call]

    def action_first(self) -> None:
        """To the first finding."""
        self.query_one(OptionList).action_first()

    def action_last(self) -> None:
        """To the last finding."""
        self.query_one(OptionList).action_last()

    def action_open(self) -> None:
        """The form at the field; where no field is meant, to the monitor."""
        each, number = self.current(), self.monitor()
        if each is None or number is None:
            return
        if not each.found.key:
            self.dismiss(number)
        elif self.dashboard.check_action("edit", ()):
            self.dashboard.edit_monitor(number, each.found.key)

    def action_go(self) -> None:
        """To the monitor."""
        number = self.monitor()
        if number is not None:
            self.dismiss(number)

    def action_fix(self) -> None:
        """Have the engine make the change."""
        each = self.current()
        if each is None or not self.dashboard.check_action("edit", ()):
            return
        changes, adds = dict(each.found.changes), tuple(dict(table) for table in each.found.adds)
        if changes:
            number = self.monitor()
            if number is not None:
                self.dashboard.request(lambda request: Edit(request, number, changes))
        elif adds:
            self.dashboard.request(lambda request: Add(request, adds))
        else:
            self.dashboard.say("this wants a person: Enter opens the form at the field", "warn")

    def action_undo(self) -> None:
        """Undo."""
        if self.dashboard.check_action("undo", ()):
            self.dashboard.action_undo()


def _key(each: Finding) -> tuple[str, str, str]:
    return each.rule, each.found.monitor, each.found.key


def _proposal(each: Finding) -> str:
    """What `f` does; empty where a person must decide."""
    if each.found.adds:
        return f"f adds {', '.join(str(table['target']) for table in each.found.adds)}"
    said = []
    for key, value in each.found.changes.items():
        inner = value if isinstance(value, dict) else {"": value}
        for name, new in inner.items():
            path = f"{key}.{name}" if name else key
            said.append(f"removes {path}" if new is None else f"writes {path} = {new}")
    return f"f {', '.join(said)}" if said else ""
