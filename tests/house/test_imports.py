"""What an import loads: the dashboard no probing library, the command line next to nothing, the engine no Textual."""

import subprocess
import sys

import pytest

HEAVY = {"textual", "rich", "asyncssh", "apprise", "cryptography", "dns", "httptools", "psutil", "tomlkit", "tomli_w"}


def loaded_by(statement):
    code = f"{statement}\nimport sys\nprint('\\n'.join(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import uptime_tui", HEAVY | {"asyncio", "click", "msgspec"}),
        ("import uptime_tui.cli.main", HEAVY | {"asyncio", "ssl", "sqlite3", "platformdirs"}),
        ("import uptime_tui.cli.commands.check", HEAVY | {"sqlite3"}),
        ("import uptime_tui.vantage.local", HEAVY | {"sqlite3"}),
        ("import uptime_tui.engine.main", {"textual", "rich", "asyncssh", "apprise", "click"}),
        (
            "import uptime_tui.ui.app",
            {"dns", "cryptography", "httptools", "asyncssh", "tomlkit", "sqlite3", "markdown_it"},
        ),
        ("import uptime_tui.client.session, uptime_tui.client.spawn", HEAVY | {"sqlite3"}),
        (
            "import uptime_tui.view.rows, uptime_tui.view.panel, uptime_tui.model.status",
            HEAVY | {"asyncio", "ssl", "sqlite3"},
        ),
    ],
)
def test_an_import_loads_only_what_it_needs(statement, forbidden):
    assert loaded_by(statement) & forbidden == set()
