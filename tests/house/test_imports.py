"""What an import loads: the dashboard no probing library, the command line next to nothing, the engine no Textual."""

import subprocess
import sys

import pytest

HEAVY = {"textual", "rich", "asyncssh", "apprise", "cryptography", "dns", "httptools", "psutil", "tomlkit", "tomli_w"}
SELDOM = {"difflib", "html", "importlib.resources", "json", "tempfile", "zipfile"}
"""Of the standard library, and wanted only for an error, a repair or a start: 20 ms of every command otherwise."""

UNUSED = {
    "dataclasses",
    "platformdirs",
    "sqlite3",
    "uptime_tui.config.step",
    "uptime_tui.engine",
    "uptime_tui.tomlfile.locate",
}
"""Not heavy, but not for a probe either: 10 ms together."""


def loaded_by(statement):
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import uptime_tui", HEAVY | {"asyncio", "click", "msgspec"}),
        ("import uptime_tui.__main__", HEAVY | SELDOM | {"asyncio", "click", "msgspec"}),
        ("import uptime_tui.cli.main", HEAVY | SELDOM | {"asyncio", "ssl", "sqlite3", "platformdirs"}),
        ("import uptime_tui.cli.commands.check", HEAVY | SELDOM | UNUSED),
        ("import uptime_tui.cli.commands.list", HEAVY | SELDOM | {"asyncio", "ssl", "sqlite3", "platformdirs"}),
        ("import uptime_tui.cli.commands.status", HEAVY | SELDOM | {"asyncio", "ssl", "sqlite3", "platformdirs"}),
        ("import uptime_tui.cli.commands.lint", HEAVY | SELDOM | {"asyncio", "ssl", "sqlite3", "platformdirs"}),
        ("import uptime_tui.vantage.local", HEAVY | SELDOM | {"sqlite3"}),
        ("import uptime_tui.engine.main", {"textual", "rich", "asyncssh", "apprise", "click"}),
        (
            "import uptime_tui.ui.run, uptime_tui.config.settings",
            {
                "uptime_tui.config.draft",
                "uptime_tui.resolve",
                "dns",
                "cryptography",
                "httptools",
                "asyncssh",
                "tomlkit",
                "sqlite3",
                "markdown_it",
            },
        ),
        ("import uptime_tui.client.session, uptime_tui.client.spawn", HEAVY | SELDOM | {"sqlite3"}),
        (
            "import uptime_tui.view.rows, uptime_tui.view.panel, uptime_tui.model.status",
            HEAVY | {"asyncio", "ssl", "sqlite3"},
        ),
    ],
)
def test_an_import_loads_only_what_it_needs(statement, forbidden):
    assert loaded_by(statement) & forbidden == set()


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        # it fails: what puts the causes in order is loaded, and nothing that sends or parses
        (["check", "tcp://127.0.0.1:1"], HEAVY | SELDOM | UNUSED - {"dataclasses"}),
        (["list"], HEAVY | SELDOM | {"asyncio", "ssl", "sqlite3", "platformdirs"}),
        (["status"], HEAVY | SELDOM | {"asyncio", "ssl", "sqlite3", "platformdirs"}),
    ],
)
def test_a_command_loads_only_what_it_needs(arguments, forbidden, tmp_path, monkeypatch):
    """To its end, so that nothing creeps back by an import in a function; and without a running engine."""
    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path))
    run = f"from uptime_tui.cli.main import run\nrun({arguments!r})\nprint()"
    assert loaded_by(run) & forbidden == set()


def test_a_command_finds_the_platforms_folders_alone(tmp_path, monkeypatch):
    for name in ("UPTIME_TUI_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    run = "from uptime_tui.cli.main import run\nrun(['check', 'tcp://127.0.0.1:1'])\nprint()"
    assert loaded_by(run) & {"platformdirs", "tempfile"} == set()


def test_what_was_imported_is_frozen_and_the_collector_runs_again():
    code = "import gc\nfrom uptime_tui.loading import loading\nwith loading():\n    print(gc.isenabled())\nprint(gc.isenabled(), gc.get_freeze_count() > 1000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "True", "True"]
