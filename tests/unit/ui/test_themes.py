"""Each theme can be read, has every role, and is chosen for the terminal."""

import pytest
from rich.color import Color
from rich.style import Style

from uptime_tui.model.errors import UserError
from uptime_tui.ui.themes.choose import NAMES, choose_theme, load_theme

READ = ("plain", "dim", "strong", "title", "good", "warn", "bad", "unknown", "accent", "command", "group")


def luminance(colour):
    channels = [value / 255 for value in colour.get_truecolor()]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """WCAG 2.1, 1.4.3."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ansi"])
def test_what_is_to_be_read_stands_out(name):
    module = load_theme(name)
    for ground in (module.BACKGROUND, module.THEME.surface, module.THEME.panel):
        for role in READ:
            style = Style.parse(module.ROLES[role])
            assert contrast(style.color, Color.parse(ground)) >= 4.5, (role, ground)
    cursor = Style.parse(module.ROLES["cursor"])
    assert contrast(cursor.color, cursor.bgcolor) >= 4.5


def test_every_theme_has_the_same_roles():
    roles = {name: load_theme(name).ROLES.keys() for name in NAMES}
    assert len({frozenset(names) for names in roles.values()}) == 1, roles


@pytest.mark.parametrize(
    ("wanted", "env", "name"),
    [
        ("", {"TERM": "xterm-256color"}, "dark"),
        ("", {"TERM": "xterm-256color", "COLORFGBG": "0;15"}, "light"),
        ("light", {"TERM": "xterm-256color"}, "light"),
        ("light", {"TERM": "xterm-256color", "NO_COLOR": "1"}, "ansi"),
        ("", {"TERM": "linux"}, "ansi"),
        ("dark", {"TERM": "vt100"}, "ansi"),
    ],
)
def test_the_terminal_decides(wanted, env, name):
    assert choose_theme(wanted, env) == name


def test_an_unknown_theme_is_a_clear_error():
    with pytest.raises(UserError, match="no theme is called"):
        choose_theme("pink", {"TERM": "xterm-256color"})
