"""Opens the dashboard: all that must be decided before Textual is imported (`ui.application`)."""

import gc
import os
import sys

from uptime_tui.config.paths import Home
from uptime_tui.loading import loading
from uptime_tui.model.errors import UserError


def run_dashboard(home: Home) -> int:
    """Open the dashboard on the engine of this home; returns the exit code.

    Raises:
        UserError: this is no terminal that can show it, or the settings are wrong.
        Exception: a bug of ours ended it; the terminal is as it was.
    """
    from uptime_tui.client.greeting import greet
    from uptime_tui.config.settings import load_settings
    from uptime_tui.ui.themes.choose import choose_theme

    _require_terminal()
    settings = load_settings(home.config_file)
    theme = choose_theme(settings.ui.theme, os.environ)
    greeted = greet(home.socket_file, "dashboard")
    for name in ("COLUMNS", "LINES"):  # exported by some shells and wrong after the first resize
        os.environ.pop(name, None)
    # Textual reads these when it is imported.
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    os.environ["TEXTUAL_SMOOTH_SCROLL"] = "0"
    os.environ["TEXTUAL_FPS"] = "240"  # a bound, not a rate: at 60, a key right behind a frame waits 17 ms for its own
    if theme == "ansi":
        os.environ["TEXTUAL_THEME"] = "ansi-dark"
    with loading():
        from uptime_tui.ui.application import DashboardApp

    gc.disable()  # until the fleet is on the screen: `DashboardApp.on_ready`
    app = DashboardApp(home, settings, theme, greeted)
    app.run(mouse=settings.ui.mouse)
    app.has_left()
    if app.bug is not None:
        raise app.bug
    return app.return_code or 0


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError("the dashboard needs a terminal", todo="use `uptime-tui list` or `status` in scripts")
    if os.environ.get("TERM", "") in {"", "dumb", "unknown"}:
        raise UserError(
            f"TERM={os.environ.get('TERM', '')} cannot show a full screen",
            todo="set TERM, or use `uptime-tui list`",
        )
