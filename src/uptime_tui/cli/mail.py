"""What `list` says of mail hosts: which part of each is affected."""

from collections.abc import Mapping, Sequence

import msgspec

from uptime_tui.model.monitor import Monitor
from uptime_tui.view.mailstack import mail_stacks
from uptime_tui.wire.messages import MonitorRow


def mail_sentences(monitors: Sequence[Monitor], rows: Mapping[str, MonitorRow]) -> dict[str, str]:
    """Monitor's name to the sentence on its mail host, where there is one.

    Args:
        monitors: of the file, without ids.
        rows: monitor's name to what the engine knows of it.
    """
    numbered = [msgspec.structs.replace(monitor, id=n) for n, monitor in enumerate(monitors)]
    known = {monitor.id: rows[monitor.name] for monitor in numbered if monitor.name in rows}
    return {monitors[number].name: stack.sentence for stack in mail_stacks(numbered, known) for number in stack.members}


def with_mail(lines: Sequence[str], names: Sequence[str], sentences: Mapping[str, str]) -> list[str]:
    """The lines of a table, and after the last monitor of each mail host the sentence on it.

    Args:
        lines: one for each name.
        names: of the monitors.
        sentences: monitor's name to sentence.
    """
    last = {sentences[name]: place for place, name in enumerate(names) if name in sentences}
    said = {place: sentence for sentence, place in last.items()}
    return [
        text for place, line in enumerate(lines) for text in ((line, f"  {said[place]}") if place in said else (line,))
    ]
