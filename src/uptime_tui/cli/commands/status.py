"""`status`: how the engine and the fleet are."""

import time

import click
import msgspec

from uptime_tui.cli import diagnostics, output
from uptime_tui.cli.options import chosen_home, home_option, json_option
from uptime_tui.config.paths import Home
from uptime_tui.model.failure import Status
from uptime_tui.model.units import format_duration
from uptime_tui.wire.messages import StatusReport


@click.command()
@json_option
@home_option
def command(as_json: bool, home: str | None) -> int:
    """Say how the engine is, and how many monitors are up and down.

    Exit code as for `check`, over all monitors that are not paused; 3 when no engine runs.
    """
    from uptime_tui.client.spawn import is_running

    place = chosen_home(home)
    if is_running(place) is None:
        if as_json:
            output.json_line({"running": False})
        else:
            output.line("no engine is running")
        return diagnostics.EXIT_CODES[Status.UNKNOWN]
    import asyncio

    report = asyncio.run(_ask(place))
    if as_json:
        output.json_line({"running": True, **msgspec.to_builtins(report)})
    else:
        for text in _lines(report):
            output.line(text)
    counts = report.counts
    present = [s for s in (Status.DOWN, Status.UNKNOWN, Status.DEGRADED, Status.UP) if getattr(counts, s)]
    return diagnostics.exit_code(present) if present else 0


async def _ask(home: Home) -> StatusReport:
    from uptime_tui.client.session import Session
    from uptime_tui.wire.messages import AskStatus

    session = await Session.connect(home.socket_file, client="status", watch=False)
    try:
        reply = await session.request(AskStatus)
    finally:
        await session.close()
    assert reply.status is not None
    return reply.status


def _lines(report: StatusReport) -> list[str]:
    vitals, counts = report.vitals, report.counts
    age = format_duration(max(1, round(time.time() - vitals.started_ms / 1000)))
    seen = ", ".join(f"{getattr(counts, name)} {name}" for name in counts.__struct_fields__)
    clients = "1 client" if vitals.clients == 1 else f"{vitals.clients} clients"
    lines = [
        f"engine {vitals.version}, pid {vitals.pid}, running for {age}, {clients}, home {vitals.home}",
        f"monitors: {seen}",
        f"probes: {vitals.probes} done, {vitals.in_flight} in flight, {vitals.skipped} skipped",
        f"start lateness: p99 {vitals.lateness_p99_ms:.1f} ms",
        f"memory {vitals.rss_bytes / 1_048_576:.0f} MiB, journal: {vitals.journal_pending} results not yet on disk",
    ]
    lines.extend(f"{notice.level}: {notice.text}" for notice in report.notices)
    lines.extend(f"problem: {name}" for name in report.problems)
    return lines
