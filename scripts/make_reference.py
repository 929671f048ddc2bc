"""Writes docs/reference from the code: commands, services, failure codes, configuration keys, keys of the screen.

`python scripts/make_reference.py` writes; the test suite compares, so that the reference cannot drift.
"""

import ast
import inspect
import itertools
import textwrap
import typing
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from uptime_tui.config.block import format_value

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
    parts = [HEADER, "# Commands\n\n", "Results go to stdout, everything else to stderr. Exit codes of `check`: 0 up, "]
    parts.append("1 degraded, 2 down, 3 unknown; 64 for a fault of the input, 70 for a bug of ours, everywhere.\n")
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
            f"`{s.name}`", s.title, str(s.port or "–"), s.category, s.tls, s.handshake,
            s.exposure, format_duration(s.interval_s), format_duration(s.min_interval_s), s.meaning,
        )
        for s in load_catalogue().services.values()
    ]  # fmt: skip
    head = (
        "scheme",
        "service",
        "port",
        "category",
        "TLS",
        "handshake",
        "exposure",
        "interval",
        "least interval",
        "usually",
    )
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


def keys() -> str:
    """Every key of every screen."""
    from uptime_tui.ui.actions import gather, shown

    parts = [HEADER, "# Keys\n\nLower-case keys are reversible at once, upper-case ones change the configuration.\n"]
    for place, actions in sorted(gather().items()):
        rows = [(" ".join(f"`{shown(key)}`" for key in a.keys), a.label, a.help) for a in actions]
        parts.append(f"\n## {place.replace('_', ' ')}\n\n" + table(("key", "action", "what it does"), rows))
    return "".join(parts)


def meanings_in_source(kind: type) -> dict[str, str]:
    """Docstrings below the fields of a struct that declares no other text."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    body = tree.body[0].body  # type: ignore[attr-defined]
    found = {}
    for node, after in itertools.pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            found[node.target.id] = " ".join(str(after.value.value).split()) if told else ""
    return found


def fields_of(kind: type) -> list[tuple[str, str, str]]:
    """Key, kind of value with its default, and meaning of every field of a struct; none is without a meaning."""
    from uptime_tui.tomlfile.fields import words

    rows, written = [], meanings_in_source(kind)
    hints = typing.get_type_hints(kind, include_extras=True)
    for declared in msgspec.structs.fields(kind):
        hint = hints[declared.name]
        meta = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, msgspec.Meta)), None)
        meaning = meta.description if meta else written.get(declared.name)
        assert meaning, f"{kind.__name__}.{declared.name} says nothing of itself"
        plain = typing.get_type_hints(kind)[declared.name]
        default = declared.default
        if declared.required:
            value = f"{words(plain)}, required"
        elif default in (None, "", (), msgspec.NODEFAULT) or isinstance(default, msgspec.Struct):
            value = words(plain)
        else:
            value = f"{words(plain)}, default `{format_value(default)}`"
        rows.append((f"`{declared.name}`", value, meaning))
    return rows


def service_fields(rows: list[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """The keys of a service as the user writes them: its name is the table's, and some may be left out."""
    from uptime_tui.catalogue.load import LEFT_OUT

    for key, value, meaning in rows:
        usual = LEFT_OUT.get(key.strip("`"))
        if key != "`name`":
            said = f"default `{format_value(usual)}`" if usual else "the table's name when left out"
            yield key, value if usual is None else value.replace("required", said), meaning


def configuration() -> str:
    """Every key of monitors.toml, config.toml and services.d."""
    from uptime_tui.catalogue.service import Service
    from uptime_tui.config import schema
    from uptime_tui.config.settings import Settings

    head = ("key", "value", "meaning")
    parts = [HEADER, "# Configuration\n\n`uptime-tui doctor` names the folders and every mistake with file and line.\n"]
    parts.append("\n## monitors.toml: `[[monitor]]`\n\n" + table(head, fields_of(schema.MonitorTable)))
    for name, kind in schema.TABLES.items():
        parts.append(f"\n## monitors.toml: `[monitor.{name}]`\n\n" + table(head, fields_of(kind)))
    for name, kind in typing.get_type_hints(Settings).items():
        parts.append(f"\n## config.toml: `[{name}]`\n\n" + table(head, fields_of(kind)))
    parts.append(
        "\n## services.d/*.toml: `[name]`\n\nThe table's name is the scheme of a target: `[sip]` makes `sip://`.\n\n"
    )
    parts.append(table(head, list(service_fields(fields_of(Service)))))
    return "".join(parts)


def pages() -> dict[str, str]:
    """File name to text, for every generated page."""
    return {
        "commands.md": commands(),
        "configuration.md": configuration(),
        "failures.md": failures(),
        "keys.md": keys(),
        "services.md": services(),
    }


if __name__ == "__main__":
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, "utf-8")
        print(name)
