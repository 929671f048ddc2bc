"""`list --certificates`: what the servers of the monitors show, as lines for people and as JSON for scripts."""

import asyncio
import time

from uptime_tui.cli import output
from uptime_tui.cli.fleet import ask_fleet
from uptime_tui.config.paths import Home
from uptime_tui.model.certificate import DAY_S, date_text
from uptime_tui.model.errors import UserError
from uptime_tui.model.filter import Filter
from uptime_tui.model.monitor import Monitor
from uptime_tui.view.certificates import DAYS, build_certificates, problem_words
from uptime_tui.view.rows import ViewOptions
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.view.words import days_left
from uptime_tui.wire.messages import CertificateRow


def print_certificates(place: Home, wanted: Filter, *, as_json: bool) -> None:
    """Print the certificates that the running engine knows, the one that ends first on top.

    Args:
        place: whose engine.
        wanted: which monitors.
        as_json: an object a line.

    Raises:
        UserError: no engine runs, so that nobody has looked.
    """
    state = asyncio.run(ask_fleet(place))
    if state is None:
        todo = "uptime-tui start runs one; uptime-tui check --json TARGET looks at one server now"
        raise UserError("no engine runs: certificates are known to an engine that has seen them", todo=todo)
    snapshot = Snapshot()
    snapshot.apply(state)
    now_s = time.time()
    options = ViewOptions(filter=wanted, sort=DAYS, grouped=False, certificates=True)
    lines = []
    for line in build_certificates(snapshot, options, int(now_s * 1000)):
        monitor, row = snapshot.monitors[line.id], snapshot.certificates[line.id]
        if as_json:
            output.json_line(_record(monitor, row, now_s))
        else:
            lines.append(_cells(monitor, row, now_s))
    for text in output.table(lines):
        output.line(text)


def _record(monitor: Monitor, row: CertificateRow, now_s: float) -> dict[str, object]:
    """The contract's JSON."""
    return {
        "name": monitor.name,
        "service": monitor.target.service,
        "host": monitor.target.host,
        "port": monitor.target.port,
        "subject": row.subject,
        "names": row.names,
        "more_names": row.more_names,
        "issuer": row.issuer,
        "not_before": output.iso_text(row.not_before),
        "not_after": output.iso_text(row.not_after),
        "days_left": round((row.not_after - now_s) / DAY_S, 1),
        "protocol": row.protocol,
        "sha256": row.sha256,
        "problems": row.problems,
    }


def _cells(monitor: Monitor, row: CertificateRow, now_s: float) -> tuple[str, ...]:
    """A line for a person."""
    names = ", ".join(row.names) + (f" +{row.more_names}" if row.more_names else "") or row.subject
    problems = ", ".join(problem_words(row, monitor, now_s)) or "–"
    left_s = row.not_after - now_s
    return days_left(left_s), date_text(row.not_after), monitor.name, names, row.issuer, problems
