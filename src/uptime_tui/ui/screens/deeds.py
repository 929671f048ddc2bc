"""What the keys of the dashboard do: each method beside its declaration's id. Nothing here draws."""

from collections.abc import Callable
from typing import Any

from uptime_tui.model.units import MonitorId
from uptime_tui.ui.actions import Action
from uptime_tui.ui.screens.board import Board
from uptime_tui.ui.screens.helped import HELP
from uptime_tui.wire.messages import (
    Add,
    AskTable,
    Delete,
    Diagnose,
    Edit,
    Pause,
    Recheck,
    Reply,
    Request,
    TryTarget,
    Undo,
)

ACTIONS_OF_DEEDS = (
    Action("recheck", ("r",), "recheck", "Probe now: the marked monitors, or this one.", "triage", 3),
    Action("diagnose", ("d",), "diagnose", "Find out anew why this monitor is as it is.", "triage", 8),
    Action("detail", ("enter",), "detail", "Everything about this monitor; on a group, fold it.", "triage", 2),
    Action("copy", ("y",), "copy", "Copy name, target, reason, next command or the report.", "triage", 9),
    Action("pause", ("p",), "pause", "Pause or resume the marked monitors, or this one.", "monitors", 6, locked=True),
    Action("add", ("A",), "add", "Add a monitor: paste one target.", "monitors", 5, locked=True),
    Action("edit", ("e",), "edit", "Edit this monitor in a form.", "monitors", 7, locked=True),
    Action("clone", ("C",), "clone", "Add a monitor like this one.", "monitors", locked=True),
    Action("delete", ("D",), "delete", "Delete; asks by name, and u brings it back.", "monitors", locked=True),
    Action("editor", ("E",), "edit as text", "Open monitors.toml in $EDITOR.", "monitors", locked=True),
    Action("undo", ("u",), "undo", "Undo the last change of the configuration.", "monitors", 10, locked=True),
    Action("redo", ("U",), "redo", "Make the change that was undone again.", "monitors", locked=True),
    Action("lock", ("L",), "lock", "Lock: nothing can be changed until L again.", "screen"),
    Action("palette", ("colon", "ctrl+p"), "commands", "Every action and monitor by name.", "screen"),
    HELP,
    Action("suspend", ("ctrl+z",), "suspend", "Back to the shell (fg returns); probing goes on.", "screen"),
    Action("leave", ("q", "ctrl+c"), "quit", "Quit; from the panel, back to the table.", "screen", 11),
)
_LOCKED = {action.id for action in ACTIONS_OF_DEEDS if action.locked}


class Deeds(Board):
    """What is done to monitors, and how the screen is left."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Refuse what changes the configuration while the screen is locked."""
        if self.locked and action in _LOCKED:
            self.say("locked: L unlocks", "warn")
            return False
        return True

    # --- asking the engine ------------------------------------------------------------

    def request(self, make: Callable[[int], Request]) -> None:
        """Ask; the reply becomes the message line."""

        async def ask() -> None:
            reply = await self.link.ask(make)
            self.say(reply.error or reply.message, "warn" if reply.error else "plain")

        self.run_worker(ask(), exit_on_error=False)

    def aimed(self) -> tuple[MonitorId, ...]:
        """The monitors that an action means; said when there are none, for a key that does nothing is a riddle."""
        monitors = self.table.chosen_monitors()
        if not monitors:
            self.say("no monitor is marked or under the cursor", "warn")
        return monitors

    def action_recheck(self) -> None:
        """Probe now."""
        monitors = self.aimed()
        if monitors:
            self.request(lambda number: Recheck(number, monitors))

    def action_diagnose(self) -> None:
        """Gather evidence anew; it shows in the panel as it is found."""
        current = self.table.current()
        if current is None:
            self.say("no monitor is under the cursor", "warn")
            return
        if self.is_current and not any(self.query_one(f"#{name}").display for name in ("panel", "drawer")):
            self.turn_panel()
        self.request(lambda number: Diagnose(number, current))

    def action_pause(self) -> None:
        """Pause; resume when all of them are paused."""
        monitors = self.aimed()
        if monitors:
            known = self.link.snapshot.monitors
            paused = not all(known[monitor].paused for monitor in monitors)
            self.request(lambda number: Pause(number, monitors, paused))
            self.table.clear_marks()

    def action_undo(self) -> None:
        """Undo."""
        self.request(Undo)

    def action_redo(self) -> None:
        """Redo."""
        self.request(lambda number: Undo(number, redo=True))

    def action_delete(self) -> None:
        """Delete, after a `y`."""
        from uptime_tui.ui.screens.ask import Ask

        monitors = self.aimed()
        if not monitors:
            return
        known = self.link.snapshot.monitors
        asked = [known[number] for number in monitors]
        what = f"“{asked[0].name}”" if len(asked) == 1 else f"“{asked[0].name}” and {len(asked) - 1} more"

        def answered(answer: str | None) -> None:
            if answer != "y":
                return
            known = self.link.snapshot.monitors
            other = next((each.name for each in asked if known.get(each.id, each) != each), "")
            if other:
                self.say(f"{other} was changed meanwhile: look at it again, then repeat this", "warn")
                return
            self.table.clear_marks()
            self.request(lambda number: Delete(number, monitors))

        self.app.push_screen(Ask(f"Delete {what}?", {"y": "yes, u undoes"}, self.host.roles), answered)

    # --- forms ------------------------------------------------------------------------

    def action_add(self) -> None:
        """An empty form."""
        self.open_form("Add a monitor", {}, None)

    def action_clone(self) -> None:
        """A form filled from this monitor, without its name."""
        self.with_table(lambda table: self.open_form("Clone", {k: v for k, v in table.items() if k != "name"}, None))

    def action_edit(self) -> None:
        """A form on this monitor's block."""
        current = self.table.current()
        self.with_table(lambda table: self.open_form(f"Edit {table.get('name', '')}", table, current))

    def edit_monitor(self, number: MonitorId, key: str) -> None:
        """A form on that monitor's block, beginning at a field."""
        self.with_table(lambda table: self.open_form(f"Edit {table.get('name', '')}", table, number, begin=key), number)

    def with_table(self, go_on: Callable[[dict[str, Any]], None], current: MonitorId | None = None) -> None:
        """Ask for the block of a monitor; of the one under the cursor, where none is named."""
        current = self.table.current() if current is None else current
        if current is None:
            self.say("no monitor is under the cursor", "warn")
            return

        async def ask() -> None:
            reply = await self.link.ask(lambda number: AskTable(number, current))
            if reply.table is None:
                self.say(reply.error or "that monitor is gone", "warn")
            else:
                go_on(reply.table)

        self.run_worker(ask(), exit_on_error=False)

    def open_form(self, title: str, table: dict[str, Any], edited: Any, *, begin: str = "target") -> None:
        """The form; saving adds a monitor, or edits that one."""
        from uptime_tui.ui.screens.monitor_form import MonitorForm

        async def save(whole: dict[str, object]) -> Reply:
            if edited is not None:
                changes = form.changes()
                return (
                    await self.link.ask(lambda number: Edit(number, edited, changes, table))
                    if changes
                    else Reply(0, message="nothing changed")
                )
            reply = await self.link.ask(lambda number: Add(number, (whole,)))
            self.awaited = reply.names[0] if reply.names else ""
            return reply

        form = MonitorForm(
            title, table, catalogue=self.host.lore.catalogue, save=save, glyphs=self.host.glyphs,
            try_target=lambda trial, tell: self.link.ask(lambda number: TryTarget(number, trial), on_trial=tell),
        )  # fmt: skip

        form.begin = begin

        def done(message: str | None) -> None:
            if message:
                self.say(message)

        self.app.push_screen(form, done)

    def action_editor(self) -> None:
        """The file in the user's own editor; the engine reads it again when it is saved."""
        self.host.open_editor()

    def action_lock(self) -> None:
        """No changes until L again."""
        self.locked = not self.locked
        self.say("locked: nothing can be changed" if self.locked else "unlocked")
        self.show_status()

    # --- the screen itself ------------------------------------------------------------

    def do(self, action: str) -> None:
        """Run an action of the dashboard or of its table by its id."""
        target = self if hasattr(self, f"action_{action}") else self.table
        self.app.call_later(target.run_action, action)

    def action_palette(self) -> None:
        """The command palette."""
        from uptime_tui.ui.screens.palette import Palette

        self.app.push_screen(Palette(id="--command-palette"))

    def action_copy(self) -> None:
        """A menu of what to copy; the text is shown as well, because no terminal says whether it took it."""
        texts = self.host.lore.copies(self.table.current())
        if texts:
            self.offer(texts)
        else:
            self.say("no monitor is under the cursor", "warn")

    def offer(self, texts: dict[str, tuple[str, str]]) -> None:
        """Which of these, key to word and text, is to be copied?"""
        from uptime_tui.ui.screens.ask import Ask

        def answered(answer: str | None) -> None:
            if answer:
                word, text = texts[answer]
                first, _, more = text.strip().partition("\n")
                self.say(f"{self.host.copy_text(text)}: {f'{word}, {first}' if more else first}", "accent")

        choices = {key: word for key, (word, _) in texts.items()}
        self.app.push_screen(Ask("Copy", choices, self.host.roles), answered)

    def action_suspend(self) -> None:
        """To the shell; the engine goes on."""
        self.app.action_suspend_process()

    def action_leave(self) -> None:
        """Quit; nothing is lost, the configuration is saved at every change."""
        if self.focused is self.query_one("#panel"):
            self.table.focus()
        else:
            self.app.exit()
