"""The filter language of the dashboard and of `list`: words and `key:value` terms, all of which must hold.

`word` is looked for in name, target, purpose and tags, ignoring case; `!` before a term negates it.
`state:down,degraded`, `cat:email`, `tag:prod`, `svc:smtp`, `host:mx1`, `why:refused`, `cert<14` (days left),
`lat>200` (milliseconds). A value of two letters or more holds for all that begins with it, because filters are typed
letter by letter; `*` at its end does so for one letter as well.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import compress
from operator import attrgetter
from typing import Final, NamedTuple, Protocol, TypeVar

from uptime_tui.model.failure import Status
from uptime_tui.model.safetext import one_form


class Subject(Protocol):
    """What a filter looks at."""

    @property
    def text(self) -> str:
        """Where plain words are looked for (`searchable`)."""

    @property
    def host(self) -> str:
        """Host of the target."""

    @property
    def service(self) -> str:
        """The catalogue's name."""

    @property
    def category(self) -> str:
        """The group it stands in."""

    @property
    def status(self) -> str:
        """A status by name; empty where it is not known."""

    @property
    def suspected(self) -> bool:
        """A failure that is not confirmed yet."""

    @property
    def failure(self) -> str:
        """Code of the suspected or confirmed failure; empty for none."""

    @property
    def tags(self) -> tuple[str, ...]:
        """As the user wrote them."""

    @property
    def latency_ms(self) -> float | None:
        """Of the newest success."""

    @property
    def cert_not_after(self) -> int | None:
        """End of the certificate, Unix seconds."""


def searchable(name: str, target: str, purpose: str, tags: tuple[str, ...]) -> str:
    """One case-folded text of all that a plain word may match; a line each, so that they do not run together."""
    return _folded("\n".join((name, target, purpose, *tags)))


def _folded(text: str) -> str:
    return one_form(text).casefold()


Subjects = TypeVar("Subjects", bound=Subject)
Test = Callable[[Sequence[Subject], float], list[bool]]
"""Whether one term holds for each of the subjects, now (Unix seconds)."""


class Filter(NamedTuple):
    """A parsed filter: `text` is what the user typed, `problem` names a term that makes no sense."""

    text: str
    tests: tuple[Test, ...]
    problem: str = ""

    def select(self, subjects: Sequence[Subjects], now_s: float) -> Sequence[Subjects]:
        """Those for which every term holds, in their order.

        A term looks at all that are left at once: over ten thousand monitors, a call for each costs more than the
        comparison.

        Args:
            subjects: to choose from.
            now_s: Unix seconds, for terms that ask for days left.
        """
        for test in self.tests:
            subjects = list(compress(subjects, test(subjects, now_s)))
        return subjects


_KEYS: Final[dict[str, Callable[[Subject], tuple[str, ...]]]] = {
    "state": lambda s: (s.status, "suspected") if s.suspected else (s.status,),
    "cat": lambda s: (s.category,),
    "tag": attrgetter("tags"),
    "svc": lambda s: (s.service,),
    "host": lambda s: (s.host,),
    "why": lambda s: (s.failure,),
}
_OTHER_NAMES: Final = {"status": "state", "category": "cat", "service": "svc", "failure": "why"}
_STATES: Final = (*(status.value for status in Status), "suspected")
_NUMBERS: Final = frozenset({"cert", "lat"})
_DAY_S: Final = 86400


def parse_filter(text: str) -> Filter:
    """Read a filter. Never raises: a term that is not finished (`cert<`) is ignored and named in `problem`."""
    tests: list[Test] = []
    problem = ""
    for word in text.split():
        negated = word.startswith("!")
        test, fault = _test(word[1:] if negated else word)
        problem = problem or fault
        if test is not None:
            tests.append(_not(test) if negated else test)
    return Filter(text, tuple(tests), problem)


def _test(word: str) -> tuple[Test | None, str]:
    if not word:
        return None, ""
    folded = _folded(word)
    for sign in "<>":
        key, found, number = folded.partition(sign)
        if found and key in _NUMBERS:
            return _comparison(key, sign, number, word)
    key, colon, value = folded.partition(":")
    key = _OTHER_NAMES.get(key, key)
    if not colon or key not in _KEYS:
        return _text(folded), ""
    wanted = tuple(part for part in value.split(",") if part)
    if not wanted:
        return None, f"{word} wants a value"
    if key == "state":
        strange = [part for part in wanted if not any(_fits(state, part) for state in _STATES)]
        if strange:
            return None, f"{strange[0]} is no state: {', '.join(_STATES)}"
    return _choice(_KEYS[key], wanted), ""


def _not(test: Test) -> Test:
    return lambda subjects, now_s: [not holds for holds in test(subjects, now_s)]


def _comparison(key: str, sign: str, text: str, word: str) -> tuple[Test | None, str]:
    try:
        limit = float(text.removesuffix("d" if key == "cert" else "ms"))
    except ValueError:
        return None, f"{word} wants a number"
    below = sign == "<"
    if key == "lat":
        return lambda subjects, _now_s: [_is_beyond(s.latency_ms, limit, below=below) for s in subjects], ""

    def ends(subjects: Sequence[Subject], now_s: float) -> list[bool]:
        end_s = now_s + limit * _DAY_S
        return [_is_beyond(s.cert_not_after, end_s, below=below) for s in subjects]

    return ends, ""


def _is_beyond(number: float | None, limit: float, *, below: bool) -> bool:
    return number is not None and (number < limit if below else number > limit)


def _choice(values_of: Callable[[Subject], tuple[str, ...]], wanted: tuple[str, ...]) -> Test:
    @cache
    def holds(values: tuple[str, ...]) -> bool:
        return any(_fits(_folded(value), want) for value in values for want in wanted)

    return lambda subjects, _now_s: list(map(holds, map(values_of, subjects)))


def _fits(value: str, want: str) -> bool:
    return (
        value.startswith(want[:-1])
        if want.endswith("*")
        else value == want or (len(want) > 1 and value.startswith(want))
    )


def _text(word: str) -> Test:
    needle = word.rstrip("*") or word
    return lambda subjects, _now_s: [needle in subject.text for subject in subjects]
