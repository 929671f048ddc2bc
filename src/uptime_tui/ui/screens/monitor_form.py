"""Add, edit and clone: paste one target, everything else is inferred and shown, and a probe runs while you look."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.events import DescendantFocus
from textual.timer import Timer
from textual.widgets import Input, Label

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.catalogue.service import Service
from uptime_tui.config.form import SECTIONS, Field, applies, fields, nested, shown, typed, unsendable
from uptime_tui.model.target import Target, TargetError, parse_target
from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.screens.ask import Ask
from uptime_tui.ui.screens.helped import HELP_WHILE_TYPING, Helped
from uptime_tui.ui.widgets.lines import Entry, Line, Lines
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
    MonitorForm #title { height: 1; background: $panel; }
    MonitorForm VerticalScroll { height: auto; max-height: 65%; }
    MonitorForm Horizontal { height: 1; }
    MonitorForm Label { width: 16; height: 1; padding: 0 1; color: $secondary; }
    MonitorForm Input { border: none; height: 1; width: 1fr; padding: 0; background: $surface; }
    MonitorForm Input:focus { border: none; background: $panel; }
    MonitorForm .section { width: 1fr; color: $accent; }
    MonitorForm #trial { height: 1fr; min-height: 3; padding: 0 1; }
    MonitorForm #help { height: 2; padding: 0 1; }
    MonitorForm .hidden { display: none; }
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
        self.offered = {key for key, field in self.fields.items() if not field.only}
        self.wait: Timer | None = None
        self.tried: dict[str, object] | None = None
        self.saving = False

    def compose(self) -> ComposeResult:
        """Title, fields, the probe's result, keys."""
        yield Line(self.roles, id="title")
        with VerticalScroll(can_focus=False):
            for section, heading in SECTIONS.items():
                if heading:
                    yield Label(heading, markup=False, id=f"section-{section}", classes="section")
                for field in self.fields.values():
                    if field.section == section:
                        yield self._row(field)
        yield Lines(self.roles, id="trial")
        yield Lines(self.roles, id="help")
        yield Line(self.roles, id="keys")

    def _row(self, field: Field) -> Horizontal:
        entry = Entry(self.before[field.key], placeholder=field.hint, id=_field_id(field.key), select_on_focus=False)
        hidden = "" if field.key in self.offered else "hidden"
        return Horizontal(Label(field.label, markup=False), entry, id=_row_id(field.key), classes=hidden)

    def on_mount(self) -> None:
        """Begin with the target, or the field that was asked for."""
        self.query_one("#title", Line).show(((f" {self.form_title}", "strong"),))
        self.show_keys()
        self.query_one("#trial", Lines).can_focus = False
        self.query_one("#help", Lines).can_focus = False
        self._show_headings()
        self._infer()
        begin = self.begin if self.begin in self.offered else "target"
        self.query_one(f"#{_field_id(begin)}", Input).focus()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Say what the field means."""
        chosen = (field for key, field in self.fields.items() if _field_id(key) == event.widget.id)
        for field in chosen:
            lines = wrap(field.meaning.replace("`", ""), max(20, self.size.width - 2))
            self.query_one("#help", Lines).show(tuple(((text, "dim"),) for text in lines))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Infer at once, probe when the typing pauses."""
        self._infer()
        if event.input.id not in {_field_id(key) for key in _NOT_PROBED}:
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
        """Show, as placeholders, what holds when a field stays empty."""
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
        for key, hint in hints.items():
            self.query_one(f"#{_field_id(key)}", Input).placeholder = hint
        self._fit(service)
        if self.tried is None:
            self._tell(((f"{service.title}, port {target.port}", "plain"), (f"  {service.exposure}", "dim")))

    def _fit(self, service: Service) -> None:
        """Show the fields that this service has, and the headings above them."""
        closed = self._value("expect") == "closed"
        fitting = {key for key, field in self.fields.items() if applies(field, service, closed=closed)}
        if fitting == self.offered:
            return
        self.offered = fitting
        for key in self.fields:
            self.query_one(f"#{_row_id(key)}").set_class(key not in fitting, "hidden")
        self._show_headings()

    def _show_headings(self) -> None:
        sections = {self.fields[key].section for key in self.offered}
        for section, heading in SECTIONS.items():
            if heading:
                self.query_one(f"#section-{section}").set_class(section not in sections, "hidden")

    def _probe(self) -> None:
        target = self._target()
        if isinstance(target, str):
            return
        refused = self._unsendable()
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
        return self.query_one(f"#{_field_id(key)}", Input).value.strip() if key in self.offered else ""

    def _unsendable(self) -> str:
        """Why what was typed must stay here; empty when all of it may go to the engine."""
        return next(filter(None, (unsendable(field, self._value(key)) for key, field in self.fields.items())), "")

    def _table(self) -> dict[str, object]:
        """What the user wrote, as it would stand in the file; empty fields are left out."""
        values = {key: self._value(key) for key in self.fields}
        return nested({key: typed(self.fields[key], text) for key, text in values.items() if text})

    def changes(self) -> dict[str, object]:
        """Keys that differ from before; None for those that were emptied."""
        values = {key: self._value(key) for key in self.fields}
        changed = {key: text for key, text in values.items() if text != self.before[key]}
        return nested({key: typed(self.fields[key], text) if text else None for key, text in changed.items()})

    def action_save(self) -> None:
        """Keep it, even when the probe fails: the row will say so."""
        target = self._target()
        refused = self._unsendable()
        if isinstance(target, str) or refused:
            self._say(refused or str(target) or "a target is needed", "warn")
        elif not self.saving:
            self.saving = True
            self.run_worker(self._save(), group="save", exit_on_error=False)

    async def _save(self) -> None:
        reply = await self.save(self._table())
        self.saving = False
        if reply.error:
            self._say(reply.error, "bad")
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
        self.focus_next()

    def action_previous_field(self) -> None:
        """To the field before."""
        self.focus_previous()


def _field_id(key: str) -> str:
    return f"field-{key.replace('.', '-')}"


def _row_id(key: str) -> str:
    return f"row-{key.replace('.', '-')}"
