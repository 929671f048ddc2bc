"""`doctor`: what this terminal, this host and this configuration mean for the monitor; every fault with its cure."""

import click

from uptime_tui.cli import output
from uptime_tui.cli.examination import Finding, configuration, engine, host, terminal
from uptime_tui.cli.options import chosen_home, home_option, json_option

MARKS = {"ok": "✓", "warning": "!", "error": "✗", "info": "·"}


@click.command()
@json_option
@home_option
def command(as_json: bool, home: str | None) -> int:
    """Examine this terminal, this host and this configuration.

    Exit code: 0 nothing wrong, 1 warnings, 2 something that keeps the monitor from working.
    """
    place = chosen_home(home)
    worst = 0
    for part, findings in (
        ("terminal", terminal()),
        ("host", host()),
        ("configuration", configuration(place)),
        ("engine", engine(place)),
    ):
        if not as_json:
            output.line(part)
        for finding in findings:
            worst = max(worst, {"ok": 0, "info": 0, "warning": 1, "error": 2}[finding.level])
            _show(part, finding, as_json=as_json)
    return worst


def _show(part: str, finding: Finding, *, as_json: bool) -> None:
    if as_json:
        output.json_line({"part": part, **finding._asdict()})
        return
    output.line(f"  {MARKS[finding.level]} {finding.id:<14} {finding.text}")
    if finding.todo:
        output.line(f"    {'':<14} → {finding.todo}")
