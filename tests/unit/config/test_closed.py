"""`expect = "closed"`: read, refused where it makes no sense, and edited back and forth without harm to the rest."""

import tomllib

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.edit import MonitorsFile
from uptime_tui.config.form import applies, fields, nested, shown
from uptime_tui.config.schema import Defaults

CATALOGUE = load_catalogue()
BY_KEY = {field.key: field for field in fields()}


def read(**table):
    return read_draft({"name": "db", "target": "mysql://db.example.net", **table}, CATALOGUE, Defaults())


def test_it_is_read():
    monitor, faults = read(expect="closed")
    assert faults == []
    assert monitor.expect.closed
    assert not read(expect={"slow": "2s"})[0].expect.closed


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"expect": "open"}, 'expect must be a table or closed write expect = "closed"'),
        ({"expect": 5}, "expect must be a table or closed"),
        ({"expect": {"slwo": "1s"}}, "unknown key 'slwo' in expect"),
        ({"expect": "closed", "login": {"user": "u", "password": "env:P"}}, "login has no use"),
        ({"expect": "closed", "target": "https://a.test", "request": {"method": "HEAD"}}, "request has no use"),
        ({"expect": "closed", "target": "tcp://db.example.net:3306"}, 'write target = "mysql://…"'),
    ],
)
def test_what_makes_no_sense_is_said(table, words):
    _, faults = read(**table)
    assert any(words in f"{fault.what} {fault.todo}" for fault in faults), faults


BLOCK = """# keep
[[monitor]]
name = "db"   # ours
target = "mysql://db.example.net"
{expect}
[[monitor]]
name = "web"
target = "https://web.example.net"
"""
WAYS = ['\n[monitor.expect]\nslow = "1s"   # measured\n', 'expect = { slow = "1s" }\n', 'expect.slow = "1s"\n', ""]


@pytest.mark.parametrize("written", WAYS)
def test_the_text_takes_the_place_of_the_table_and_gives_it_back(tmp_path, written):
    path = tmp_path / "monitors.toml"
    path.write_text(before := BLOCK.format(expect=written))
    file = MonitorsFile(path, tmp_path / "undo")
    file.edit("db", {"expect": "closed"})
    first, second = tomllib.loads(path.read_text())["monitor"]
    assert first == {"name": "db", "target": "mysql://db.example.net", "expect": "closed"}
    assert second["name"] == "web"
    assert '"db"   # ours' in path.read_text()
    file.edit("db", {"expect": {"slow": "2s", "plaintext_ok": None}})
    assert tomllib.loads(path.read_text())["monitor"][0]["expect"] == {"slow": "2s"}
    file.undo()
    file.undo()
    assert path.read_text() == before
    file.edit("db", {"expect": "closed"})
    file.edit("db", {"expect": None})
    assert "expect" not in tomllib.loads(path.read_text())["monitor"][0]


def test_a_new_monitor_has_it_above_its_tables(tmp_path):
    path = tmp_path / "monitors.toml"
    file = MonitorsFile(path, tmp_path / "undo")
    file.add([{"expect": "closed", "name": "db", "target": "redis://db.example.net"}])
    assert path.read_text() == '[[monitor]]\nname = "db"\ntarget = "redis://db.example.net"\nexpect = "closed"\n'


def test_the_form_asks_nothing_else_of_a_closed_port():
    offered = {f.key for f in fields() if applies(f, CATALOGUE.get("https"), closed=True)}
    assert {"expect", "name", "interval", "runbook"} <= offered
    assert not any("." in key for key in offered)
    assert shown({"expect": "closed"}, BY_KEY["expect"]) == "closed"
    assert shown({"expect": {"slow": "1s"}}, BY_KEY["expect"]) == ""


def test_changes_of_the_form_are_one_or_the_other():
    assert nested({"expect": "closed", "expect.slow": None}) == {"expect": "closed"}
    assert nested({"expect": None, "expect.slow": "1s"}) == {"expect": {"slow": "1s"}}
