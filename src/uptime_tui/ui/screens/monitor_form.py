"""Add, edit and clone: paste one target, everything else is inferred and shown, and a probe runs while you look."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Label

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.model.target import Target, TargetError, parse_target
from uptime_tui.ui.actions import Action, bindings
from uptime_tui.ui.screens.ask import Ask
from uptime_tui.ui.widgets.lines import Line, Lines
from uptime_tui.view.cells import wrap
from uptime_tui.view.panel import PanelLine, ladder_lines
from uptime_tui.view.words import ROLES, Glyphs
from uptime_tui.wire.messages import Reply, Trial

ACTIONS = (
    Action("save", ("ctrl+s",), "save", "Save the monitor (Enter does the same).", "form", 1),
    Action("cancel", ("escape",), "cancel", "Leave the form; asks when something was changed.", "form", 2),
    Action("next_field", ("down",), "next field", "To the next field (Tab does the same).", "form"),
    Action("previous_field", ("up",), "previous field", "To the field before.", "form"),
)

PAUSE_S: Final = 0.5
"""How long typing must pause before the target is probed."""
_FIELDS: Final = (
    ("target", "target", "https://shop.example.net/health, smtp://mx1, db3:5432"),
    ("name", "name", ""),
    ("purpose", "purpose", ""),
    ("category", "category", ""),
    ("interval", "interval", ""),
    ("timeout", "timeout", "10s"),
    ("confirmations", "confirmations", "3"),
    ("tags", "tags", "comma separated"),
    ("runbook", "runbook", "a link or a line shown when it fails"),
    ("expect.status", "HTTP status", ""),
    ("expect.keyword", "HTTP keyword", "text that proves that it works"),
)
_HTTP_ONLY: Final = frozenset({"expect.status", "expect.keyword"})

Try = Callable[[dict[str, object], Callable[[Trial], None]], Awaitable[Reply]]
Save = Callable[[dict[str, object]], Awaitable[Reply]]


class MonitorForm(Screen[str]):
    """A form; the answer is what was done, for the message line, or empty.

    Args:
        title: what the form is for.
        table: keys as written in the file (edit, clone), or empty (add).
        catalogue: the services, for what is inferred.
        try_target: has the engine probe a table.
        save: has the engine keep it.
        glyphs: characters.
        roles: styles by role.
    """

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    DEFAULT_CSS = """
    MonitorForm #title { height: 1; background: $panel; }
    MonitorForm VerticalScroll { height: auto; max-height: 70%; }
    MonitorForm Horizontal { height: 1; }
    MonitorForm Label { width: 16; height: 1; padding: 0 1; color: $secondary; }
    MonitorForm Input { border: none; height: 1; width: 1fr; padding: 0; background: $surface; }
    MonitorForm Input:focus { border: none; background: $panel; }
    MonitorForm #trial { height: 1fr; padding: 1 1 0 1; }
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
        roles: dict[str, str],
    ) -> None:
        super().__init__()
        self.form_title = title
        self.catalogue = catalogue
        self.try_target = try_target
        self.save = save
        self.glyphs = glyphs
        self.roles = roles
        self.before = {key: _shown(table, key) for key, _, _ in _FIELDS}
        self.wait: Timer | None = None
        self.tried: dict[str, object] | None = None
        self.saving = False

    def compose(self) -> ComposeResult:
        """Title, fields, the probe's result, keys."""
        yield Line(self.roles, id="title")
        with VerticalScroll(can_focus=False):
            for key, label, hint in _FIELDS:
                with Horizontal(id=_row_id(key), classes="hidden" if key in _HTTP_ONLY else ""):
                    yield Label(label, markup=False)
                    yield Input(self.before[key], placeholder=hint, id=_field_id(key), select_on_focus=False)
        yield Lines(self.roles, id="trial")
        yield Line(self.roles, id="keys")

    def on_mount(self) -> None:
        """Begin with the target."""
        self.query_one("#title", Line).show(((f" {self.form_title}", "strong"),))
        keys = (
            (" Enter", "accent"),
            (" save  ", "dim"),
            ("Tab", "accent"),
            (" next field  ", "dim"),
            ("Esc", "accent"),
        )
        self.query_one("#keys", Line).show((*keys, (" cancel", "dim")))
        self.query_one("#trial", Lines).can_focus = False
        self.query_one(f"#{_field_id('target')}", Input).focus()
        self._infer()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Infer at once, probe when the typing pauses."""
        self._infer()
        if event.input.id in {_field_id(key) for key in ("target", "timeout", *_HTTP_ONLY)}:
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
        for key in _HTTP_ONLY:
            self.query_one(f"#{_row_id(key)}").set_class(service.handshake != "http", "hidden")
        if self.tried is None:
            self._tell(((f"{service.title}, port {target.port}", "plain"), (f"  {service.exposure}", "dim")))

    def _probe(self) -> None:
        target = self._target()
        if isinstance(target, str):
            return
        table = {key: value for key, value in self._table().items() if key in {"target", "timeout", "expect"}}
        if table == self.tried:
            return
        self.tried = table
        self._tell(((f"probing {target.host}:{target.port} …", "dim"),))
        self.run_worker(self._try(table), exclusive=True, group="trial", exit_on_error=False)

    async def _try(self, table: dict[str, object]) -> None:
        reply = await self.try_target(table, lambda trial: self._tried(table, trial))
        if reply.error and table == self.tried:
            self._tell(((reply.error, "warn"),))

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

    def _tell(self, line: PanelLine) -> None:
        self.query_one("#trial", Lines).show((line,))

    # --- the end ----------------------------------------------------------------------

    def _value(self, key: str) -> str:
        return self.query_one(f"#{_field_id(key)}", Input).value.strip()

    def _table(self) -> dict[str, object]:
        """What the user wrote, as it would stand in the file; empty fields are left out."""
        table: dict[str, object] = {}
        for key, _, _ in _FIELDS:
            text = self._value(key)
            if text:
                place = table
                if "." in key:
                    nested = table.setdefault("expect", {})
                    assert isinstance(nested, dict)
                    place = nested
                place[key.rpartition(".")[2]] = _typed(key, text)
        return table

    def changes(self) -> dict[str, object]:
        """Keys that differ from before; None for those that were emptied."""
        changed: dict[str, object] = {}
        for key, _, _ in _FIELDS:
            text = self._value(key)
            if text == self.before[key]:
                continue
            value = _typed(key, text) if text else None
            if "." in key:
                nested = changed.setdefault("expect", {})
                assert isinstance(nested, dict)
                nested[key.rpartition(".")[2]] = value
            else:
                changed[key] = value
        return changed

    def action_save(self) -> None:
        """Keep it, even when the probe fails: the row will say so."""
        target = self._target()
        if isinstance(target, str):
            self._tell(((target or "a target is needed", "warn"),))
        elif not self.saving:
            self.saving = True
            self.run_worker(self._save(), group="save", exit_on_error=False)

    async def _save(self) -> None:
        reply = await self.save(self._table())
        self.saving = False
        if reply.error:
            self._tell(((reply.error, "bad"),))
        else:
            self.dismiss(reply.message or "saved")

    def action_cancel(self) -> None:
        """Leave; what was typed is not thrown away without a question."""
        if not any(self._value(key) != self.before[key] for key, _, _ in _FIELDS):
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


def _shown(table: dict[str, Any], key: str) -> str:
    """A key's value as text; empty when it is not written."""
    value: Any = table
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


def _typed(key: str, text: str) -> object:
    """Text as the file wants it; a number that is none is left as text for the engine's own clear line."""
    if key == "tags":
        return [part.strip() for part in text.split(",") if part.strip()]
    return int(text) if key == "confirmations" and text.isdigit() else text
