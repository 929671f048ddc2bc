"""`list`: the configured monitors, with their present status when the engine runs."""

import asyncio
import time

import click

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.cli import diagnostics, output
from uptime_tui.cli.certificates import print_certificates
from uptime_tui.cli.fleet import ask_fleet
from uptime_tui.cli.options import chosen_home, home_option, json_option
from uptime_tui.config.load import load_monitors, load_settings
from uptime_tui.config.paths import Home
from uptime_tui.model.certificate import DAY_S
from uptime_tui.model.filter import Subject, parse_filter
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.target import format_target
from uptime_tui.wire.messages import MonitorRow


@click.command()
@click.argument("filters", metavar="[FILTER]...", nargs=-1)
@click.option("--certificates", is_flag=True, help="The certificates of their servers, by days left.")
@json_option
@home_option
def command(filters: tuple[str, ...], certificates: bool, as_json: bool, home: str | None) -> int:
    """List monitors; FILTER is the dashboard's (`cat:email state:down`)."""
    place = chosen_home(home)
    catalogue = load_catalogue(place.services_folder)
    loaded = load_monitors(place.monitors_file, catalogue, load_settings(place.config_file).defaults)
    wanted = parse_filter(" ".join(filters))
    if wanted.problem:
        diagnostics.say(wanted.problem)
    if certificates:
        print_certificates(place, wanted, as_json=as_json)
        return 0
    rows = _rows(place)
    shown = []
    for monitor in loaded.monitors:
        target = format_target(monitor.target, schemes=catalogue.schemes)
        row = rows.get(monitor.name)
        if not wanted.matches(_subject(monitor, target, row)):
            continue
        if as_json:
            now = {"status": _status(monitor, row) or None, "slowed": (row.slowed or None) if row is not None else None}
            output.json_line({**output.monitor_json(monitor, target), **now})
        else:
            interval = output.interval_text(monitor)
            shown.append((_status(monitor, row) or "–", monitor.category, monitor.name, target, interval))
    for text in output.table(shown):
        output.line(text)
    for name, row in rows.items():
        if row.slowed and any(name == line[2] for line in shown):
            diagnostics.say(f"{name}: {row.slowed}")
    for problem in loaded.problems:
        diagnostics.say(str(problem))
    return diagnostics.USAGE if loaded.problems else 0


def _status(monitor: Monitor, row: MonitorRow | None) -> str:
    if monitor.paused:
        return "paused"
    return row.status if row is not None else ""


def _subject(monitor: Monitor, target: str, row: MonitorRow | None) -> Subject:
    return Subject(
        name=monitor.name,
        target=target,
        host=monitor.target.host,
        service=monitor.target.service,
        category=monitor.category,
        status=_status(monitor, row),
        suspected=row is not None and row.suspected is not None,
        failure=(row.failure or "") if row is not None else "",
        purpose=monitor.purpose,
        tags=monitor.tags,
        latency_ms=row.latency_ms if row is not None else None,
        cert_days=(row.cert_not_after - time.time()) / DAY_S if row is not None and row.cert_not_after else None,
    )


def _rows(home: Home) -> dict[str, MonitorRow]:
    """Rows of the running engine by monitor name; empty when none runs."""
    state = asyncio.run(ask_fleet(home))
    if state is None:
        return {}
    names = {monitor.id: monitor.name for monitor in state.monitors}
    return {names[row.id]: row for row in state.rows}
