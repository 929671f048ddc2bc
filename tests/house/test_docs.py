"""The documents are true: every command, service, failure code, configuration key and key of the screen is in them."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.model.failure import Failure

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def text(*parts):
    return ROOT.joinpath(*parts).read_text("utf-8")


def test_readme_has_two_commands_first():
    block = re.search(r"```(?:sh|bash)?\n(.*?)```", text("README.md"), re.DOTALL)
    assert block
    commands = [line for line in block[1].splitlines() if line.strip() and not line.startswith("#")]
    assert len(commands) == 2
    assert "demo" in commands[0]
    assert "pytest" in commands[1]
    assert all("venv" in line for line in commands)
    # a fresh machine may have no sudo (root's), and knows no packages before it is updated
    fresh = {"PATH": "/nowhere"}
    for line in commands:
        first = line.partition(" && python3 -m venv")[0].replace("apt-get", "echo apt-get")
        done = subprocess.run(
            ["/bin/sh", "-c", f'sh() {{ /bin/sh "$@"; }}\n{first}'],
            check=False,
            env=fresh,
            capture_output=True,
            text=True,
        )
        assert done.stdout == "apt-get update\napt-get install -y python3-venv\n", done.stderr
        assert done.stderr == ""


def test_readme_is_short_and_its_links_exist():
    page = text("README.md")
    assert len(page.splitlines()) < 200
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("page", sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")))
def test_links_of_the_docs_exist(page):
    path = ROOT / page
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
        assert (path.parent / link).exists(), link


def test_every_command_is_in_the_reference():
    page = text("docs", "reference", "commands.md")
    for path in (ROOT / "src/uptime_tui/cli/commands").glob("*.py"):
        if path.stem not in {"__init__", "dashboard"}:
            assert f"## `{path.stem}`" in page


def test_every_failure_code_and_service_is_in_the_reference():
    failures = text("docs", "reference", "failures.md")
    assert all(f"`{failure}`" in failures for failure in Failure)
    services = text("docs", "reference", "services.md")
    assert all(f"`{name}`" in services for name in load_catalogue().services)


def test_every_lint_rule_is_in_its_guide_and_no_other():
    from uptime_tui.lint.audit import rule_ids

    assert (
        tuple(sorted(re.findall(r"^\| `([a-z-]+)` \|", text("docs", "guides", "lint.md"), re.MULTILINE))) == rule_ids()
    )


def reference_script():
    import importlib.util

    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "scripts" / "make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_says_what_a_service_of_ones_own_must_have(tmp_path):
    from uptime_tui.catalogue.load import load_catalogue

    _, _, page = reference_script().configuration().partition("## services.d/")
    keys = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page, re.MULTILINE))
    required = [key for key, value in keys.items() if "required" in value]
    (tmp_path / "own.toml").write_text("[sip]\n" + "".join(f'{key} = "x"\n' for key in required))
    assert load_catalogue(tmp_path).get("sip").handshake == "tcp"
    assert "name" not in keys


def test_the_reference_is_up_to_date():
    for name, page in reference_script().pages().items():
        assert (REFERENCE / name).read_text("utf-8") == page, f"run scripts/make_reference.py: {name} is stale"


def test_the_version_is_in_the_changelog():
    from uptime_tui import __version__

    assert f"## [{__version__}]" in text("CHANGELOG.md")


def test_package_declares_what_it_imports():
    project = tomllib.loads(text("pyproject.toml"))["project"]
    declared = {re.split(r"[<>=\[]", name)[0].lower().replace("-", "_") for name in project["dependencies"]}
    names = {"dns": "dnspython"}
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for module in re.findall(r"^\s*(?:from|import) ([a-z_0-9]+)", path.read_text("utf-8"), re.MULTILINE):
            if module in {"textual", "rich", "dns", "platformdirs", "tomli_w", "tomlkit", "msgspec", "click", "httptools",
                          "cryptography", "psutil", "asyncssh", "apprise"}:  # fmt: skip
                found.add(names.get(module, module))
    assert found == declared


@pytest.mark.parametrize("page", ["first-monitor.md", "http.md", "lint.md", "sftp.md"])
def test_monitors_of_the_guides_are_read_as_they_stand(page):
    from uptime_tui.config.draft import read_draft
    from uptime_tui.config.schema import Defaults

    blocks = re.findall(r"```toml\n(.*?)```", text("docs", "guides", page), re.DOTALL)
    tables = [table for block in blocks for table in tomllib.loads(block)["monitor"]]
    assert tables
    for table in tables:
        monitor, faults = read_draft(table, load_catalogue(), Defaults())
        assert not faults, (table["name"], faults)
        assert monitor is not None
