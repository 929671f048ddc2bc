"""Regular expressions that are compiled at their first use: a command uses few of those that it imports."""

import re
from typing import Any, AnyStr, cast


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, as far as its methods go; a mistake in the text is found when it is first used."""
    return cast("re.Pattern[AnyStr]", _Later(text, flags))


class _Later:
    """Has each method of the compiled pattern as its own attribute, once it was asked for."""

    def __init__(self, text: Any, flags: int) -> None:
        self._made_of = (text, flags)

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._made_of), name)
        setattr(self, name, found)
        return found
