"""Light: for bright rooms and paper-white terminals."""

from textual.theme import Theme

THEME = Theme(
    name="uptime-light",
    primary="#0b57d0",
    secondary="#4a5563",
    warning="#7a5200",
    error="#b3261e",
    success="#146c2e",
    accent="#0b57d0",
    foreground="#1d2329",
    background="#fbfbfa",
    surface="#f3f3f1",
    panel="#ebebe8",
    dark=False,
)
ROLES = {
    "plain": "#1d2329",
    "dim": "#59636e",
    "faint": "#8a929b",
    "strong": "bold #0b0f13",
    "title": "bold #0b0f13",
    "good": "#146c2e",
    "warn": "bold #7a5200",
    "bad": "bold #b3261e",
    "unknown": "#6b2fb3",
    "accent": "#0b57d0",
    "command": "#0b57d0",
    "group": "bold #36506b",
    "cursor": "#fbfbfa on #24405c",
}
BACKGROUND = "#fbfbfa"
