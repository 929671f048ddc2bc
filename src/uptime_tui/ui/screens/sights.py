"""What the keys of the dashboard show: filter, order, views, panes. Each method beside its declaration's id."""

from textual.events import Click
from textual.widget import Widget
from textual.widgets import Input

from uptime_tui.model.filter import parse_filter
from uptime_tui.ui.actions import Action
from uptime_tui.ui.screens.board import PANEL_FROM, Board
from uptime_tui.ui.widgets.lines import Lines
from uptime_tui.ui.widgets.monitor_table import MonitorTable
from uptime_tui.view.certificates import DAYS

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


class Sights(Board):
    """What is shown, and how."""

    def parts(self) -> tuple[Widget, ...]:
        """The dashboard, and the pane that has the focus; below an open prompt it is the table."""
        return (self, self.focused if isinstance(self.focused, Lines) else self.table)

    def action_filter(self) -> None:
        """Open the prompt."""
        prompt = self.query_one("#filter", Input)
        prompt.display = True
        prompt.focus()

    def order_by(self, sort: str, *, reverse: bool) -> None:
        """Another order, said in words as well: the arrow in the titles is small."""
        self.options = self.options._replace(sort=sort, reverse=reverse)
        self.rebuild()
        self.say(f"ordered by {sort}{', reversed' if reverse else ''}")

    def action_sort_left(self) -> None:
        """Order by the column before."""
        self.move_sort(-1)

    def action_sort_right(self) -> None:
        """Order by the next column."""
        self.move_sort(1)

    def move_sort(self, step: int) -> None:
        """Among the columns that are shown and have an order, round and round."""
        sorts = [column.sort for column, _ in self.table.chosen if column.sort]
        here = sorts.index(self.options.sort) if self.options.sort in sorts else -max(step, 0)
        self.order_by(sorts[(here + step) % len(sorts)], reverse=False)

    def action_order(self) -> None:
        """A menu of orders."""
        from uptime_tui.ui.screens.ask import Ask

        def answered(answer: str | None) -> None:
            if answer:
                self.order_by(orders[answer], reverse=False)

        orders = self.table.listing.orders
        self.app.push_screen(Ask("Order by", orders, self.host.roles), answered)

    def action_reverse(self) -> None:
        """The other way round."""
        self.order_by(self.options.sort, reverse=not self.options.reverse)

    def action_refresh_order(self) -> None:
        """Stop holding."""
        self.rebuild()

    def action_view_problems(self) -> None:
        """Problems only."""
        self.show_groups(problems_only=True)

    def action_view_all(self) -> None:
        """Everything, in groups."""
        self.show_groups(problems_only=False)

    def show_groups(self, *, problems_only: bool) -> None:
        """In groups; the order of a list is not one of groups."""
        kept = self.options if self.options.grouped else self.options._replace(sort="state", reverse=False)
        self.options = kept._replace(problems_only=problems_only, grouped=True, certificates=False)
        self.rebuild()

    def action_view_latency(self) -> None:
        """Everything in one list, the slowest first."""
        self.options = self.options._replace(problems_only=False, grouped=False, certificates=False)
        self.order_by("latency", reverse=False)

    def action_view_certificates(self) -> None:
        """Every certificate, the one that ends first on top."""
        self.options = self.options._replace(problems_only=False, grouped=False, certificates=True)
        self.order_by(DAYS, reverse=False)

    def action_fold_all(self) -> None:
        """Fold every category, or unfold all."""
        groups = frozenset(self.link.snapshot.by_category)
        self.options = self.options._replace(collapsed=frozenset() if groups <= self.options.collapsed else groups)
        self.rebuild()

    def action_freeze(self) -> None:
        """Stop drawing; probing goes on."""
        self.frozen = not self.frozen
        self.say("frozen: f goes on" if self.frozen else "live again")
        self.show_status()

    def action_panel(self) -> None:
        """Panel beside, or drawer below."""
        self.turn_panel()

    def action_zoom(self) -> None:
        """The pane with the focus alone, or both again."""
        if self.size.width < PANEL_FROM:
            self.say("Enter shows the panel on the whole screen", "warn")
            return
        self.zoomed = "" if self.zoomed else "panel" if self.focused is self.query_one("#panel") else "table"
        self.lay_out()

    def action_focus_next(self) -> None:
        """The other pane, where there is one."""
        if self.focus_next() is self.table:
            self.say("no other pane is shown: i opens the panel", "warn")

    def action_focus_previous(self) -> None:
        """There are two panes: the same."""
        self.action_focus_next()

    def action_mouse(self) -> None:
        """Let go of the mouse, or take it."""
        self.say("the terminal has the mouse: select text; m takes it back" if self.host.toggle_mouse() else "mouse on")

    def action_repaint(self) -> None:
        """After line noise."""
        self.draw_anew()

    def action_back(self) -> None:
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
            self.turn_panel()

    # --- the table's title and groups -------------------------------------------------

    def on_click(self, event: Click) -> None:
        """A click is work as a key is; on a title it sorts by it; again, the other way round."""
        self.on_key()
        if event.widget is not self.line("titles"):
            return
        sort = self.table.sort_at(event.x)
        if sort:
            reverse = not self.options.reverse if sort == self.options.sort else False
            self.order_by(sort, reverse=reverse)

    def on_monitor_table_fold_changed(self, event: MonitorTable.FoldChanged) -> None:
        """Fold or unfold a group."""
        folded = self.options.collapsed
        folded = folded | {event.key} if event.folded else folded - {event.key}
        self.options = self.options._replace(collapsed=folded)
        self.rebuild()

    # --- the filter's prompt ----------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        if event.input.id == "filter":
            found = parse_filter(event.value)
            self.options = self.options._replace(filter=found if event.value.strip() else None)
            self.rebuild()
            self.show_status()
            if found.problem:
                self.say(found.problem, "warn")
            elif self.said.role == "warn":
                self.say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter keeps the filter."""
        if event.input.id == "filter":
            self.close_filter()

    def close_filter(self) -> None:
        """Back to the table."""
        self.query_one("#filter", Input).display = False
        self.table.focus()
