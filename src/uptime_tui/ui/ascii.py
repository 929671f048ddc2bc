"""For terminals that cannot show Unicode: when that is so, and what stands in place of a character."""

import locale
from collections.abc import Mapping
from typing import Final

from uptime_tui.view.cells import cell_width

_INSTEAD: Final = dict(
    zip("…–—•·“”‘’×→←↑↓✓✗▸▾▔─━│┃▏", "~--*.\"\"''x><^v.X>v---|||", strict=True),
)
_BLOCKS: Final = range(0x2580, 0x25A0)


class Ascii(dict[int, str]):
    """A table for `str.translate`: each character that is not ASCII becomes as many cells of it as it took."""

    def __missing__(self, code: int) -> str:
        """The characters for one code point, kept for the next time."""
        character = chr(code)
        if code < 0x80:
            found = character
        elif character in _INSTEAD:
            found = _INSTEAD[character]
        else:  # blocks draw scroll bars and borders in reverse video: a blank does the same
            found = (" " if code in _BLOCKS else "?") * cell_width(character)
        self[code] = found
        return found


def wants_ascii(env: Mapping[str, str], *, wanted: bool | None) -> bool:
    """Whether only ASCII may be sent: by the settings, else by the locale.

    Python takes C for a locale that nobody chose and makes UTF-8 of it (PEP 538, 540): it writes LC_CTYPE into the
    environment and says `utf-8` when asked. Who writes LANG=C or LC_ALL=C has chosen; no locale at all is no choice.

    Args:
        env: the environment.
        wanted: `[ui] ascii` of config.toml; None leaves it to the locale.
    """
    if wanted is not None:
        return wanted
    by_hand = env.get("LC_CTYPE", "") if env.get("LC_CTYPE", "").upper() not in {"C.UTF-8", "C.UTF8", "UTF-8"} else ""
    chosen = env.get("LC_ALL") or by_hand or env.get("LANG") or ""
    if chosen in {"C", "POSIX"}:
        return True
    return bool(chosen) and "utf" not in locale.getencoding().lower()
