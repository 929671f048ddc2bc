"""A mail host is more than one port."""

from collections.abc import Iterator
from typing import Final

from uptime_tui.lint.rule import Fleet, Found, Level, Rule
from uptime_tui.model.monitor import Monitor

_PARTS: Final = {
    "25 (delivery)": ({25}, "smtp"),
    "587 (submission)": ({587}, "submission"),
    "465 (submission in TLS)": ({465}, "smtps"),
    "993 or 143 (IMAP)": ({143, 993}, "imaps"),
    "995 or 110 (POP)": ({110, 995}, "pop3s"),
}
"""What a mail host has: its words, the ports of which one is enough, and the service that is suggested."""
_PORTS: Final = frozenset(port for ports, _ in _PARTS.values() for port in ports)


def _find(fleet: Fleet) -> Iterator[Found]:
    hosts: dict[str, list[Monitor]] = {}
    for monitor in fleet.monitors:
        if monitor.target.port in _PORTS:
            hosts.setdefault(monitor.target.host, []).append(monitor)
    for host, monitors in hosts.items():
        watched = {monitor.target.port for monitor in monitors}
        missing = {words: service for words, (ports, service) in _PARTS.items() if not ports & watched}
        if missing:
            only_delivery: Level | None = "info" if watched == {25} else None
            text = f"of {host} these are not watched: {', '.join(missing)}"
            place = f"[{host}]" if ":" in host else host
            adds = tuple({"target": f"{service}://{place}"} for service in missing.values())
            yield Found(monitors[0].name, text, adds=adds, level=only_delivery)


RULE = Rule(
    "warning",
    "a mail host with some of its mail ports unwatched",
    "Mail comes in while nobody can send, or the other way round, and the port that is watched stays green.",
    'Add a monitor for each; one that should not be open gets expect = "closed".',
    _find,
)
