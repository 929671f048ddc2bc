"""Edits of the user's file: what changes, what does not, undo, and what others did meanwhile."""

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
import tomllib

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.edit import MonitorsFile
from uptime_tui.config.load import load_monitors
from uptime_tui.model.errors import UserError

TEXT = """# the fleet of example.net

# Anna's
[[monitor]]
name   =  "mx1"   # the old one
target = 'smtp://mx1.example.net'
tags = [
  "a", # first
  "[[monitor]]",
]
# interval = "5m"

# shop
[[monitor]]
name = "shop"
target = "https://shop.example.net"
expect = { status = "200", json = true }

[[monitor]]
name = "db"
target = "redis://db.example.net"
purpose = \"\"\"
[[monitor]] is no header here\\
\"\"\"
  [monitor.expect]
  slow = "1s"   # measured

# trailing
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "monitors.toml"
    path.write_bytes(TEXT.encode())
    return path


@pytest.fixture
def file(path):
    return MonitorsFile(path, path.with_name("undo.jsonl"))


def text_of(path):
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("name", "changes", "old", "new"),
    [
        ("mx1", {"name": "mx2"}, 'name   =  "mx1"   #', 'name   =  "mx2"   #'),
        ("mx1", {"tags": ("x",)}, 'tags = [\n  "a", # first\n  "[[monitor]]",\n]', '# first\ntags = ["x"]'),
        ("mx1", {"paused": True}, '  "[[monitor]]",\n]\n', '  "[[monitor]]",\n]\npaused = true\n'),
        ("mx1", {"tags": None}, 'tags = [\n  "a", # first\n  "[[monitor]]",\n]\n', "# first\n"),
        ("shop", {"expect": {"json": None}}, '{ status = "200", json = true }', '{ status = "200" }'),
        ("shop", {"expect.slow": "2s"}, "json = true }", 'json = true, slow = "2s" }'),
        ("shop", {"expect": {"status": None, "json": None}}, 'expect = { status = "200", json = true }\n', ""),
        ("db", {"expect": {"slow": None}}, '  [monitor.expect]\n  slow = "1s"   # measured\n', "  # measured\n"),
        ("shop", {"expect": None}, 'expect = { status = "200", json = true }\n', ""),
        ("db", {"expect": {"slow": "2s"}}, '"1s"   #', '"2s"   #'),
        ("db", {"expect": {"json": True}}, "# measured\n", "# measured\n  json = true\n"),
        ("db", {"expect": None}, '  [monitor.expect]\n  slow = "1s"   # measured\n', "  # measured\n"),
        ("db", {"interval": "90s"}, '\\\n"""\n', '\\\n"""\ninterval = "90s"\n'),
        (
            "mx1",
            {"purpose": 'a "b" \\ Grüße'},
            '  "[[monitor]]",\n]\n',
            '  "[[monitor]]",\n]\npurpose = "a \\"b\\" \\\\ Grüße"\n',
        ),
        (
            "mx1",
            {"expect": {"plaintext_ok": True}},
            '# interval = "5m"\n',
            '# interval = "5m"\n\n[monitor.expect]\nplaintext_ok = true\n',
        ),
    ],
)
@pytest.mark.parametrize("shape", ["plain", "windows", "no end", "mark"])
def test_an_edit_changes_its_key_and_no_other_byte(path, file, name, changes, old, new, shape):
    def shaped(text):
        text = text.removesuffix("\n# trailing\n").rstrip("\n") if shape == "no end" else text
        text = text.replace("\n", "\r\n") if shape == "windows" else text
        return "\ufeff" + text if shape == "mark" else text

    path.write_bytes(shaped(TEXT).encode())
    assert TEXT.count(old) == 1
    file.edit(name, changes)
    assert text_of(path).rstrip() == shaped(TEXT.replace(old, new)).rstrip()
    tomllib.loads(text_of(path).removeprefix("\ufeff"))
    file.undo()
    assert text_of(path) == shaped(TEXT)
    file.redo()
    assert text_of(path).rstrip() == shaped(TEXT.replace(old, new)).rstrip()


def test_what_gave_a_block_a_table_and_took_it_back_left_nothing(path, file):
    file.edit("mx1", {"expect": {"slow": "2s"}})
    before = text_of(path)
    for _ in range(3):
        file.edit("mx1", {"login": {"user": "u", "password": "env:PW"}})
        file.edit("mx1", {"login": {"user": None, "password": None}})
    assert text_of(path) == before


@pytest.mark.parametrize("mine", ["", " # rotate in May"])
@pytest.mark.parametrize("theirs", ["", "# about b\n"])
def test_whose_a_comment_is_does_not_change_with_the_table_above_it(path, file, mine, theirs):
    head = '[[monitor]]\nname = "a"\ntarget = "ftp://a"\n'
    login, b = f'[monitor.login]\nuser = "u"\npassword = "env:PW"{mine}\n', '[[monitor]]\nname = "b"\ntarget = "b:1"\n'
    path.write_text(head + login + theirs + b)
    file.edit("a", {"login": {"user": None, "password": None}})
    kept = f"{mine.strip()}\n\n" if mine else ""
    assert text_of(path) == head + kept + theirs + b
    path.write_text(text_of(path).replace("b:1", "b:2"))
    file.undo()
    assert text_of(path) == head + login + theirs + b.replace("b:1", "b:2")
    file.redo()
    file.delete(["b"])
    assert text_of(path).rstrip() == (head + kept).rstrip()


def test_delete_takes_the_comment_above_and_undo_brings_it_back(path, file):
    assert file.delete(["shop"]) == "deleted shop"
    assert "shop" not in text_of(path)
    assert text_of(path).startswith("# the fleet of example.net\n\n# Anna's\n")
    assert file.undo_label == "delete shop"
    assert file.undo() == "undone: delete shop"
    assert (text_of(path), file.redo_label) == (TEXT, "delete shop")


def test_delete_all_and_undo(path, file):
    file.delete(["db", "mx1", "shop"])
    assert tomllib.loads(text_of(path)) == {}
    file.undo()
    assert text_of(path) == TEXT


def test_add_to_nothing_and_to_something(path, file):
    path.unlink()
    file.add([{"name": "a", "target": "ssh://a.example.net", "tags": ["x"], "expect": {"slow": "1s"}}])
    first = '[[monitor]]\nname = "a"\ntarget = "ssh://a.example.net"\ntags = ["x"]\n\n[monitor.expect]\nslow = "1s"\n'
    assert text_of(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file.add([{"name": n, "target": "ssh://a.example.net"} for n in "bc"])
    assert [m["name"] for m in tomllib.loads(text_of(path))["monitor"]] == ["a", "b", "c"]
    assert text_of(path).count("\n\n[[monitor]]") == 2
    file.undo()
    assert text_of(path) == first


def test_many_at_once_are_one_step(path, file):
    assert file.edit_all(["mx1", "db"], {"paused": True}) == "paused 2 monitors"
    assert text_of(path).count("paused = true") == 2
    file.undo()
    assert text_of(path) == TEXT


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda f: f.edit("none", {"paused": True}), "no monitor is called 'none'"),
        (lambda f: f.edit("mx1", {"name": "shop"}), "already called"),
        (lambda f: f.edit("mx1", {"paused": "yes"}), "true or false"),
        (lambda f: f.edit("mx1", {"pausd": True}), "did you mean 'paused'"),
        (lambda f: f.edit("mx1", {"target": None}), "target is missing"),
        (lambda f: f.add([{"name": "shop", "target": "a"}]), "already called"),
        (lambda f: f.add([{"name": "x"}]), "target is missing"),
        (lambda f: f.delete(["shop", "none"]), "no monitor is called"),
        (lambda f: f.undo(), "nothing to undo"),
        (lambda f: f.redo(), "nothing to do again"),
    ],
)
def test_refusals_leave_the_file_alone(path, file, act, words):
    with pytest.raises(UserError, match=words):
        act(file)
    assert text_of(path) == TEXT
    assert file.undo_label == ""


@pytest.mark.parametrize(
    "text", ['monitor = [{ name = "mx1", target = "a:1" }]\n', "x = 1\n" + TEXT, TEXT + "[other]\na = 1\n"]
)
def test_what_is_not_made_of_blocks_is_refused(path, file, text):
    path.write_text(text)
    with pytest.raises(UserError, match="more than"):
        file.edit("mx1", {"paused": True})
    assert text_of(path) == text


def test_a_broken_file_is_refused_with_its_line(path, file):
    path.write_text(TEXT + "oops\n")
    with pytest.raises(UserError, match=r"monitors\.toml:29"):
        file.edit("mx1", {"paused": True})


def test_a_fault_beside_the_edited_key_is_told_with_its_line(path, file):
    path.write_text(TEXT.replace('status = "200"', "headers = { a = 1 }"))
    before = text_of(path)
    with pytest.raises(UserError) as told:
        file.edit("shop", {"paused": True})
    assert (told.value.where, text_of(path)) == ("monitors.toml:17", before)
    with pytest.raises(UserError) as told:
        file.edit("mx1", {"paused": 5})
    assert told.value.where == "paused"


@pytest.mark.parametrize("mode", [0o444, 0o400])
def test_a_read_only_file_is_left_alone(path, file, mode):
    path.chmod(mode)
    for act in (lambda: file.add([{"name": "a", "target": "a:1"}]), lambda: file.delete(["mx1"])):
        with pytest.raises(UserError, match="read-only"):
            act()
    assert (text_of(path), stat.S_IMODE(path.stat().st_mode), file.undo_label) == (TEXT, mode, "")


def test_what_was_written_is_not_called_unwritten(path, file, monkeypatch):
    """The folder of the file cannot be flushed: the new text is in its place all the same."""

    def refuse(*_):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr("uptime_tui.config.write._sync_folder", refuse)
    file.edit("mx1", {"paused": True})
    assert "paused = true" in text_of(path)
    assert file.undo_label == "pause mx1"


def test_another_users_file_is_left_alone(path, file, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everything: the system's word stands in
    with pytest.raises(UserError, match="read-only"):
        file.edit("mx1", {"paused": True})
    assert text_of(path) == TEXT


def test_others_edits_elsewhere_are_merged(path, file):
    seen = file.read_table("shop")
    assert seen["expect"]["json"] is True
    path.write_text(TEXT.replace("the old one", "THE OLD ONE").replace('status = "200"', 'status = "201"'))
    file.edit("shop", {"purpose": "sells"}, seen)
    assert "THE OLD ONE" in text_of(path)
    assert 'status = "201"' in text_of(path)
    assert 'purpose = "sells"' in text_of(path)


def test_others_edit_of_the_same_key_is_never_overwritten(path, file):
    seen = file.read_table("shop")
    path.write_text(TEXT.replace("https://shop.example.net", "https://new.example.net"))
    newer = file.read_table("shop")
    for _ in range(2):  # Enter is pressed again in the form that was refused
        with pytest.raises(UserError, match="changed in the file meanwhile"):
            file.edit("shop", {"target": "https://mine.example.net"}, seen)
    assert "https://new.example.net" in text_of(path)
    file.edit("shop", {"target": "https://mine.example.net"}, newer)


def test_undo_after_others_changed_another_block(path, file):
    file.edit("mx1", {"paused": True})
    file.delete(["shop"])
    path.write_text(text_of(path).replace("redis://db", "redis://db2").replace("# the fleet", "# The long fleet"))
    file.undo()
    file.undo()
    monitors = {m["name"]: m for m in tomllib.loads(text_of(path))["monitor"]}
    assert list(monitors) == ["mx1", "shop", "db"]
    assert "paused" not in monitors["mx1"]
    assert monitors["db"]["target"] == "redis://db2.example.net"
    file.redo()
    assert "paused = true" in text_of(path)


def test_undo_of_a_block_that_others_changed_is_refused(path, file):
    file.edit("mx1", {"paused": True})
    path.write_text(text_of(path).replace("mx1.example", "mx9.example"))
    before = text_of(path)
    with pytest.raises(UserError, match="mx1 was changed since"):
        file.undo()
    assert text_of(path) == before


def test_undo_of_a_delete_whose_name_is_taken_again_is_refused(path, file):
    file.delete(["db"])
    path.write_text(text_of(path) + '[[monitor]]\nname = "db"\ntarget = "a:1"\n')
    with pytest.raises(UserError, match="'db' again"):
        file.undo()


def test_undo_survives_a_restart_and_a_torn_line(path, file):
    file.edit("mx1", {"paused": True})
    file.edit("shop", {"paused": True})
    log = path.with_name("undo.jsonl")
    log.write_bytes(log.read_bytes() + b'\xff\x00{"change": {"id"')
    again = MonitorsFile(path, log)
    again.edit("db", {"paused": True})
    for label in ("pause db", "pause shop", "pause mx1"):
        assert MonitorsFile(path, log).undo() == f"undone: {label}"
    assert text_of(path) == TEXT


def test_a_new_change_ends_redo(path, file):
    file.edit("mx1", {"paused": True})
    file.undo()
    file.edit("shop", {"paused": True})
    assert (file.redo_label, file.undo_label) == ("", "pause shop")


def test_the_log_is_bounded(path, file, monkeypatch):
    monkeypatch.setattr("uptime_tui.config.undo.KEEP", 5)
    monkeypatch.setattr("uptime_tui.config.undo._MAX_LINES", 12)
    for i in range(30):
        file.edit("mx1", {"interval": 60 + i})
    assert len(path.with_name("undo.jsonl").read_bytes().splitlines()) <= 13
    for _ in range(5):
        file.undo()
    assert file.undo_label == ""
    assert "interval = 84" in text_of(path)


def test_link_and_mode_stay(path, file):
    real = path.with_name("real.toml")
    path.rename(real)
    path.symlink_to(real)
    real.chmod(0o640)
    file.edit("mx1", {"paused": True})
    assert path.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "paused" in text_of(real)


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(path, file, monkeypatch, call):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace" if call == "replace" else f"os.{call}", full)
    with pytest.raises(UserError, match="make room"):
        file.edit("mx1", {"paused": True})
    monkeypatch.undo()
    assert text_of(path) == TEXT
    assert not list(path.parent.glob(".*.tmp"))
    with pytest.raises(UserError, match="nothing to undo"):
        file.undo()
    file.edit("mx1", {"paused": True})


def test_a_writer_waits_for_the_other(path, file, monkeypatch):
    monkeypatch.setattr("uptime_tui.config.write._LOCK_WAIT_S", 0.05)
    with path.with_name(".monitors.toml.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another process"):
            file.edit("mx1", {"paused": True})


def test_somebody_who_saves_in_between_is_not_overwritten(path, file, monkeypatch):
    def add(*_args):
        path.write_text(TEXT + "# saved by an editor\n")

    monkeypatch.setattr(file._log, "add", add)
    with pytest.raises(UserError, match="just now"):
        file.edit("mx1", {"paused": True})
    assert text_of(path).endswith("# saved by an editor\n")


def test_two_processes_lose_nothing(path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom uptime_tui.config.edit import MonitorsFile\np = Path(sys.argv[1])\n"
        "f = MonitorsFile(p, p.with_name('undo.jsonl'))\n"
        "for i in range(10): f.add([{'name': f'{sys.argv[2]}{i}', 'target': 'ssh://a.example.net'}])"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, str(path), c]) for c in "xy"]
    assert [run.wait(50) for run in runs] == [0, 0]
    assert len(tomllib.loads(text_of(path))["monitor"]) == 23
    file = MonitorsFile(path, path.with_name("undo.jsonl"))
    for _ in range(20):
        file.undo()
    assert text_of(path) == TEXT


def test_kill_leaves_the_old_file_or_the_new_one(path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom uptime_tui.config.edit import MonitorsFile\np = Path(sys.argv[1])\n"
        "f = MonitorsFile(p, p.with_name('undo.jsonl'))\nprint('go', flush=True)\n"
        "for i in range(10**6): f.edit('mx1', {'interval': 60 + i % 1000})"
    )
    valid = {TEXT} | {
        TEXT.replace('  "[[monitor]]",\n]\n', f'  "[[monitor]]",\n]\ninterval = {60 + i}\n') for i in range(1000)
    }
    for turn in range(15):
        run = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        assert run.stdout.readline() == b"go\n"
        for _ in range(turn * 7):
            path.stat().st_ino.bit_length()
            text_of(path)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        run.stdout.close()
        assert text_of(path) in valid
    file = MonitorsFile(path, path.with_name("undo.jsonl"))
    file.edit("mx1", {"interval": 5000})
    assert not list(path.parent.glob(".*.tmp"))
    file.undo()
    assert text_of(path) in valid


TWIN = "b\u00fccher", "bu\u0308cher"


@pytest.mark.parametrize(("written", "typed"), [TWIN, TWIN[::-1]])
def test_two_ways_to_write_one_name_are_one_monitor(path, file, written, typed):
    block = f'[[monitor]]\nname = "{written}"\ntarget = "smtp://mx1.example.net"\n'
    path.write_text(block)
    with pytest.raises(UserError, match="already called"):
        file.add([{"name": typed, "target": "smtp://mx2.example.net"}])
    file.edit(typed, {"paused": True})
    assert text_of(path) == block + "paused = true\n"
    file.delete([typed])
    assert not text_of(path)
    file.undo()
    file.undo()
    assert text_of(path) == block
    path.write_text(block + block.replace(written, typed))
    loaded = load_monitors(path, load_catalogue())
    assert [problem.where for problem in loaded.problems] == ["monitors.toml:5"]
    assert [monitor.name for monitor in loaded.monitors] == [TWIN[0]]
