"""Which theme: the settings' word, else what the terminal can show. Decided once, before Textual is imported."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from uptime_tui.model.errors import UserError

NAMES: Final = ("dark", "light", "contrast", "ansi")


def choose_theme(wanted: str, env: Mapping[str, str]) -> str:
    """A theme's file name.

    `NO_COLOR` and terminals of sixteen colours get `ansi`: Textual's filter for NO_COLOR only makes greys of a
    theme in true colour.

    Raises:
        UserError: the settings name a theme that does not exist.
    """
    if wanted and wanted not in NAMES:
        raise UserError(
            f"no theme is called {wanted[:40]!r}", where="config.toml [ui] theme", todo=f"one of {', '.join(NAMES)}"
        )
    if env.get("NO_COLOR") is not None or not _many_colours(env):
        return "ansi"
    if wanted:
        return wanted
    background = env.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if background in {"7", "15"} else "dark"


def _many_colours(env: Mapping[str, str]) -> bool:
    return (
        "256color" in env.get("TERM", "")
        or bool(env.get("COLORTERM"))
        or env.get("TERM", "").startswith(("xterm-", "alacritty", "foot"))
    )


def load_theme(name: str) -> Any:
    """The module of a theme: THEME, ROLES, BACKGROUND."""
    return import_module(f"uptime_tui.ui.themes.{name}")
