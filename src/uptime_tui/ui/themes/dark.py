"""Dark: for most terminals. Healthy is quiet, trouble is bright."""

from textual.theme import Theme

THEME = Theme(
    name="uptime-dark",
    primary="#8ab4f8",
    secondary="#9aa7b5",
    warning="#f2c14e",
    error="#ff7b72",
    success="#7ee2a8",
    accent="#8ab4f8",
    foreground="#d6dde6",
    background="#11151b",
    surface="#161b22",
    panel="#1c232c",
    dark=True,
)
ROLES = {
    "plain": "#d6dde6",
    "dim": "#94a0ae",
    "faint": "#566170",
    "strong": "bold #f2f6fa",
    "title": "bold #f2f6fa",
    "good": "#7ee2a8",
    "warn": "bold #f2c14e",
    "bad": "bold #ff7b72",
    "unknown": "#c9a6ff",
    "accent": "#8ab4f8",
    "command": "#8ab4f8",
    "group": "bold #9fb4cc",
    "cursor": "#11151b on #c8d6e5",
}
BACKGROUND = "#11151b"
