"""One declaration per action: keys, footer, help, palette and reference all come from it.

A screen or widget declares its `ACTIONS` beside the methods they call; `gather` finds them all by folder.
"""

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from textual.binding import BindingType


class Action(NamedTuple):
    """Something the user can do.

    `id` names the method `action_<id>` beside it. Lower-case keys are reversible at once, upper-case ones change
    the configuration.
    """

    id: str
    keys: tuple[str, ...]
    """As Textual names them; the first is the one that is shown."""
    label: str
    """A word or two for the key line."""
    help: str
    """A sentence for the help."""
    group: str = "monitors"
    rank: int = 99
    """Place in the key line; 99 is not shown there."""
    locked: bool = False
    """Not possible while the screen is locked."""

    @property
    def shown_key(self) -> str:
        """The key as people write it."""
        return shown(self.keys[0])


_NAMES = {
    "question_mark": "?", "slash": "/", "colon": ":", "left_curly_bracket": "{", "right_curly_bracket": "}",
    "asterisk": "*", "minus": "-", "less_than_sign": "<", "greater_than_sign": ">", "enter": "Enter", "escape": "Esc",
    "space": "Space", "down": "Down", "up": "Up", "left": "Left", "right": "Right", "home": "Home", "end": "End",
    "pagedown": "PgDn", "pageup": "PgUp",
    "tab": "Tab", "f1": "F1", "full_stop": ".", "left_square_bracket": "[", "right_square_bracket": "]",
}  # fmt: skip


def shown(key: str) -> str:
    """Textual's name of a key as people write it."""
    return _NAMES.get(key, key)


def bindings(actions: tuple[Action, ...]) -> "list[BindingType]":
    """Textual's bindings of these actions, one for each key."""
    from textual.binding import Binding

    return [
        Binding(key, action.id, action.label, show=False, id=action.id if number == 0 else f"{action.id}.{number}")
        for action in actions
        for number, key in enumerate(action.keys)
    ]


def gather() -> dict[str, tuple[Action, ...]]:
    """Every declared action by the place that declares it, found by folder."""
    found: dict[str, tuple[Action, ...]] = {}
    for room in ("uptime_tui.ui.widgets", "uptime_tui.ui.screens"):
        package = import_module(room)
        for module in pkgutil.iter_modules(package.__path__):
            loaded = import_module(f"{room}.{module.name}")
            actions = getattr(loaded, "ACTIONS", None)
            if actions and not any(actions is known for known in found.values()):
                found[module.name] = actions
    return found
