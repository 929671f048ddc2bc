"""`engine`: the engine in the foreground, for systemd and for debugging."""

import os

import click

from uptime_tui.cli.options import chosen_home, home_option


@click.command()
@click.option("--keep/--no-keep", default=True, help="Go on without clients (default), or end with the last one.")
@home_option
def command(keep: bool, home: str | None) -> int:
    """Run the engine in the foreground until SIGTERM."""
    from uptime_tui.engine.main import run_engine

    os.umask(0o077)  # log, journal and lock are this user's alone, whatever the shell or the unit says
    run_engine(chosen_home(home), keep=keep)
