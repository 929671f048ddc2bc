"""`start`: the engine in the background, to stay."""

import click

from uptime_tui.cli import output
from uptime_tui.cli.options import chosen_home, home_option, json_option


@click.command()
@json_option
@home_option
def command(as_json: bool, home: str | None) -> int:
    """Start the engine in the background; it goes on without a dashboard until `stop`."""
    from uptime_tui.client.spawn import find_or_start, is_running

    place = chosen_home(home)
    before = is_running(place)
    find_or_start(place, keep=True)
    pid = is_running(place)
    if as_json:
        output.json_line({"running": True, "pid": pid, "started": before is None})
    else:
        output.line(f"the engine {'runs already' if before else 'has started'} (pid {pid})")
    return 0
