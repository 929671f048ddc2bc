"""High contrast: black, white and three pure colours, for weak screens and tired eyes."""

from textual.theme import Theme

THEME = Theme(
    name="uptime-contrast",
    primary="#ffffff",
    secondary="#ffffff",
    warning="#ffff00",
    error="#ff8080",
    success="#80ff80",
    accent="#80ffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
)
ROLES = {
    "plain": "#ffffff",
    "dim": "#c8c8c8",
    "faint": "#808080",
    "strong": "bold #ffffff",
    "title": "bold underline #ffffff",
    "good": "#80ff80",
    "warn": "bold #ffff00",
    "bad": "bold #ff8080",
    "unknown": "bold #ff80ff",
    "accent": "#80ffff",
    "command": "#80ffff",
    "group": "bold #ffffff",
    "cursor": "#000000 on #ffffff",
}
BACKGROUND = "#000000"
