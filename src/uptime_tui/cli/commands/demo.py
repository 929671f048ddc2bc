"""`demo`: the dashboard on the built-in lab: a small hosting company on this machine's loopback."""

import shutil
import tempfile
from pathlib import Path

import click

from uptime_tui.cli import diagnostics
from uptime_tui.cli.laboratory import running_lab
from uptime_tui.config.paths import Home, find_home


@click.command()
@click.option("--static", is_flag=True, help="No changes while you watch: every server stays as it is.")
@click.option("--home", metavar="DIR", help="Keep the demo's files in DIR (a new or empty folder).")
def command(static: bool, home: str | None) -> int:
    """Open the dashboard on real servers in every state: up, slow, refused, expired, flapping and more.

    Needs no network and no root; everything ends with the dashboard, and nothing is left behind.
    """
    from uptime_tui.ui.run import run_dashboard

    folder = Path(home) if home else Path(tempfile.mkdtemp(prefix="uptime-tui-demo-"))
    diagnostics.say("starting the lab on 127.0.0.1 …")
    try:
        with running_lab(folder, static=static, temporary=not home):
            place = find_home(str(folder), {})
            try:
                return run_dashboard(place)
            finally:
                _stop_engine(place)
    finally:
        if not home:
            shutil.rmtree(folder, ignore_errors=True)


def _stop_engine(place: Home) -> None:
    from uptime_tui.client.spawn import stop

    stop(place)
