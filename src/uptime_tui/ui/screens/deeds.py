"""What the keys of the dashboard do: each method beside its declaration's id. Nothing here draws."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from uptime_tui.ui.actions import Action
from uptime_tui.view.rows import SORTS
from uptime_tui.wire.messages import Add, AskTable, Delete, Edit, Pause, Recheck, Reply, Request, TryTarget, Undo

if TYPE_CHECKING:
    from uptime_tui.ui.screens.dashboard import Dashboard

ACTIONS = (
    Action("recheck", ("r",), "recheck", "Probe the marked monitors, or the one under the cursor, now.", "triage", 3),
    Action("detail", ("enter",), "detail", "Everything about this monitor on the whole screen.", "triage", 2),
    Action("panel", ("i",), "panel", "Show or hide the panel (a drawer on narrow screens).", "triage", 8),
    Action("copy", ("y",), "copy", "Copy name, target, reason or the next command.", "triage", 9),
    Action("filter", ("slash",), "filter", "Filter as you type; Enter keeps it, Esc clears it.", "view", 4),
    Action("order", ("o",), "order", "Choose the order of the lines.", "view"),
    Action("reverse", ("R",), "reverse", "Reverse the order.", "view"),
    Action("refresh_order", ("full_stop",), "refresh", "Bring held lines into their order now.", "view"),
    Action("view_problems", ("1",), "problems", "Show problems only.", "view"),
    Action("view_all", ("2",), "all", "Show every monitor.", "view"),
    Action("fold_all", ("z",), "fold all", "Fold every group but the problems, or unfold all.", "view"),
    Action("freeze", ("f",), "freeze", "Freeze the display; probing goes on.", "view"),
    Action("pause", ("p",), "pause", "Pause or resume; undoable.", "monitors", 6, locked=True),
    Action("add", ("A",), "add", "Add a monitor: paste one target.", "monitors", 5, locked=True),
    Action("edit", ("e",), "edit", "Edit this monitor.", "monitors", 7, locked=True),
    Action("clone", ("C",), "clone", "Add a monitor like this one.", "monitors", locked=True),
    Action("delete", ("D",), "delete", "Delete; asks by name, and u brings it back.", "monitors", locked=True),
    Action("editor", ("E",), "editor", "Open monitors.toml in $EDITOR.", "monitors", locked=True),
    Action("undo", ("u",), "undo", "Undo the last change of the configuration.", "monitors", 10, locked=True),
    Action("redo", ("U",), "redo", "Do it again.", "monitors", locked=True),
    Action("lock", ("L",), "lock", "Lock: nothing can be changed until L again.", "screen"),
    Action(
        "mouse",
        ("m",),
        "mouse",
        "Let go of the mouse, so that the terminal selects text; again takes it back.",
        "screen",
    ),
    Action("repaint", ("ctrl+l",), "repaint", "Draw everything anew.", "screen"),
    Action("palette", ("colon", "ctrl+p"), "commands", "Every action and monitor by name.", "screen"),
    Action("help", ("question_mark", "f1"), "keys", "All keys, searchable.", "screen"),
    Action("suspend", ("ctrl+z",), "suspend", "Back to the shell; the engine goes on.", "screen"),
    Action("back", ("escape",), "back", "One step back: prompt, filter, marks, view.", "screen"),
    Action("leave", ("q", "ctrl+c"), "quit", "Quit the dashboard.", "screen", 11),
)
_LOCKED = {action.id for action in ACTIONS if action.locked}
_LETTERS = {"s": "state", "n": "name", "l": "latency", "f": "for", "c": "category"}


class Deeds:
    """Mixed into the dashboard, which has everything these methods use."""

    def check_action(self: "Dashboard", action: str, parameters: tuple[object, ...]) -> bool | None:  # type: ignore[misc]  # noqa: ARG002
        """Refuse what changes the configuration while the screen is locked."""
        if self.locked and action in _LOCKED:
            self.say("locked: L unlocks", "warn")
            return False
        return True

    # --- asking the engine ------------------------------------------------------------

    def request(self: "Dashboard", make: Callable[[int], Request]) -> None:  # type: ignore[misc]
        """Ask; the reply becomes the message line."""

        async def ask() -> None:
            reply = await self.link.ask(make)
            self.say(reply.error or reply.message, "warn" if reply.error else "plain")

        self.run_worker(ask(), exit_on_error=False)

    def action_recheck(self: "Dashboard") -> None:  # type: ignore[misc]
        """Probe now."""
        monitors = self.table.chosen_monitors()
        if monitors:
            self.request(lambda number: Recheck(number, monitors))

    def action_pause(self: "Dashboard") -> None:  # type: ignore[misc]
        """Pause; resume when all of them are paused."""
        monitors = self.table.chosen_monitors()
        if monitors:
            known = self.link.snapshot.monitors
            paused = not all(known[monitor].paused for monitor in monitors)
            self.request(lambda number: Pause(number, monitors, paused))
            self.table.clear_marks()

    def action_undo(self: "Dashboard") -> None:  # type: ignore[misc]
        """Undo."""
        self.request(Undo)

    def action_redo(self: "Dashboard") -> None:  # type: ignore[misc]
        """Redo."""
        self.request(lambda number: Undo(number, redo=True))

    def action_delete(self: "Dashboard") -> None:  # type: ignore[misc]
        """Delete, after a `y`."""
        from uptime_tui.ui.screens.ask import Ask

        monitors = self.table.chosen_monitors()
        if not monitors:
            return
        first = self.link.snapshot.monitors[monitors[0]].name
        what = f"“{first}”" if len(monitors) == 1 else f"“{first}” and {len(monitors) - 1} more"

        def answered(answer: str | None) -> None:
            if answer == "y":
                self.table.clear_marks()
                self.request(lambda number: Delete(number, monitors))

        self.app.push_screen(Ask(f"Delete {what}?", {"y": "yes, u undoes"}, self.host.roles), answered)

    # --- forms ------------------------------------------------------------------------

    def action_add(self: "Dashboard") -> None:  # type: ignore[misc]
        """An empty form."""
        self.open_form("Add a monitor", {}, None)

    def action_clone(self: "Dashboard") -> None:  # type: ignore[misc]
        """A form filled from this monitor, without its name."""
        self.with_table(lambda table: self.open_form("Clone", {k: v for k, v in table.items() if k != "name"}, None))

    def action_edit(self: "Dashboard") -> None:  # type: ignore[misc]
        """A form on this monitor's block."""
        current = self.table.current()
        self.with_table(lambda table: self.open_form(f"Edit {table.get('name', '')}", table, current))

    def with_table(self: "Dashboard", go_on: Callable[[dict[str, Any]], None]) -> None:  # type: ignore[misc]
        """Ask for the block of the monitor under the cursor."""
        current = self.table.current()
        if current is None:
            return

        async def ask() -> None:
            reply = await self.link.ask(lambda number: AskTable(number, current))
            if reply.table is None:
                self.say(reply.error or "that monitor is gone", "warn")
            else:
                go_on(reply.table)

        self.run_worker(ask(), exit_on_error=False)

    def open_form(self: "Dashboard", title: str, table: dict[str, Any], edited: Any) -> None:  # type: ignore[misc]
        """The form; saving adds a monitor, or edits that one."""
        from uptime_tui.ui.screens.monitor_form import MonitorForm

        async def save(whole: dict[str, object]) -> Reply:
            if edited is not None:
                changes = form.changes()
                return (
                    await self.link.ask(lambda number: Edit(number, edited, changes))
                    if changes
                    else Reply(0, message="nothing changed")
                )
            return await self.link.ask(lambda number: Add(number, (whole,)))

        form = MonitorForm(
            title, table, catalogue=self.host.lore.catalogue, save=save, glyphs=self.host.glyphs, roles=self.host.roles,
            try_target=lambda trial, tell: self.link.ask(lambda number: TryTarget(number, trial), on_trial=tell),
        )  # fmt: skip

        def done(message: str | None) -> None:
            if message:
                self.say(message)

        self.app.push_screen(form, done)

    def action_editor(self: "Dashboard") -> None:  # type: ignore[misc]
        """The file in the user's own editor; the engine reads it again when it is saved."""
        self.host.open_editor()

    # --- view -------------------------------------------------------------------------

    def action_filter(self: "Dashboard") -> None:  # type: ignore[misc]
        """Open the prompt."""
        prompt = self.query_one("#filter", Input)
        prompt.display = True
        prompt.focus()

    def action_order(self: "Dashboard") -> None:  # type: ignore[misc]
        """A menu of orders."""
        from uptime_tui.ui.screens.ask import Ask

        def answered(answer: str | None) -> None:
            if answer:
                self.options = self.options._replace(sort=_LETTERS[answer])
                self.rebuild()

        choices = {letter: name for letter, name in _LETTERS.items() if name in SORTS}
        self.app.push_screen(Ask("Order by", choices, self.host.roles), answered)

    def action_reverse(self: "Dashboard") -> None:  # type: ignore[misc]
        """The other way round."""
        self.options = self.options._replace(reverse=not self.options.reverse)
        self.rebuild()

    def action_refresh_order(self: "Dashboard") -> None:  # type: ignore[misc]
        """Stop holding."""
        self.rebuild()

    def action_view_problems(self: "Dashboard") -> None:  # type: ignore[misc]
        """Problems only."""
        self.options = self.options._replace(problems_only=True)
        self.rebuild()

    def action_view_all(self: "Dashboard") -> None:  # type: ignore[misc]
        """Everything."""
        self.options = self.options._replace(problems_only=False)
        self.rebuild()

    def action_fold_all(self: "Dashboard") -> None:  # type: ignore[misc]
        """Fold every category, or unfold all."""
        groups = frozenset(self.link.snapshot.by_category)
        self.options = self.options._replace(collapsed=frozenset() if groups <= self.options.collapsed else groups)
        self.rebuild()

    def action_freeze(self: "Dashboard") -> None:  # type: ignore[misc]
        """Stop drawing; probing goes on."""
        self.frozen = not self.frozen
        self.say("frozen: f goes on" if self.frozen else "live again")
        self.show_status()

    def action_lock(self: "Dashboard") -> None:  # type: ignore[misc]
        """No changes until L again."""
        self.locked = not self.locked
        self.say("locked: nothing can be changed" if self.locked else "unlocked")
        self.show_status()

    def action_panel(self: "Dashboard") -> None:  # type: ignore[misc]
        """Panel beside, or drawer below."""
        if self.size.width >= 110:
            self.panel_wanted = not self.panel_wanted
        else:
            self.drawer = not self.drawer
        self.lay_out()

    # --- screens ----------------------------------------------------------------------

    def action_detail(self: "Dashboard") -> None:  # type: ignore[misc]
        """The whole screen for one monitor; on a group's header, fold."""
        from uptime_tui.ui.screens.detail import Detail

        if self.table.current() is None:
            self.table.action_unfold()
            return
        self.app.push_screen(Detail(self.host.roles, self.panel_lines(max(20, self.size.width - 3))))

    def action_help(self: "Dashboard") -> None:  # type: ignore[misc]
        """All keys; Enter does what the line says."""
        from uptime_tui.ui.screens.help import Help

        table = self.table

        def chosen(answer: str | None) -> None:
            if answer:
                target = self if hasattr(self, f"action_{answer}") else table
                self.app.call_later(target.run_action, answer)

        self.app.push_screen(Help((*ACTIONS, *table.ACTIONS), self.host.roles), chosen)

    def action_palette(self: "Dashboard") -> None:  # type: ignore[misc]
        """The command palette."""
        self.app.action_command_palette()

    def action_copy(self: "Dashboard") -> None:  # type: ignore[misc]
        """A menu of what to copy; the text is shown as well, because no terminal says whether it took it."""
        from uptime_tui.ui.screens.ask import Ask

        texts = self.host.lore.copies(self.table.current())
        if not texts:
            return

        def answered(answer: str | None) -> None:
            if answer:
                self.say(f"{self.host.copy_text(texts[answer][1])}: {texts[answer][1]}", "accent")

        choices = {key: word for key, (word, _) in texts.items()}
        self.app.push_screen(Ask("Copy", choices, self.host.roles), answered)

    def action_mouse(self: "Dashboard") -> None:  # type: ignore[misc]
        """Let go of the mouse, or take it."""
        self.say("the terminal has the mouse: select text; m takes it back" if self.host.toggle_mouse() else "mouse on")

    def action_repaint(self: "Dashboard") -> None:  # type: ignore[misc]
        """After line noise."""
        self.refresh(repaint=True, layout=True)
        self.table.restyle()

    def action_suspend(self: "Dashboard") -> None:  # type: ignore[misc]
        """To the shell; the engine goes on."""
        self.app.action_suspend_process()

    def action_back(self: "Dashboard") -> None:  # type: ignore[misc]
        """Prompt, marks, filter, view: one step each."""
        prompt = self.query_one("#filter", Input)
        if prompt.display:
            prompt.value = ""
            self.close_filter()
        elif self.table.clear_marks():
            self.show_status()
        elif self.options.filter is not None:
            prompt.value = ""
            self.options = self.options._replace(filter=None)
            self.rebuild()
        elif self.options.problems_only:
            self.action_view_all()
        elif self.drawer:
            self.action_panel()

    def action_leave(self: "Dashboard") -> None:  # type: ignore[misc]
        """Quit; nothing is lost, the configuration is saved at every change."""
        self.app.exit()
