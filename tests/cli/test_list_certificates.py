"""`list --certificates` against a scripted engine."""

import json
import time

import pytest
from click.testing import CliRunner

from support.fake_engine import FakeEngine, make_fleet
from support.fleets import certificate_row
from uptime_tui.cli.commands.list import command
from uptime_tui.model.errors import UserError


@pytest.fixture
def engine(tmp_path):
    monitors, rows = make_fleet(30)
    with FakeEngine(tmp_path, monitors, rows) as running:
        now_ms = int(time.time() * 1000)
        made = (
            certificate_row(6, 60.5, now_ms),
            certificate_row(12, 5.25, now_ms, problems=("tls_expiring",), more_names=3),
            certificate_row(18, -2.5, now_ms, problems=("tls_expired",), issuer="Old CA"),
        )
        running.certificates = {row.id: row for row in made}
        yield running


def listed(engine, *arguments):
    done = CliRunner().invoke(
        command, [*arguments, "--home", str(engine.home.config)], catch_exceptions=False, standalone_mode=False
    )
    return done.stdout.splitlines()


def test_lines_for_people(engine):
    lines = listed(engine, "--certificates")
    assert [line.split()[0] for line in lines] == ["-2d", "5d", "60d"]
    assert lines[0].endswith("Old CA             expired")
    assert "host12.example.net +3" in lines[1]
    assert lines[2].endswith("–")


def test_json_for_scripts(engine):
    first, second, third = (json.loads(line) for line in listed(engine, "--certificates", "--json"))
    assert set(first) == {
        "name", "service", "host", "port", "subject", "names", "more_names", "issuer", "not_before", "not_after", "days_left",
        "protocol", "sha256", "problems",
    }  # fmt: skip
    assert (first["days_left"], first["problems"]) == (-2.5, ["tls_expired"])
    assert (second["name"], second["days_left"], second["sha256"]) == ("https-0012", 5.2, f"{12:064x}")
    assert third["not_after"].endswith("Z")


def test_the_filter_holds(engine):
    assert [line.split()[2] for line in listed(engine, "--certificates", "h12.")] == ["https-0012"]


def test_without_an_engine_it_says_what_to_do(tmp_path):
    (tmp_path / "monitors.toml").write_text("")
    with pytest.raises(UserError, match="no engine runs"):
        CliRunner().invoke(
            command, ["--certificates", "--home", str(tmp_path)], catch_exceptions=False, standalone_mode=False
        )
