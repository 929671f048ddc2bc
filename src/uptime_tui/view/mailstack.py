"""The monitors of one mail host read together: which part of its mail works, in one sentence. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from uptime_tui.model.failure import FACTS, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.units import MonitorId
from uptime_tui.wire.messages import MonitorRow

EMAIL: Final = "email"
_PARTS: Final = {
    "smtp": "delivery",
    "submission": "submission",
    "smtps": "submission",
    "imap": "mailboxes by IMAP",
    "imaps": "mailboxes by IMAP",
    "pop3": "mailboxes by POP",
    "pop3s": "mailboxes by POP",
}
"""Service to the part of the mail it carries: in from the world, out from the users, mailboxes."""
_SEVERITY: Final = (Status.DOWN, Status.DEGRADED, Status.UP)
"""Worst first; what else a monitor may be says nothing of the mail."""


class Stack(NamedTuple):
    """One mail host."""

    members: tuple[MonitorId, ...]
    sentence: str
    status: Status
    """Up where every part works, down where none does, else degraded."""


class _Part(NamedTuple):
    name: str
    status: Status
    reason: str


def mail_stacks(monitors: Iterable[Monitor], rows: Mapping[MonitorId, MonitorRow]) -> tuple[Stack, ...]:
    """Every mail host of which two monitors at least are watched and something is known, in the monitors' order.

    Monitors of category `email` are of one host where their targets name the same one, or where they were last
    probed at the same address.

    Args:
        monitors: of the fleet.
        rows: what is known of them; a monitor without one is not known.
    """
    groups: list[list[Monitor]] = []
    place: dict[str, list[Monitor]] = {}
    for monitor in monitors:
        if monitor.category != EMAIL or monitor.target.service not in _PARTS:
            continue
        row = rows.get(monitor.id)
        keys = {monitor.target.host, (row.address if row is not None else None) or monitor.target.host}
        found = [place[key] for key in keys if key in place]
        group = found[0] if found else []
        if not found:
            groups.append(group)
        for other in found[1:]:
            if other is not group:
                group.extend(other)
                groups.remove(other)
                place.update((key, group) for key, kept in place.items() if kept is other)
        group.append(monitor)
        place.update(dict.fromkeys(keys, group))
    stacks = (_stack(group, rows) for group in groups)
    return tuple(stack for stack in stacks if stack is not None)


def stack_of(number: MonitorId, monitors: Iterable[Monitor], rows: Mapping[MonitorId, MonitorRow]) -> Stack | None:
    """The mail host that this monitor is of; None where there is none, or where it is the only part watched."""
    return next((stack for stack in mail_stacks(monitors, rows) if number in stack.members), None)


def _stack(group: list[Monitor], rows: Mapping[MonitorId, MonitorRow]) -> Stack | None:
    by_part: dict[str, list[MonitorRow | None]] = {}
    for monitor in group:
        by_part.setdefault(_PARTS[monitor.target.service], []).append(rows.get(monitor.id))
    if len(group) < 2:
        return None
    parts = [_part(name, by_part[name]) for name in dict.fromkeys(_PARTS.values()) if name in by_part]
    told = [part.status for part in parts if part.status in _SEVERITY]
    if not told:
        return None
    status = told[0] if len({*told}) == 1 else Status.DEGRADED
    order = list(_PARTS)
    host = min(group, key=lambda monitor: (order.index(monitor.target.service), monitor.name)).target.host
    return Stack(tuple(monitor.id for monitor in group), f"mail on {host}: {_sentence(parts)}", status)


def _part(name: str, rows: list[MonitorRow | None]) -> _Part:
    """A part works where all of its monitors are up; where some are not, it works in part."""
    known = [row for row in rows if row is not None and row.status in _SEVERITY]
    if not known:
        return _Part(name, Status.UNKNOWN, "not known")
    worst = min(known, key=lambda row: _SEVERITY.index(row.status))
    if worst.status is Status.UP:
        return _Part(name, Status.UP, "works")
    reason = FACTS[worst.failure].title if worst.failure is not None else worst.status.value
    if worst.status is Status.DOWN and all(row.status is Status.DOWN for row in known):
        return _Part(name, Status.DOWN, f"down ({reason})")
    return _Part(name, Status.DEGRADED, f"impaired ({reason})")


def _sentence(parts: list[_Part]) -> str:
    """Parts in the same state for the same reason are told once."""
    said = {part.reason for part in parts}
    if len(said) == 1:
        return f"all of it {said.pop()}" if len(parts) > 1 else f"{parts[0].name} {said.pop()}"
    told: list[str] = []
    before = ""
    for part in parts:
        name = part.name
        if before.startswith("mailboxes") and name.startswith("mailboxes"):
            name = name.removeprefix("mailboxes ")
        reason = "reachable" if part.status is Status.UP and part.name.startswith("mailboxes") else part.reason
        told.append(f"{name} {reason}")
        before = part.name
    return ", ".join(told)
