"""What the main screen shows: header, table, panel, message and keys; and the frame clock that keeps them fresh."""

import time
from collections.abc import Mapping
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.timer import Timer

from uptime_tui.model.units import MonitorId
from uptime_tui.ui.host import Host
from uptime_tui.ui.lore import clock
from uptime_tui.ui.screens.helped import Helped
from uptime_tui.ui.widgets.header import Header
from uptime_tui.ui.widgets.lines import Entry, Line, Lines, MessageLine, Notice, Said
from uptime_tui.ui.widgets.monitor_table import MonitorTable
from uptime_tui.view import certificates, states
from uptime_tui.view.entry import PROBLEMS
from uptime_tui.view.panel import PanelLine
from uptime_tui.view.rows import ViewOptions, ViewRow, build_view, held_view, new_problems
from uptime_tui.view.snapshot import Dirty

PANEL_FROM: Final = 110
"""Columns from which the panel stands beside the table."""
BRIEF_TO: Final = 24
"""Lines up to which the panel shows only the conclusion of a diagnosis; Enter shows all of it."""
CHANGES: Final = 8
FRAME_S: Final = 0.2
BLURRED_FRAMES: Final = 5
"""Without the focus every fifth frame is drawn."""
HOLD_S: Final = 3.0
"""The order of lines is held this long after a key."""
WIDE_FROM: Final = 180
TALL_FROM: Final = 55
REST_S: Final = 0.05
"""The panel follows the cursor once it rests this long; a key that repeats has it drawn with every frame."""


class Board(Helped):
    """What is drawn; `Deeds` and `Sights` are built on it, and hold what the keys do."""

    DEFAULT_CSS = """
    Board #status { background: $panel; }
    Board #banner, Board #tiny { display: none; }
    Board #message { height: 1; }
    Board #body, Board #tiny { height: 1fr; }
    Board #panel { display: none; width: 44; padding: 0 1; border-left: vkey $panel; }
    Board #panel:focus { border-left: vkey $accent; }
    Board #drawer:focus { border-top: hkey $accent; }
    Board #drawer { display: none; height: 8; padding: 0 1; border-top: hkey $panel; }
    Board #changes { display: none; height: 9; padding: 0 1; border-top: hkey $panel; }
    Board #filter { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    Board.tiny #titles, Board.tiny #keys, Board.tiny #status { display: none; }
    Board.tiny #body { height: 0; }  /* not hidden: its table takes the keys */
    Board.tiny #tiny { display: block; }
    """

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.link = host.link
        self.options: ViewOptions = ViewOptions(categories=host.lore.catalogue.categories)
        self.frames = 0
        self.skipped = 0
        self.frozen: bool = False
        self.locked: bool = False
        self.drawer: bool = False
        self.panel_wanted: bool = True
        self.zoomed: str = ""
        """The pane that is alone: table, panel, or none."""
        self.awaited: str = ""
        """Name of a monitor that was just added: the cursor goes there when it arrives."""
        self.new_problems = 0
        self.last_key_s = 0.0
        self.stale_order = False
        self.listed: Mapping[MonitorId, object] = {}
        """The monitors among which the lines were chosen: where others have come, nothing is held."""
        self.owed = Dirty()
        self.told_empty: tuple[str, ...] = ()
        self.minute = 0
        self.said = Said(self.link.snapshot)
        self.pictured: int | None = None
        """The monitor that the panel shows."""
        self.resting: Timer | None = None

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        host = self.host
        yield Header(host.roles, host.glyphs, host.bytes_written, clock=host.clock_wanted, id="status")
        yield Notice(host.roles, id="banner", least=0)
        yield Line(host.roles, id="titles")
        with Horizontal(id="body"):
            yield MonitorTable(self.link.snapshot, host.glyphs, host.roles, host.now_ms, id="table")
            yield Lines(host.roles, id="panel")
        yield Lines(host.roles, id="drawer")
        yield Lines(host.roles, id="changes")
        yield Lines(host.roles, id="tiny")
        yield Entry(
            placeholder="filter: words, state:down cat:email svc:smtp tag:prod why:refused cert<14 lat>200", id="filter"
        )
        yield MessageLine(self.said, host.roles, id="message")
        yield Line(host.roles, id="keys")

    def on_mount(self) -> None:
        """Start the frame clock."""
        self.query_one("#changes", Lines).can_focus = False
        self.query_one("#tiny", Lines).can_focus = False
        self.table.focus()
        self.stale_order = True
        self.draw(self.link.drain())
        self.show_keys()
        self.set_interval(FRAME_S, self.frame)
        self.link.on_arrival = self.frame

    # --- parts ------------------------------------------------------------------------

    @property
    def table(self) -> MonitorTable:
        """The table."""
        return self.query_one("#table", MonitorTable)

    def line(self, name: str) -> Line:
        """A one-line part."""
        return self.query_one(f"#{name}", Line)

    # --- the frame clock --------------------------------------------------------------

    def frame(self) -> None:
        """Fold what arrived; draw unless the terminal is behind, the display is frozen, or nobody looks."""
        self.owed = self.owed.joined(self.link.drain())
        self.stale_order = self.stale_order or self.owed.order or self.owed.everything
        if self.owed.notices and not self.link.snapshot.monitors:
            self.stale_order = True  # what stands in place of the table depends on them
        self.frames += 1
        if self.host.backlog() > 0:
            self.skipped += 1
            return
        if self.host.must_repaint():
            self.draw_anew()
        blurred = not self.host.app_focus and self.frames % BLURRED_FRAMES
        if (self.frozen or blurred) and not self.owed.everything:
            if self.frozen:  # what is wrong with the whole is never held back
                self.show_banner()
            return
        owed, self.owed = self.owed, Dirty()
        self.draw(owed)

    def draw(self, dirty: Dirty) -> None:
        """One frame of everything that is out of date."""
        now_s = time.monotonic()
        minute = int(time.time() // 60)
        if minute != self.minute:
            self.minute = minute
            dirty = dirty._replace(rows=frozenset(self.link.snapshot.rows))
        monitors = self.link.snapshot.monitors
        held = self.is_held(now_s) and monitors.keys() <= self.listed.keys()
        if self.stale_order and not held:
            self.rebuild()
        elif self.stale_order and (dirty.order or dirty.everything):
            self.hold(dirty)
        elif dirty.rows:
            self.table.update_rows(dirty.rows)
        if self.awaited:
            self.reveal_awaited()
        current = self.table.current()
        if dirty.focus or dirty.everything or dirty.order or current in dirty.rows:
            self.show_panel()
        self.show_status()
        self.show_banner()
        self.said.tick(now_s)
        self.show_tiny()

    def draw_anew(self) -> None:
        """Whatever the terminal shows."""
        self.app.screen.refresh(repaint=True, layout=True)
        self.table.repaint()

    def is_held(self, now_s: float) -> bool:
        """Whether lines must stay where they are: the user is at work on them, or reads the detail of one.

        Where the line goes away, as in the view of problems at the recovery, the cursor goes to another monitor.
        """
        at_work = now_s - self.last_key_s < HOLD_S or bool(self.table.marks) or not self.is_current
        return at_work or self.host.open_detail() is not None

    def build(self) -> tuple[ViewRow, ...]:
        """The lines as they would be now."""
        build = certificates.build_certificates if self.options.certificates else build_view
        return build(self.link.snapshot, self.options, self.host.now_ms())

    def hold(self, dirty: Dirty) -> None:
        """Leave the lines where they are; only those of monitors that are no more go."""
        view = self.build()
        self.new_problems = new_problems(self.table.view, view)
        if dirty.everything:
            self.listed = self.link.snapshot.monitors
            held = held_view(self.table.view, view, self.listed)
            self.stale_order = held != view
            self.table.set_view(held, self.options, self.empty_text())
        else:
            self.table.update_rows(dirty.rows)

    def rebuild(self) -> None:
        """Filter, group and sort anew."""
        view = self.build()
        self.listed = self.link.snapshot.monitors
        self.stale_order = False
        self.new_problems = 0
        if not self.last_key_s:  # nobody has chosen a line yet: the worst problem is worth the panel
            self.table.forget_cursor()
        self.table.set_view(view, self.options, self.empty_text())
        self.line("titles").show(((self.table.header(), "dim"),))
        self.show_changes()

    def show_changes(self) -> None:
        """The strip of tall and wide screens: what changed last."""
        strip = self.query_one("#changes", Lines)
        if strip.display:
            strip.show(states.latest_changes(self.link.snapshot, CHANGES, clock, self.host.glyphs), top=True)

    def empty_text(self) -> tuple[str, ...]:
        """What stands in place of an empty table."""
        return states.empty_table(self.link.snapshot, self.options, self.link.problem)

    # --- the cursor -------------------------------------------------------------------

    def reveal(self, number: MonitorId) -> None:
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

    def reveal_awaited(self) -> None:
        """The same for what was just added, once it has arrived: later the cursor may be needed where it is."""
        arrived = (n for n, monitor in self.link.snapshot.monitors.items() if monitor.name == self.awaited)
        if (number := next(arrived, None)) is not None:
            self.awaited = ""
            self.reveal(number)

    # --- lines ------------------------------------------------------------------------

    def show_status(self) -> None:
        """The first line, with whatever is unusual about the view."""
        words = states.unusual(self.options, len(self.table.marks), frozen=self.frozen, locked=self.locked)
        if self.stale_order and self.is_held(time.monotonic()):
            new = f"+{self.new_problems} new, " if self.new_problems else ""
            words.append(f"held: {new}press .")
        self.query_one(Header).tell(self.link.snapshot, words, wide=self.size.width >= PANEL_FROM)

    def show_banner(self) -> None:
        """One line when something is wrong with the whole; a tiny screen has its own for that."""
        found = states.banner(self.link.snapshot, self.lost())
        if found and self.has_class("tiny"):
            self.show_tiny()
            found = None
        self.query_one("#banner", Notice).tell(*(found or ("", "plain")))
        if not self.link.snapshot.complete and self.link.problem:
            empty = self.empty_text()
            if empty != self.told_empty:
                self.told_empty = empty
                self.table.set_view((), self.options, empty)

    def lost(self) -> str:
        """What is wrong with the engine, once it was there."""
        return self.link.lost if self.link.snapshot.complete else ""

    def say(self, text: str, role: str = "plain") -> None:
        """A message below the table; it goes by itself."""
        self.said.say(text, role, time.monotonic())

    # --- the panel --------------------------------------------------------------------

    def show_panel(self) -> None:
        """The panel, drawer or detail of the monitor under the cursor, another one's from the top; or its mark."""
        current = self.table.current()
        top, self.pictured = current != self.pictured, current
        for name in ("panel", "drawer"):
            place = self.query_one(f"#{name}", Lines)
            if place.display:
                brief = name == "drawer" or self.size.height <= BRIEF_TO
                place.show(self.panel_lines(max(20, place.size.width - 2), brief=brief), top=top)
        detail = self.host.open_detail()
        if detail is not None and current is not None:
            detail.show(top=top)
        self.show_tiny()

    def panel_lines(self, width: int, *, brief: bool = False) -> tuple[PanelLine, ...]:
        """What is known of the monitor under the cursor."""
        current = self.table.current()
        return () if current is None else self.host.lore.panel_lines(current, width, brief=brief)

    def show_tiny(self) -> None:
        """A line per problem, or only the counts, where there is no room for more."""
        place, link = self.query_one("#tiny", Lines), self.link
        if place.display:
            lost, current = self.lost(), self.table.current()
            lines = states.tiny_lines(link.snapshot, *place.size, self.host.glyphs, lost, current, link.problem)
            place.show(tuple(((line, "plain"),) for line in lines))

    def lay_out(self) -> None:
        """Place the parts for this size."""
        width, height = self.size
        panel = self.query_one("#panel", Lines)
        beside = width >= PANEL_FROM and self.panel_wanted
        self.zoomed = self.zoomed if beside else ""
        panel.display = beside and self.zoomed != "table"
        self.table.display = self.zoomed != "panel"
        panel.styles.width = "1fr" if self.zoomed else 70 if width >= WIDE_FROM else 44
        self.query_one("#drawer", Lines).display = self.drawer and not beside
        self.query_one("#changes", Lines).display = width >= WIDE_FROM and height >= TALL_FROM
        tiny = width < 60 or height < 12
        self.set_class(tiny, "tiny")
        self.query_one("#message", MessageLine).least = 0 if tiny else 1
        self.said.show()
        self.show_keys()
        self.call_after_refresh(self.after_layout)

    def turn_panel(self) -> None:
        """Show it, or hide it; the drawer where there is no room beside the table."""
        if self.size.width >= PANEL_FROM:
            self.panel_wanted = not self.panel_wanted
        else:
            self.drawer = not self.drawer
        self.lay_out()

    def after_layout(self) -> None:
        """Widths are known now, and whether there is room for the part that takes the keys."""
        if self.host.app_focus:
            self.regain_focus()
        self.line("titles").show(((self.table.header(), "dim"),))
        self.show_panel()
        self.show_changes()

    def on_resize(self, _event: Resize) -> None:
        """Another size, another layout."""
        self.lay_out()

    def on_monitor_table_cursor_moved(self) -> None:
        """Look at another monitor, once the cursor rests: keys come first, and they repeat."""
        self.link.focus(self.table.current())
        if self.resting is not None:
            self.resting.stop()
        self.resting = self.set_timer(REST_S, self.look)

    def look(self) -> None:
        """Show the monitor under the cursor, with what the engine has said of it meanwhile."""
        self.owed = self.owed.joined(self.link.drain())
        self.show_panel()

    def on_key(self) -> None:
        """The user is at work: hold the order."""
        self.last_key_s = time.monotonic()

    def on_screen_resume(self) -> None:
        """Whoever comes back from another screen finds the lines as they were."""
        if self.last_key_s:
            self.on_key()
