"""`list`: the configured monitors, with their present status when the engine runs."""

import time
from typing import NamedTuple

import click

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.cli import diagnostics, output
from uptime_tui.cli.fleet import known_rows
from uptime_tui.cli.mail import mail_sentences, with_mail
from uptime_tui.cli.options import chosen_home, home_option, json_option
from uptime_tui.config.load import load_monitors
from uptime_tui.config.settings import load_settings
from uptime_tui.model.filter import Filter, parse_filter, searchable
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
        return diagnostics.usage(f"FILTER: {wanted.problem}")
    if certificates:
        from uptime_tui.cli.certificates import print_certificates

        print_certificates(place, wanted, as_json=as_json)
        return 0
    rows = known_rows(place)
    listed = [
        _listed(monitor, format_target(monitor.target, schemes=catalogue.schemes), rows.get(monitor.name))
        for monitor in loaded.monitors
    ]
    mail = mail_sentences(loaded.monitors, rows) if rows else {}
    shown = []
    chosen = wanted.select(listed, time.time())
    for one in chosen:
        monitor = one.monitor
        if as_json:
            now = {"status": one.status or None, "slowed": one.slowed or None, "mail": mail.get(monitor.name)}
            output.json_line({**output.monitor_json(monitor, one.target), **now})
        else:
            interval = output.interval_text(monitor)
            shown.append((one.status or "–", monitor.category, monitor.name, one.target, interval))
    for text in with_mail(output.table(shown), [name for _, _, name, *_ in shown], mail):
        output.line(text)
    for one in chosen if not as_json else ():
        if one.slowed:
            diagnostics.say(f"{one.monitor.name}: {one.slowed}")
    if not chosen and not loaded.problems:
        diagnostics.say(_nothing(wanted, configured=bool(loaded.monitors), watched=bool(rows)))
    for problem in loaded.problems:
        diagnostics.say(str(problem))
    return diagnostics.USAGE if loaded.problems else 0


def _nothing(wanted: Filter, *, configured: bool, watched: bool) -> str:
    """Why there is no line, so that silence is not taken for health."""
    if not configured:
        return "no monitor is configured yet (uptime-tui add TARGET)"
    unknown = "" if watched else "; no engine runs, so that their states are not known (uptime-tui start)"
    return f"no monitor matches {wanted.text[:80]!r}{unknown}"


class _Listed(NamedTuple):
    """A monitor's line, and what the filter asks of it."""

    monitor: Monitor
    target: str
    status: str
    """Empty where no engine knows."""
    text: str
    host: str
    service: str
    category: str
    tags: tuple[str, ...]
    suspected: bool = False
    failure: str = ""
    latency_ms: float | None = None
    cert_not_after: int | None = None
    slowed: str = ""
    """Why it is probed less often than its interval says."""


def _listed(monitor: Monitor, target: str, row: MonitorRow | None) -> _Listed:
    known = _Listed(
        monitor,
        target,
        status="paused" if monitor.paused else "",
        text=searchable(monitor.name, target, monitor.purpose, monitor.tags),
        host=monitor.target.host,
        service=monitor.target.service,
        category=monitor.category,
        tags=monitor.tags,
    )
    if row is None:
        return known
    return known._replace(
        status=known.status or row.status,
        suspected=row.suspected is not None,
        failure=row.suspected or row.failure or "",
        latency_ms=row.latency_ms,
        cert_not_after=row.cert_not_after,
        slowed=row.slowed,
    )
