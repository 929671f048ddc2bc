"""`diagnose`: one probe, then the search for its cause."""

import asyncio
import time

import click
import msgspec

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.cli import diagnostics, findings, output
from uptime_tui.cli.advice import advise
from uptime_tui.cli.fleet import known_fleet
from uptime_tui.cli.options import DurationType, HostType, chosen_home, home_option, json_option, vantage_option
from uptime_tui.cli.targets import find_monitors
from uptime_tui.config.load import load_monitors
from uptime_tui.config.settings import load_settings
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.loading import loading

_INCIDENT = "Send nothing: explain its newest (1) or an earlier incident anew, from the evidence that was kept."


@click.command()
@click.argument("target", metavar="TARGET")
@json_option
@click.option("--markdown", is_flag=True, help="The report for a ticket.")
@click.option("--timeout", type=DurationType(), metavar="TIME", help="Whole time of the probe (5s, 500ms).")
@click.option("--mail-domain", type=HostType(), metavar="NAME", help="Audit this domain with the mail server.")
@click.option("--incident", type=click.IntRange(min=1), metavar="N", help=_INCIDENT)
@vantage_option
@home_option
def command(
    target: str, as_json: bool, markdown: bool, timeout: float | None, mail_domain: str | None, incident: int | None,
    home: str | None,
) -> int:  # fmt: skip
    """Probe TARGET, gather evidence until the cause has a name, say what to check next.

    Takes at most 5 seconds and 30 packets after the probe; of a mail server the records of its domain are
    audited as well, in at most 10 seconds and 80 packets to the name servers. Exit code as of `check`.
    """
    if incident is not None and (timeout is not None or mail_domain is not None):
        raise click.UsageError("--incident sends nothing: --timeout and --mail-domain do not go with it")
    place = chosen_home(home)
    catalogue = load_catalogue(place.services_folder)
    settings = load_settings(place.config_file)
    (monitor,) = find_monitors((target,), place, catalogue, settings.defaults)
    if mail_domain is not None:
        monitor = msgspec.structs.replace(monitor, mail_domain=mail_domain)
    if timeout is not None:
        monitor = msgspec.structs.replace(monitor, timeout_s=timeout)
    knowledge = load_knowledge(place.runbooks_folder)
    others = load_monitors(place.monitors_file, catalogue, settings.defaults).monitors
    fleet = known_fleet(place)

    with loading():
        from uptime_tui.cli.diagnosing import diagnose
        from uptime_tui.cli.recalling import replay

    if incident is not None:
        found = replay(place.journal_file, monitor, incident, knowledge, catalogue)
    else:
        service = catalogue.get(monitor.target.service)
        found = asyncio.run(
            diagnose(monitor, service, others, fleet, settings, lambda m, r: advise(knowledge, catalogue, m, r))
        )
    if as_json:
        output.json_line(findings.diagnosis_json(target, monitor, found, now_s=time.time()))
    else:
        shown = findings.diagnosis_text(target, found, ascii_wanted=settings.ui.ascii)
        for text in findings.report(monitor, found) if markdown else shown:
            output.line(text)
    return diagnostics.exit_code([found.failed.status])
