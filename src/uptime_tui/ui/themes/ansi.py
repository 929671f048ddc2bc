"""The terminal's own sixteen colours: for NO_COLOR, the Linux console, and people who chose their palette."""

from textual.theme import BUILTIN_THEMES, Theme

THEME: Theme = BUILTIN_THEMES["ansi-dark"]
ROLES = {
    "plain": "default",
    "dim": "default",
    "faint": "bright_black",
    "strong": "bold",
    "title": "bold",
    "good": "green",
    "warn": "bold yellow",
    "bad": "bold red",
    "unknown": "magenta",
    "accent": "cyan",
    "command": "cyan",
    "group": "bold",
    "cursor": "reverse",
}
BACKGROUND = ""
