"""What can be copied of a monitor. Pure."""

from collections.abc import Callable, Sequence

from uptime_tui.knowledge.entry import Hints
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.target import place
from uptime_tui.view.diagnosis import next_command
from uptime_tui.view.report import markdown
from uptime_tui.wire.messages import MonitorRow


def copies(
    monitor: Monitor, row: MonitorRow, found: Diagnosis | None, hints: Hints | None, clock: Callable[[int], str]
) -> dict[str, tuple[str, str]]:
    """Key to word and text.

    Args:
        monitor: whose.
        row: its present.
        found: its newest diagnosis.
        hints: what the knowledge base says about its present failure.
        clock: Unix milliseconds to date and time.
    """
    target = monitor.target
    texts = {"n": ("name", monitor.name), "t": ("target", f"{target.service}://{place(target)}{target.path}")}
    if row.detail:
        texts["w"] = ("why", f"{monitor.name}: {row.detail}")
    command = next_command(found) if row.failure is not None else ""
    known = (text for cause in (hints.causes if hints is not None else ()) for text in cause.every_command)
    command = command or next(known, "")
    if command:
        texts["c"] = ("next command", command)
    if found is not None:
        texts["i"] = ("incident report" if found.failure is not None else "report", markdown(monitor, found, clock))
    return texts


def copies_of_past(
    monitor: Monitor, found: Sequence[Diagnosis], clock: Callable[[int], str]
) -> dict[str, tuple[str, str]]:
    """The same of an incident: of the diagnosis that was made when it began, and of the newest one.

    Args:
        monitor: whose.
        found: the first one, and the newest where there is another.
        clock: Unix milliseconds to date and time.
    """
    texts = {}
    if found:
        texts["i"] = ("incident report", markdown(monitor, found[0], clock))
    if found[1:]:
        texts["l"] = ("the later report", markdown(monitor, found[-1], clock))
    command = next_command(found[-1]) if found else ""
    if command:
        texts["c"] = ("next command", command)
    return texts
