"""What the keys of the dashboard show: filter, order, views, panes. Each method beside its declaration's id."""

from typing import TYPE_CHECKING, Final

from textual.widget import Widget
from textual.widgets import Input

from uptime_tui.model.filter import parse_filter
from uptime_tui.model.units import MonitorId
from uptime_tui.ui.actions import Action
from uptime_tui.ui.screens.helped import Helped
from uptime_tui.ui.widgets.lines import Lines
from uptime_tui.view.certificates import DAYS
from uptime_tui.view.entry import PROBLEMS

if TYPE_CHECKING:
    from uptime_tui.ui.screens.dashboard import Dashboard

PANEL_FROM: Final = 110
"""Columns from which the panel stands beside the table."""
BRIEF_TO: Final = 24
"""Lines up to which the panel shows only the conclusion of a diagnosis; Enter shows all of it."""

ACTIONS_OF_SIGHTS = (
    Action("filter", ("slash",), "filter", "Filter as you type; Enter keeps it, Esc clears it.", "view", 4),
    Action("order", ("o",), "order", "Choose the order of the lines.", "view"),
    Action("sort_left", ("less_than_sign",), "sort left", "Order by the column to the left.", "view"),
    Action("sort_right", ("greater_than_sign",), "sort right", "Order by the column to the right.", "view"),
    Action("reverse", ("R",), "reverse", "Reverse the order.", "view"),
    Action("refresh_order", ("full_stop",), "refresh", "Bring held lines into their order now.", "view"),
    Action("view_problems", ("1",), "problems", "Show problems only.", "view"),
    Action("view_all", ("2",), "all", "Show every monitor, in groups.", "view"),
    Action(
        "view_certificates", ("3",), "certificates", "Show the certificates, the one that ends first on top.", "view"
    ),
    Action("view_latency", ("4",), "latency", "Show every monitor in one list, the slowest first.", "view"),
    Action("lint", ("w",), "lint", "What is badly watched or open to the world, and how to mend it.", "view"),
    Action("fold_all", ("minus",), "fold all", "Fold every group but the problems, or unfold all.", "view"),
    Action("freeze", ("f",), "freeze", "Freeze the display; probing goes on.", "view"),
    Action("panel", ("i",), "panel", "Show or hide the panel (a drawer on narrow screens).", "panes", 8),
    Action("zoom", ("z",), "zoom", "Only the pane with the focus, or both again.", "panes"),
    Action("focus_next", ("tab",), "other pane", "To the other pane: table, panel.", "panes"),
    Action("focus_previous", ("shift+tab",), "pane before", "The same the other way round.", "panes"),
    Action("mouse", ("m",), "mouse", "Let the terminal have the mouse, to select text; or take it.", "screen"),
    Action("repaint", ("ctrl+l",), "repaint", "Draw everything anew.", "screen"),
    Action("back", ("escape",), "back", "One step back: prompt, pane, marks, filter, view.", "screen"),
)


class Sights(Helped):
    """Mixed into the dashboard, which has everything these methods use."""

    def parts(self: "Dashboard") -> tuple[Widget, ...]:  # type: ignore[misc]
        """The dashboard, and the pane that has the focus; below an open prompt it is the table."""
        return (self, self.focused if isinstance(self.focused, Lines) else self.table)

    def action_filter(self: "Dashboard") -> None:  # type: ignore[misc]
        """Open the prompt."""
        prompt = self.query_one("#filter", Input)
        prompt.display = True
        prompt.focus()

    def order_by(self: "Dashboard", sort: str, *, reverse: bool) -> None:  # type: ignore[misc]
        """Another order, said in words as well: the arrow in the titles is small."""
        self.options = self.options._replace(sort=sort, reverse=reverse)
        self.rebuild()
        self.say(f"ordered by {sort}{', reversed' if reverse else ''}")

    def action_sort_left(self: "Dashboard") -> None:  # type: ignore[misc]
        """Order by the column before."""
        self.move_sort(-1)

    def action_sort_right(self: "Dashboard") -> None:  # type: ignore[misc]
        """Order by the next column."""
        self.move_sort(1)

    def move_sort(self: "Dashboard", step: int) -> None:  # type: ignore[misc]
        """Among the columns that are shown and have an order, round and round."""
        sorts = [column.sort for column, _ in self.table.chosen if column.sort]
        here = sorts.index(self.options.sort) if self.options.sort in sorts else -max(step, 0)
        self.order_by(sorts[(here + step) % len(sorts)], reverse=False)

    def action_order(self: "Dashboard") -> None:  # type: ignore[misc]
        """A menu of orders."""
        from uptime_tui.ui.screens.ask import Ask

        def answered(answer: str | None) -> None:
            if answer:
                self.order_by(orders[answer], reverse=False)

        orders = self.table.listing.orders
        self.app.push_screen(Ask("Order by", orders, self.host.roles), answered)

    def action_reverse(self: "Dashboard") -> None:  # type: ignore[misc]
        """The other way round."""
        self.order_by(self.options.sort, reverse=not self.options.reverse)

    def action_refresh_order(self: "Dashboard") -> None:  # type: ignore[misc]
        """Stop holding."""
        self.rebuild()

    def action_view_problems(self: "Dashboard") -> None:  # type: ignore[misc]
        """Problems only."""
        self.show_groups(problems_only=True)

    def action_view_all(self: "Dashboard") -> None:  # type: ignore[misc]
        """Everything, in groups."""
        self.show_groups(problems_only=False)

    def show_groups(self: "Dashboard", *, problems_only: bool) -> None:  # type: ignore[misc]
        """In groups; the order of a list is not one of groups."""
        kept = self.options if self.options.grouped else self.options._replace(sort="state", reverse=False)
        self.options = kept._replace(problems_only=problems_only, grouped=True, certificates=False)
        self.rebuild()

    def action_view_latency(self: "Dashboard") -> None:  # type: ignore[misc]
        """Everything in one list, the slowest first."""
        self.options = self.options._replace(problems_only=False, grouped=False, certificates=False)
        self.order_by("latency", reverse=False)

    def action_view_certificates(self: "Dashboard") -> None:  # type: ignore[misc]
        """Every certificate, the one that ends first on top."""
        self.options = self.options._replace(problems_only=False, grouped=False, certificates=True)
        self.order_by(DAYS, reverse=False)

    def reveal(self: "Dashboard", number: MonitorId) -> None:  # type: ignore[misc]
        """Put the cursor on a monitor, and unfold the group for it. Where the view leaves it out, say so."""
        monitor = self.link.snapshot.monitors.get(number)
        if monitor is None or self.table.go_to(number):
            return
        before = self.options
        for group in {monitor.category, PROBLEMS} & before.collapsed if before.grouped else ():
            self.options = before._replace(collapsed=before.collapsed - {group})
            self.rebuild()
            if self.table.go_to(number):
                return
        if self.options is not before:
            self.options = before
            self.rebuild()
        self.say(f"{monitor.name} is not in this view: 2 shows all, Esc ends a filter", "warn")

    def reveal_awaited(self: "Dashboard") -> None:  # type: ignore[misc]
        """The same for what was just added, once it has arrived: later the cursor may be needed where it is."""
        arrived = (n for n, monitor in self.link.snapshot.monitors.items() if monitor.name == self.awaited)
        for number in arrived:
            self.awaited = ""
            self.reveal(number)
            return

    def action_lint(self: "Dashboard") -> None:  # type: ignore[misc]
        """What best practice finds; its answer is a monitor to go to."""
        from uptime_tui.ui.screens.lint import Lint

        def left(number: MonitorId | None) -> None:
            if number is not None:
                self.reveal(number)

        self.app.push_screen(Lint(self), left)

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

    def action_panel(self: "Dashboard") -> None:  # type: ignore[misc]
        """Panel beside, or drawer below."""
        if self.size.width >= PANEL_FROM:
            self.panel_wanted = not self.panel_wanted
        else:
            self.drawer = not self.drawer
        self.lay_out()

    def action_zoom(self: "Dashboard") -> None:  # type: ignore[misc]
        """The pane with the focus alone, or both again."""
        if self.size.width < PANEL_FROM:
            self.say("Enter shows the panel on the whole screen", "warn")
            return
        self.zoomed = "" if self.zoomed else "panel" if self.focused is self.query_one("#panel") else "table"
        self.lay_out()

    def action_focus_next(self: "Dashboard") -> None:  # type: ignore[misc]
        """The other pane, where there is one."""
        if self.focus_next() is self.table:
            self.say("no other pane is shown: i opens the panel", "warn")

    def action_focus_previous(self: "Dashboard") -> None:  # type: ignore[misc]
        """There are two panes: the same."""
        self.action_focus_next()

    def action_mouse(self: "Dashboard") -> None:  # type: ignore[misc]
        """Let go of the mouse, or take it."""
        self.say("the terminal has the mouse: select text; m takes it back" if self.host.toggle_mouse() else "mouse on")

    def action_repaint(self: "Dashboard") -> None:  # type: ignore[misc]
        """After line noise."""
        self.refresh(repaint=True, layout=True)
        self.table.repaint()

    def action_back(self: "Dashboard") -> None:  # type: ignore[misc]
        """Prompt, pane, marks, filter, view: one step each."""
        prompt = self.query_one("#filter", Input)
        if prompt.display:
            prompt.value = ""
            self.close_filter()
        elif self.focused is not self.table or self.zoomed:
            self.zoomed = ""
            self.lay_out()
            self.table.focus()
        elif self.table.clear_marks():
            self.show_status()
        elif self.options.filter is not None:
            prompt.value = ""
            self.options = self.options._replace(filter=None)
            self.rebuild()
        elif self.options.problems_only or not self.options.grouped:
            self.action_view_all()
        elif self.drawer:
            self.action_panel()

    # --- the filter's prompt ----------------------------------------------------------

    def on_input_changed(self: "Dashboard", event: Input.Changed) -> None:  # type: ignore[misc]
        """Filter as it is typed."""
        if event.input.id == "filter":
            found = parse_filter(event.value)
            self.options = self.options._replace(filter=found if event.value.strip() else None)
            self.rebuild()
            self.show_status()
            if found.problem:
                self.say(found.problem, "warn")
            elif self.message[1] == "warn":
                self.say("")

    def on_input_submitted(self: "Dashboard", event: Input.Submitted) -> None:  # type: ignore[misc]
        """Enter keeps the filter."""
        if event.input.id == "filter":
            self.close_filter()

    def close_filter(self: "Dashboard") -> None:  # type: ignore[misc]
        """Back to the table."""
        self.query_one("#filter", Input).display = False
        self.table.focus()
