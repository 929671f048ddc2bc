"""`rm`: monitors deleted from monitors.toml; their history stays, and `u` in the dashboard brings them back."""

import click

from uptime_tui.cli.edits import change
from uptime_tui.cli.options import home_option, json_option


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@json_option
@home_option
def command(names: tuple[str, ...], as_json: bool, home: str | None) -> int:
    """Delete the monitors called NAME."""
    return change(names, home, "removed", lambda file: file.delete(list(names)), as_json=as_json)
