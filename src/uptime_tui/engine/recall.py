"""What an engine has found out about an incident, read from its journal; it need not run."""

from pathlib import Path

from uptime_tui.journal.reader import Reader
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.errors import UserError
from uptime_tui.model.incident import Incident
from uptime_tui.model.monitor import Monitor


def recall(journal: Path, monitor: Monitor, place: int) -> Diagnosis:
    """What was found when an incident began.

    Args:
        journal: the file.
        monitor: a configured one.
        place: 1 for its newest incident, 2 for the one before.

    Raises:
        UserError: there is no such incident, or nothing was found out about it.
    """
    reader = Reader(journal)
    try:
        number = reader.number(monitor.name)
        incidents: tuple[Incident, ...] = () if number is None else reader.incidents(number, place)
        found = reader.diagnoses(incidents[place - 1].id) if len(incidents) >= place else ()
    finally:
        reader.close()
    if number is None:
        raise UserError("no incident is known of a target without a monitor", todo="name a monitor of the engine")
    if len(incidents) < place:
        known = f"only {len(incidents)} known" if incidents else "none is known"
        raise UserError(f"no incident {place} of {monitor.name}: {known}", todo="uptime-tui list shows what fails now")
    if not found:
        raise UserError(f"nothing was found out about incident {place} of {monitor.name}", todo="leave --incident out")
    return found[0]
