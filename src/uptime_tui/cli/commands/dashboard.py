"""The dashboard: what runs when no command is named."""

import click

from uptime_tui.cli.options import chosen_home, home_option


@click.command()
@home_option
def command(home: str | None) -> int:
    """Open the dashboard; attach to the running engine or start one."""
    from uptime_tui.ui.run import run_dashboard

    return run_dashboard(chosen_home(home))
