"""A password where it does not belong."""

import re
from collections.abc import Iterator
from typing import Final

from uptime_tui.lint.rule import Fleet, Found, Rule
from uptime_tui.model.monitor import Monitor

_WORD: Final = r"(?:pass(?:wor[dt]|wd|phrase)?|pwd?|secret|token|api[_-]?key|access[_-]?key|credentials?)"
_QUERY: Final = re.compile(rf"[?&;](?:[a-z0-9_-]*[_-])?{_WORD}=[^&;#]+", re.IGNORECASE)
_ASSIGNED: Final = re.compile(
    rf"\b(?:[a-z0-9]+[_-])?{_WORD}[\"']?\s*[:=]\s*[\"']?(?!env:|file:|cred:|keyring:)[^\s\"'&]{{3,}}", re.IGNORECASE
)
_USERINFO: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/@:]+:[^\s/@]+@", re.IGNORECASE)
_SIGNED: Final = re.compile(r"\b(?:bearer|basic)\s+[a-z0-9+/=._-]{8,}", re.IGNORECASE)
_HEADER: Final = re.compile(rf"(?:^|-){_WORD}(?:$|-)|^x-auth|auth-key$", re.IGNORECASE)


def _find(fleet: Fleet) -> Iterator[Found]:
    for monitor in fleet.monitors:
        for key in _places(monitor):
            yield Found(monitor.name, f"{key} seems to hold a secret itself", key)


def _places(monitor: Monitor) -> Iterator[str]:
    """Keys with what looks like a secret; no value ever leaves here."""
    if _QUERY.search(monitor.target.path):
        yield "target"
    if any(_HEADER.search(name) or _SIGNED.search(value) for name, value in monitor.request.headers):
        yield "request.headers"
    for key, text in (
        ("request.body", monitor.request.body),
        ("purpose", monitor.purpose),
        ("runbook", monitor.runbook),
    ):
        if any(pattern.search(text) for pattern in (_QUERY, _ASSIGNED, _USERINFO, _SIGNED)):
            yield key


RULE = Rule(
    "error",
    "a password, token or key written into monitors.toml",
    "The file is copied, backed up and shown to colleagues; whoever sees it has the secret.",
    'Keep it elsewhere, name the place in login (token = "file:/path", password = "env:NAME"), and change the secret.',
    _find,
)
