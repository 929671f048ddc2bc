"""Writes docs/reference from the code: commands, services, failure codes, configuration keys, keys of the screen.

`python scripts/make_reference.py` writes; the test suite compares, so that the reference cannot drift.
"""

from pathlib import Path

import click

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
HEADER = "<!-- written by scripts/make_reference.py: change the code, not this file -->\n\n"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A markdown table; pipes in cells are escaped."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def commands() -> str:
    """Every command with its arguments, options and text."""
    from uptime_tui.cli.main import root

    context = click.Context(root, info_name="uptime-tui")
    parts = [HEADER, "# Commands\n\n", "Results go to stdout, everything else to stderr. Exit codes of `check`: 0 up, 1 degraded, "]
    parts.append("2 down, 3 unknown; 64 for a fault of the input, 70 for a bug of ours, everywhere.\n")
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        own = click.Context(command, info_name=name, parent=context)
        usage = " ".join(["uptime-tui", name, *command.collect_usage_pieces(own)])
        parts.append(f"\n## `{name}`\n\n```\n{usage}\n```\n\n")
        parts.append(" ".join((command.help or "").split("\n\n")[0].split()) + "\n")
        parts.extend(f"\n{' '.join(text.split())}\n" for text in (command.help or "").split("\n\n")[1:])
        options = [p for p in command.params if isinstance(p, click.Option)]
        rows = [
            (f"`{', '.join((*o.opts, *o.secondary_opts))}{f' {o.metavar}' if o.metavar else ''}`", o.help or "")
            for o in options
        ]
        parts.append("\n" + table(("option", "meaning"), rows))
    return "".join(parts)


def services() -> str:
    """Every service of the catalogue."""
    from uptime_tui.catalogue.load import load_catalogue
    from uptime_tui.model.units import format_duration

    rows = [
        (
            f"`{s.name}`", s.title, str(s.port or "–"), s.category, s.tls, s.handshake if not s.not_yet else "not yet",
            s.exposure, format_duration(s.interval_s), format_duration(s.min_interval_s), s.meaning,
        )
        for s in load_catalogue().services.values()
    ]  # fmt: skip
    head = ("scheme", "service", "port", "category", "TLS", "handshake", "exposure", "interval", "at most every", "usually")
    return HEADER + "# Services\n\n" + table(head, rows)


def failures() -> str:
    """Every failure code with its phase, status, whether one probe confirms it, and its meaning."""
    from uptime_tui.knowledge.load import load_knowledge
    from uptime_tui.model.failure import FACTS

    knowledge = load_knowledge()
    rows = []
    for failure, facts in FACTS.items():
        meaning = knowledge.entry(failure).meaning
        confirmed = "at once" if facts.deterministic else "3 in a row"
        rows.append((f"`{failure}`", facts.phase or "–", facts.status, facts.side, confirmed, facts.title, meaning))
    head = ("code", "phase", "status", "side", "confirmed", "on the row", "meaning")
    return HEADER + "# Failure codes\n\n" + table(head, rows)


def pages() -> dict[str, str]:
    """File name to text, for every generated page."""
    return {"commands.md": commands(), "services.md": services(), "failures.md": failures()}


if __name__ == "__main__":
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, "utf-8")
        print(name)
