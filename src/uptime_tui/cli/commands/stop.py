"""`stop`: end the engine; everything measured is on disk before it goes."""

import click

from uptime_tui.cli import output
from uptime_tui.cli.options import chosen_home, home_option, json_option


@click.command()
@json_option
@home_option
def command(as_json: bool, home: str | None) -> int:
    """Stop the engine."""
    from uptime_tui.client.spawn import stop

    stopped = stop(chosen_home(home))
    if as_json:
        output.json_line({"running": False, "stopped": stopped})
    else:
        output.line("the engine has stopped" if stopped else "no engine was running")
    return 0
