"""`lint`: what the monitors leave unwatched, badly watched, or open to the world."""

import click

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.cli import diagnostics, output
from uptime_tui.cli.fleet import known_rows
from uptime_tui.cli.options import chosen_home, home_option, json_option
from uptime_tui.config.load import load_monitors, monitor_lines
from uptime_tui.config.settings import load_settings
from uptime_tui.lint.audit import LEVELS, Finding, audit
from uptime_tui.lint.rule import Fleet
from uptime_tui.lint.rules.exposed import unjudged

_CODES = {"error": 2, "warning": 1, "info": 0}


@click.command()
@click.option("--level", type=click.Choice(LEVELS), default="info", show_default=True, help="Leave out what is less.")
@json_option
@home_option
def command(level: str, as_json: bool, home: str | None) -> int:
    """Judge the monitors by best practice. No packet is sent; a running engine is asked what it saw.

    Exit code: 0 nothing, or only what is good to know; 1 warnings; 2 errors; 64 when the file itself is wrong.
    """
    place = chosen_home(home)
    catalogue = load_catalogue(place.services_folder)
    settings = load_settings(place.config_file)
    loaded = load_monitors(place.monitors_file, catalogue, settings.defaults)
    if loaded.problems:
        for problem in loaded.problems:
            diagnostics.say(str(problem))
        return diagnostics.USAGE
    fleet = Fleet(loaded.monitors, catalogue.services, known_rows(place) or None, settings.lint.ignore)
    file, lines = place.monitors_file.name, monitor_lines(place.monitors_file)
    shown = [each for each in audit(fleet) if LEVELS.index(each.level) <= LEVELS.index(level)]
    shown.sort(key=lambda each: lines.get(each.found.monitor, 0))
    for each in shown:
        line = lines.get(each.found.monitor)
        if as_json:
            output.json_line(_object(each, file, line))
        else:
            output.line(_text(each, file, line))
    waiting = unjudged(fleet)
    if waiting:
        more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
        diagnostics.say(f"exposure not judged, because no engine runs: {', '.join(waiting[:3])}{more}")
    return max((_CODES[each.level] for each in shown), default=0)


def _text(each: Finding, file: str, line: int | None) -> str:
    """`monitors.toml:12: mx1 smtp: purpose-missing (warning): …`."""
    found = each.found
    where = f"{file}:{line}: {found.monitor}" if line else file
    return f"{where}: {each.rule} ({each.level}): {found.text}. {each.fix}"


def _object(each: Finding, file: str, line: int | None) -> dict[str, object]:
    found = each.found
    return {
        "rule": each.rule,
        "level": each.level,
        "monitor": found.monitor or None,
        "file": file,
        "line": line,
        "key": found.key or None,
        "text": found.text,
        "why": each.why,
        "fix": each.fix,
        "changes": found.changes,
        "adds": found.adds,
    }
