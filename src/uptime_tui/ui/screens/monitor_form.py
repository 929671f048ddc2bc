"""Add, edit and clone: paste one target, everything else is inferred and shown, and a probe runs while you look."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.config.form import SECTIONS, applies, field_at, fields, nested, shown, typed, unsendable
from uptime_tui.model.target import Target, TargetError, parse_target
from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.screens.ask import Ask
from uptime_tui.ui.screens.helped import HELP_WHILE_TYPING, Helped
from uptime_tui.ui.widgets.lines import Line, Lines
from uptime_tui.ui.widgets.sheet import Blank, Sheet
from uptime_tui.view.cells import wrap
from uptime_tui.view.panel import PanelLine, ladder_lines
from uptime_tui.view.words import ROLES, Glyphs
from uptime_tui.wire.messages import Reply, Trial

ACTIONS = (
    Action("save", ("enter", "ctrl+s"), "save", "Save the monitor.", "form", 1),
    Action("cancel", ("escape",), "cancel", "Leave the form; asks when something was changed.", "form", 3),
    Action("next_field", ("tab", "down"), "next field", "To the next field.", "form", 2),
    Action("previous_field", ("shift+tab", "up"), "previous field", "To the field before.", "form"),
    HELP_WHILE_TYPING,
)

PAUSE_S: Final = 0.5
"""How long typing must pause before the target is probed."""
_NOT_PROBED: Final = frozenset(
    {"name", "purpose", "category", "confirmations", "recoveries", "tags", "runbook", "mail_domain"}
)
"""Fields that change nothing of what a trial shows."""

Try = Callable[[dict[str, object], Callable[[Trial], None]], Awaitable[Reply]]
Save = Callable[[dict[str, object]], Awaitable[Reply]]


class MonitorForm(Helped):
    """A form; the answer is what was done, for the message line, or empty.

    Args:
        title: what the form is for.
        table: keys as written in the file (edit, clone), or empty (add).
        catalogue: the services, for what is inferred.
        try_target: has the engine probe a table.
        save: has the engine keep it.
        glyphs: characters.
    """

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    DEFAULT_CSS = """
    MonitorForm { overflow: hidden; }
    MonitorForm #title { height: 1; background: $panel; }
    MonitorForm Sheet { max-height: 65%; }
    MonitorForm #trial { height: 1fr; min-height: 1; padding: 0 1; }
    MonitorForm #help { height: 2; max-height: 20%; padding: 0 1; }
    """

    def __init__(
        self,
        title: str,
        table: dict[str, Any],
        *,
        catalogue: Catalogue,
        try_target: Try,
        save: Save,
        glyphs: Glyphs,
    ) -> None:
        super().__init__()
        self.form_title = title
        self.begin = "target"
        """Key of the field that has the focus at first."""
        self.catalogue = catalogue
        self.try_target = try_target
        self.save = save
        self.glyphs = glyphs
        self.fields = {field.key: field for field in fields()}
        self.before = {key: shown(table, field) for key, field in self.fields.items()}
        self.at_first: set[str] = set()
        """Keys of the fields that the service has which it was opened with: the form touches no others."""
        self.wait: Timer | None = None
        self.tried: dict[str, object] | None = None
        self.saving = False

    def compose(self) -> ComposeResult:
        """Title, fields, the probe's result, keys."""
        yield Line(self.roles, id="title")
        yield self._sheet()
        yield Lines(self.roles, id="trial")
        yield Lines(self.roles, id="help")
        yield Line(self.roles, id="keys")

    def _sheet(self) -> Sheet:
        blanks = tuple(
            Blank(field.key, field.label, field.hint, SECTIONS[field.section]) for field in self.fields.values()
        )
        offered = {key for key, field in self.fields.items() if not field.only}
        return Sheet(blanks, self.before, offered, self.roles)

    @property
    def sheet(self) -> Sheet:
        """The fields."""
        return self.query_one(Sheet)

    def on_mount(self) -> None:
        """Begin with the target, or the field that was asked for."""
        self.query_one("#title", Line).show(((f" {self.form_title}", "strong"),))
        self.show_keys()
        self.query_one("#trial", Lines).can_focus = False
        self.query_one("#help", Lines).can_focus = False
        self._infer()
        self.at_first = self.sheet.offered
        if self.begin in self.sheet.offered:
            self.sheet.go(self.begin)
        self.on_sheet_moved()
        self.sheet.entry.focus()

    def on_sheet_moved(self) -> None:
        """Say what the field means."""
        lines = wrap(self.fields[self.sheet.here].meaning.replace("`", ""), max(20, self.app.size.width - 2))
        told = self.query_one("#help", Lines)
        told.styles.height = max(2, len(lines))
        told.show(tuple(((text, "dim"),) for text in lines), top=True)

    def on_input_changed(self) -> None:
        """Infer at once, probe when the typing pauses."""
        self._infer()
        if self.sheet.here not in _NOT_PROBED:
            if self.wait is not None:
                self.wait.stop()
            self.wait = self.set_timer(PAUSE_S, self._probe)

    def on_input_submitted(self) -> None:
        """Enter saves from any field."""
        self.action_save()

    # --- inference and probing --------------------------------------------------------

    def _target(self) -> Target | str:
        text = self._value("target")
        if not text:
            return ""
        try:
            known = self.catalogue
            return parse_target(text, schemes=known.schemes, ports=known.ports, with_path=known.with_path)
        except TargetError as error:
            return str(error)

    def _infer(self) -> None:
        """Show the fields that the service has, and what holds where they stay empty."""
        target = self._target()
        if isinstance(target, str):
            self._tell(((target, "warn"),) if target else (("Paste a target: it is probed while you look.", "dim"),))
            return
        service = self.catalogue.get(target.service)
        hints = {
            "name": f"{target.host} {target.service}",
            "purpose": service.meaning,
            "category": service.category,
            "interval": f"{service.interval_s:g}s",
            "expect.status": service.status,
        }
        self.sheet.hint(hints)
        closed = self._value("expect") == "closed"
        follows = self._value("request.redirects") == "follow"
        fitting = (k for k, field in self.fields.items() if applies(field, service, closed=closed, follows=follows))
        self.sheet.offer(set(fitting))
        if self.tried is None:
            self._tell(((f"{service.title}, port {target.port}", "plain"), (f"  {service.exposure}", "dim")))

    def _probe(self) -> None:
        target = self._target()
        if isinstance(target, str):
            return
        _, refused = self._unsendable()
        if refused:
            self._say(refused, "warn")
            return
        table = {key: value for key, value in self._table().items() if key not in _NOT_PROBED}
        if table == self.tried:
            return
        self.tried = table
        self._say(f"probing {target.host}:{target.port} …", "dim")
        self.run_worker(self._try(table), exclusive=True, group="trial", exit_on_error=False)

    async def _try(self, table: dict[str, object]) -> None:
        reply = await self.try_target(table, lambda trial: self._tried(table, trial))
        if reply.error and table == self.tried:
            self._say(reply.error, "warn")

    def _tried(self, table: dict[str, object], trial: Trial) -> None:
        if table != self.tried or not self.is_mounted:
            return
        result = trial.result
        width = max(20, self.size.width - 4)
        lines: list[PanelLine] = list(ladder_lines(result, width, self.glyphs))
        lines += [((text, ROLES[result.status]),) for text in wrap(result.detail, width)]
        if result.banner:
            lines += [((text, "dim"),) for text in wrap(f"says: {result.banner}", width)]
        self.query_one("#trial", Lines).show(tuple(lines))

    def _say(self, text: str, role: str) -> None:
        width = max(20, self.size.width - 4)
        self.query_one("#trial", Lines).show(tuple(((line, role),) for line in wrap(text, width)))

    def _tell(self, line: PanelLine) -> None:
        self.query_one("#trial", Lines).show((line,))

    # --- the end ----------------------------------------------------------------------

    def _value(self, key: str) -> str:
        """What a field holds; a field that the service does not have holds nothing."""
        return self.sheet.value(key)

    def _unsendable(self) -> tuple[str, str]:
        """The field whose text must stay here, and why; empty when all of it may go to the engine."""
        found = ((key, unsendable(field, self._value(key))) for key, field in self.fields.items())
        return next((item for item in found if item[1]), ("", ""))

    def _table(self) -> dict[str, object]:
        """What the user wrote, as it would stand in the file; empty fields are left out."""
        values = {key: self._value(key) for key in self.fields}
        return nested({key: typed(self.fields[key], text) for key, text in values.items() if text})

    def changes(self) -> dict[str, object]:
        """Keys that differ from before; None for those that were emptied, or that another service does not have."""
        values = {key: self._value(key) for key in self.fields}
        known = self.sheet.offered | self.at_first
        changed = {key: text for key, text in values.items() if key in known and text != self.before[key].strip()}
        return nested({key: typed(self.fields[key], text) if text else None for key, text in changed.items()})

    def action_save(self) -> None:
        """Keep it, even when the probe fails: the row will say so."""
        if self.wait is not None:
            self.wait.stop()
        self.tried = {}  # what is being tried must not cover why it could not be saved
        target = self._target()
        key, refused = self._unsendable()
        if isinstance(target, str) or refused:
            self._say(refused or str(target) or "a target is needed", "warn")
            self.sheet.go(key or "target", faulty=True)
        elif not self.saving:
            self.saving = True
            self.run_worker(self._save(), group="save", exit_on_error=False)

    async def _save(self) -> None:
        reply = await self.save(self._table())
        self.saving = False
        if reply.error:
            self._say(reply.error, "bad")
            key = field_at(reply.key)
            if key in self.sheet.offered:
                self.sheet.go(key, faulty=True)
        else:
            self.dismiss(reply.message or "saved")

    def action_cancel(self) -> None:
        """Leave; what was typed is not thrown away without a question."""
        if not self.changes():
            self.dismiss("")
            return

        def answered(answer: str | None) -> None:
            if answer == "y":
                self.dismiss("")

        self.app.push_screen(Ask("Throw away what was typed?", {"y": "yes"}, self.roles), answered)

    def action_next_field(self) -> None:
        """To the next field."""
        self.sheet.step(1)

    def action_previous_field(self) -> None:
        """To the field before."""
        self.sheet.step(-1)
