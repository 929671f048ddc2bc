"""The pages of the detail screen beside the present: an incident as it was, and the domain of a mail server. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.incident import Incident
from uptime_tui.model.monitor import Monitor
from uptime_tui.view import words
from uptime_tui.view.cells import cut
from uptime_tui.view.diagnosis import NOT_YET, LineOf, audit_lines, diagnosis_lines, wrapped
from uptime_tui.view.mailstack import EMAIL
from uptime_tui.view.panel import ladder_lines
from uptime_tui.view.past import one_line

NOW: Final = "now"
INCIDENTS: Final = "incidents"
MAIL: Final = "mail domain"


class Sheet(NamedTuple):
    """How and when it is read."""

    monitor: Monitor
    now_ms: int
    width: int
    glyphs: words.Glyphs
    clock: Callable[[int], str]
    """Unix milliseconds to a time of day, with the date when it is another day."""


def pages(monitor: Monitor) -> tuple[str, ...]:
    """Those of a monitor, in the order of Tab."""
    return (NOW, INCIDENTS, MAIL) if monitor.category == EMAIL else (NOW, INCIDENTS)


def incident_lines(
    sheet: Sheet, incidents: Sequence[Incident], at: int, found: Sequence[Diagnosis] | None
) -> Iterator[LineOf]:
    """One incident with all that was found out while it lasted.

    Args:
        sheet: how it is read.
        incidents: of the monitor, newest first.
        at: which of them.
        found: the diagnosis that was made first, and the newest where there is another; None while it is read.
    """
    yield ((_name(sheet), "title"),)
    if not incidents:
        yield from wrapped("no incident is known of it", sheet.width, "dim")
        return
    incident = incidents[at]
    yield from wrapped(f"incident {at + 1} of {len(incidents)}, the newest first", sheet.width, "dim")
    yield from one_line(incident, sheet.now_ms, sheet.width, sheet.clock)
    if found is None:
        yield (("reading…", "dim"),)
    elif not found and incident.closed_ms is None:
        yield from wrapped(NOT_YET, sheet.width, "dim")
    elif not found:
        text = "no diagnosis is kept of it: it was over before one was made, or is older than retention_days"
        yield from wrapped(text, sheet.width, "dim")
    for number, each in enumerate(found or ()):
        yield ()
        word = "looked into again" if number else "as it was"
        yield from wrapped(f"{word} at {sheet.clock(each.failed.at_ms)}", sheet.width, "accent")
        yield from ladder_lines(each.failed, sheet.width, sheet.glyphs, sheet.monitor.target.service)
        yield from wrapped(each.failed.detail, sheet.width, words.ROLES[each.failed.status])
        yield from diagnosis_lines(each, sheet.width, sheet.glyphs, sheet.clock)


def mail_lines(sheet: Sheet, found: Diagnosis | None) -> Iterator[LineOf]:
    """What the world's mail servers read of this one's domain.

    Args:
        sheet: how it is read.
        found: the newest diagnosis of the monitor.
    """
    yield ((_name(sheet), "title"),)
    if found is None or not found.audit:
        text = (
            "d audits it: MX, SPF, DMARC, DKIM, MTA-STS, TLS-RPT, PTR and DANE are asked of the name servers. "
            "An address or a host without a domain of its own has nothing to audit, unless mail_domain in its monitor "
            "names the domain."
        )
        yield from wrapped(text, sheet.width, "dim")
        return
    wrong = sum(seen.ok is False for seen in found.audit)
    told = f"{wrong} of {len(found.audit)} facts speak against it" if wrong else "nothing speaks against it"
    role = "warn" if wrong else "good"
    if all(seen.ok is None for seen in found.audit):
        told, role = "nothing could be judged", "plain"
    yield from wrapped(f"as of {sheet.clock(found.at_ms)}: {told}", sheet.width, role)
    yield ()
    yield from audit_lines(found, sheet.width, sheet.glyphs)


def _name(sheet: Sheet) -> str:
    """The monitor's name, as much as fits."""
    return cut(sheet.monitor.name, sheet.width)
