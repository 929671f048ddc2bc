"""`add`: new monitors, written to monitors.toml."""

import click

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.cli import output
from uptime_tui.cli.options import chosen_home, home_option, json_option
from uptime_tui.config.edit import MonitorsFile
from uptime_tui.config.load import draft_from_table, load_monitors
from uptime_tui.config.paths import make_folders
from uptime_tui.config.settings import load_settings
from uptime_tui.model.errors import UserError
from uptime_tui.model.target import format_target


@click.command()
@click.argument("target")
@click.option("--name", metavar="NAME", help="Unique name; made from the target when left out.")
@click.option("--category", metavar="NAME", help="From the catalogue when left out.")
@click.option("--purpose", metavar="TEXT", help="What this port is for.")
@click.option("--interval", metavar="TIME", help="Time between probes (30s, 5m).")
@click.option("--timeout", metavar="TIME", help="Whole time of each probe.")
@click.option("--confirmations", type=int, metavar="N", help="Failures in a row that confirm one.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A label; may be given more than once.")
@click.option("--expect", type=click.Choice(["closed"]), help="closed: the port must not answer.")
@click.option("--runbook", metavar="TEXT", help="A link or a line shown when it fails.")
@json_option
@home_option
def command(target: str, as_json: bool, home: str | None, **given: object) -> int:
    """Add a monitor for TARGET. A running engine starts to watch it within a second."""
    place = chosen_home(home)
    catalogue = load_catalogue(place.services_folder)
    table: dict[str, object] = {
        "name": "",
        "target": target,
        **{key: value for key, value in given.items() if value or value == 0},
    }
    table = {key: list(value) if isinstance(value, tuple) else value for key, value in table.items()}
    table["name"] = table["name"] or "new"
    defaults = load_settings(place.config_file).defaults
    draft = draft_from_table(table, catalogue, where="add", defaults=defaults)
    loaded = load_monitors(place.monitors_file, catalogue, defaults)
    if loaded.problems:
        problem = loaded.problems[0]
        raise UserError(problem.what, where=problem.where, todo=problem.todo or "correct the file first")
    taken = {m.name for m in loaded.monitors}
    table["target"] = format_target(draft.target, schemes=catalogue.schemes)
    table["name"] = given["name"] or free_name(f"{draft.target.host} {draft.target.service}", taken)
    draft = draft_from_table(table, catalogue, where="add", defaults=defaults)
    make_folders(place)
    MonitorsFile(place.monitors_file, place.undo_file).add([table])
    if as_json:
        output.json_line(output.monitor_json(draft, str(table["target"])))
    else:
        output.line(f"added {draft.name} ({table['target']}, {draft.category}, every {output.interval_text(draft)})")
    return 0


def free_name(wanted: str, taken: set[str]) -> str:
    """The wanted name, or the first of `wanted 2`, `wanted 3`… that nobody has."""
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted} {number}" in taken:
        number += 1
    return f"{wanted} {number}"
