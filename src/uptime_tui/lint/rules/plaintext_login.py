"""A login that anybody on the way can read."""

from collections.abc import Iterator
from typing import Final

from uptime_tui.lint.rule import Fleet, Found, Rule

_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def _find(fleet: Fleet) -> Iterator[Found]:
    for monitor in fleet.monitors:
        if monitor.login.allow_plaintext_auth and monitor.target.host not in _HERE:
            key = "login.allow_plaintext_auth"
            text = "its login may be sent without TLS, or to a server whose certificate is not judged"
            yield Found(monitor.name, text, key, {"login": {"allow_plaintext_auth": None}})


RULE = Rule(
    "warning",
    "a login that may travel in clear text",
    "Whoever stands between reads the password, every interval anew.",
    "Remove allow_plaintext_auth and use a target with TLS; or give the monitor an account without any right.",
    _find,
)
