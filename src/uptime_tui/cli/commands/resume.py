"""`resume`: `paused = false` for monitors in monitors.toml."""

import click

from uptime_tui.cli.edits import pause_all
from uptime_tui.cli.options import home_option, json_option


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@json_option
@home_option
def command(names: tuple[str, ...], as_json: bool, home: str | None) -> int:
    """Resume the monitors called NAME."""
    return pause_all(names, home, paused=False, as_json=as_json)
