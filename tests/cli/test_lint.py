"""`lint` as a script sees it: lines, JSON, exit codes, with and without an engine."""

import json

import pytest
from click.testing import CliRunner

from support.fake_engine import FakeEngine
from support.fleets import monitor, row
from uptime_tui.cli.main import run

GOOD = '[[monitor]]\nname = "shop"\ntarget = "https://shop.example.net"\npurpose = "the shop"\n'
BARE = '\n# why\n[[monitor]]\nname = "db"\ntarget = "tcp://db.example.net:3306"\npurpose = "x"\n'
NO_PURPOSE = '\n[[monitor]]\nname = "gate"\ntarget = "ssh://gate.example.net"\n'
CACHE = '[[monitor]]\nname = "cache"\ntarget = "redis://cache.example.net"\npurpose = "x"\n'


def lint(capsys, home, text, *arguments):
    (home / "monitors.toml").write_text(text)
    code = run(["lint", "--home", str(home), *arguments])
    told = capsys.readouterr()
    return code, told.out.splitlines(), told.err


@pytest.mark.parametrize(
    ("text", "arguments", "code", "rules"),
    [
        (GOOD, [], 0, ["single-vantage"]),
        (GOOD, ["--level", "warning"], 0, []),
        (GOOD + NO_PURPOSE, [], 1, ["single-vantage", "purpose-missing"]),
        (GOOD + NO_PURPOSE, ["--level", "error"], 0, []),
        (GOOD + BARE + NO_PURPOSE, ["--level", "warning"], 2, ["bare-mysql", "purpose-missing"]),
        ("", [], 0, []),
    ],
)
def test_the_exit_code_is_the_worst_that_is_shown(capsys, tmp_path, text, arguments, code, rules):
    done, lines, err = lint(capsys, tmp_path, text, *arguments, "--json")
    assert (done, [json.loads(line)["rule"] for line in lines], err) == (code, rules, "")


def test_a_rule_of_the_whole_fleet_can_be_ignored(capsys, tmp_path):
    (tmp_path / "config.toml").write_text('[lint]\nignore = ["single-vantage", "purpose-missing"]\n')
    assert lint(capsys, tmp_path, GOOD + NO_PURPOSE) == (0, [], "")


def test_a_line_for_people_begins_as_a_compilers(capsys, tmp_path):
    _, lines, _ = lint(capsys, tmp_path, GOOD + BARE, "--level", "warning")
    assert lines[0].startswith("monitors.toml:7: db: bare-mysql (error): each bare connect to port 3306 counts")


def test_an_object_has_the_change_that_mends_it(capsys, tmp_path):
    _, lines, _ = lint(capsys, tmp_path, GOOD + BARE, "--level", "error", "--json")
    found = json.loads(lines[0])
    assert set(found) == {"rule", "level", "monitor", "file", "line", "key", "text", "why", "fix", "changes", "adds"}
    assert (found["monitor"], found["file"], found["line"], found["key"]) == ("db", "monitors.toml", 7, "target")
    assert found["changes"] == {"target": "mysql://db.example.net:3306"}


@pytest.mark.parametrize("text", ["[[monitor]]\n", GOOD + "x = 1\n", GOOD + 'lint_ignore = ["nothing"]\n'])
def test_a_file_that_is_wrong_is_64(capsys, tmp_path, text):
    code, lines, err = lint(capsys, tmp_path, text)
    assert (code, lines) == (64, [])
    assert "monitors.toml:" in err


def test_a_level_that_is_none_is_64(tmp_path):
    assert run(["lint", "--home", str(tmp_path), "--level", "loud"]) == 64


def test_without_an_engine_it_says_what_was_not_judged(capsys, tmp_path):
    code, lines, err = lint(capsys, tmp_path, CACHE, "--level", "warning")
    assert (code, lines) == (0, [])
    assert err == "uptime-tui: exposure not judged, because no engine runs: cache\n"


def test_a_running_engine_is_asked_what_it_saw(tmp_path):
    watched = monitor(1, "cache", target=("redis", "cache.example.net", 6379), purpose="x")
    (tmp_path / "monitors.toml").write_text(CACHE)
    from uptime_tui.cli.commands.lint import command

    with FakeEngine(tmp_path, [watched], [row(1, "up", address="8.8.8.8")]):
        done = CliRunner().invoke(command, ["--level", "error", "--home", str(tmp_path)], standalone_mode=False)
    assert done.stdout.startswith(
        "monitors.toml:1: cache: exposed (error): Redis answers at the public address 8.8.8.8"
    )
    assert done.stderr == ""
