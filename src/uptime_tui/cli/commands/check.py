"""`check`: one probe of each target, now, without the engine."""

import asyncio
import time
from functools import partial

import click
import msgspec

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.cli import diagnostics, output
from uptime_tui.cli.advice import advise
from uptime_tui.cli.options import DurationType, chosen_home, home_option, json_option, vantage_option
from uptime_tui.cli.probing import probe_all
from uptime_tui.cli.targets import find_monitors
from uptime_tui.config.settings import load_settings
from uptime_tui.knowledge.entry import Hints
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Result


@click.command()
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@json_option
@click.option("--timeout", type=DurationType(), metavar="TIME", help="Whole time of each probe (5s, 500ms).")
@vantage_option
@home_option
def command(targets: tuple[str, ...], as_json: bool, timeout: float | None, home: str | None) -> int:
    """Probe each TARGET once.

    Exit code: 0 all up, 1 degraded, 2 down, 3 unknown (the worst of all targets); 64 for a target that makes
    no sense, and then nothing is probed.
    """
    place = chosen_home(home)
    catalogue = load_catalogue(place.services_folder)
    settings = load_settings(place.config_file)
    monitors = [_with_timeout(m, timeout) for m in find_monitors(targets, place, catalogue, settings.defaults)]
    knowledge = load_knowledge(place.runbooks_folder)

    def show(target: str, monitor: Monitor, result: Result, hints: Hints | None) -> None:
        if as_json:
            service = monitor.target.service
            output.json_line(output.result_json(target, service, result, hints, now_s=time.time()))
        else:
            for text in output.result_lines(target, result, hints):
                output.line(text)

    known = partial(advise, knowledge, catalogue)
    statuses = asyncio.run(probe_all(targets, monitors, catalogue, settings, known, show))
    return diagnostics.exit_code(statuses)


def _with_timeout(monitor: Monitor, timeout: float | None) -> Monitor:
    return monitor if timeout is None else msgspec.structs.replace(monitor, timeout_s=timeout)
