"""Exit codes and the one line on stderr, whatever goes wrong."""

import errno

import click
import pytest

from uptime_tui.cli import diagnostics, main
from uptime_tui.model.errors import UserError
from uptime_tui.model.failure import Status


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([Status.UP], 0),
        ([Status.UP, Status.DEGRADED], 1),
        ([Status.DEGRADED, Status.UNKNOWN], 3),
        ([Status.UNKNOWN, Status.DOWN, Status.UP], 2),
        ([], 3),
    ],
)
def test_the_worst_status_decides(statuses, code):
    assert diagnostics.exit_code(statuses) == code


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["check"],
        ["check", "--nonsense"],
        ["check", "--timeout", "soon", "tcp://127.0.0.1:1"],
        ["check", "--timeout", "-1", "tcp://127.0.0.1:1"],
        ["check", "--vantage", "moon", "tcp://127.0.0.1:1"],
        ["check", "http://"],
        ["check", "mx1"],
        ["add"],
        ["rm", "nobody"],
        ["add", "tcp://127.0.0.1:1", "--confirmations", "0"],
        ["--nonsense"],
    ],
)
def test_a_fault_of_the_input_is_one_line_and_64(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path))
    assert main.run(arguments) == 64
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("uptime-tui: ")
    assert captured.err.count("\n") == 1


def fake_command(monkeypatch, error):
    @click.command()
    def command():
        raise error

    monkeypatch.setattr(main.LazyGroup, "get_command", lambda *_: command)


def test_a_user_error_says_where_and_what_to_do(monkeypatch, capsys):
    fake_command(monkeypatch, UserError("it is wrong", where="monitors.toml:3", todo="mend it"))
    assert main.run(["check"]) == 64
    assert capsys.readouterr().err == "uptime-tui: monitors.toml:3: it is wrong (mend it)\n"


def test_a_bug_is_one_line_with_a_report_and_70(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fake_command(monkeypatch, ZeroDivisionError("\x1b[2Jhidden"))
    assert main.run(["check"]) == 70
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "\x1b" not in said
    assert "Traceback" not in said
    (report,) = tmp_path.iterdir()
    assert "Traceback" in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


def test_an_interrupt_is_130(monkeypatch):
    fake_command(monkeypatch, KeyboardInterrupt())
    assert main.run(["check"]) == 130


def test_help_and_version(capsys):
    assert main.run(["--version"]) == 0
    assert main.run(["--help"]) == 0
    said = capsys.readouterr().out
    for name in (
        "check",
        "add",
        "list",
        "rm",
        "pause",
        "resume",
        "start",
        "stop",
        "status",
        "engine",
        "demo",
        "doctor",
    ):
        assert name in said
    assert "\n  dashboard" not in said


BROKEN = '[[monitor]]\nname = "a"\ntarget = "smpt://mx1.example.net"\n'


@pytest.mark.parametrize(
    ("arguments", "files", "said"),
    [
        (["list"], {"monitors.toml": BROKEN}, "monitors.toml:3: no service is called 'smpt': did you mean smtp://?"),
        (["check", "a"], {"monitors.toml": BROKEN}, "monitors.toml:3: no service is called 'smpt'"),
        (["pause", "a"], {"monitors.toml": "[[monitor]\n"}, "monitors.toml:1: not valid TOML: a header is not closed"),
        (["pause", "mx2"], {"monitors.toml": BROKEN.replace('"a"', '"mx1"')}, "(did you mean 'mx1'?)"),
        (
            ["check", "mx"],
            {"monitors.toml": BROKEN.replace('"a"', '"mx1"').replace("smpt", "smtp")},
            "did you mean the monitor 'mx1'",
        ),
        (["list", "state:dwon"], {}, "FILTER: dwon is no state: up, degraded, down"),
        (["chekc", "a"], {}, "this version has no command 'chekc' (did you mean check?)"),
        (["import", "a"], {}, "this version has no command 'import' (`uptime-tui --help` lists them)"),
        (["list"], {"config.toml": "[ui\n"}, "config.toml:1: not valid TOML: a header is not closed (a header ends"),
        (["check", "tcp://127.0.0.1:1"], {"services.d/x.toml": "[x]\nmeaning = 1\n"}, "services.d/x.toml:2: meaning"),
    ],
)
def test_a_broken_file_is_one_line_with_its_place(arguments, files, said, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path))
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert main.run(arguments) == 64
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert "()" not in captured.err
    assert captured.err.count("\n") == 1
    for name, text in files.items():
        assert (tmp_path / name).read_text() == text


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        ([], "", "no monitor is configured yet (uptime-tui add TARGET)"),
        (
            ["state:down"],
            BROKEN.replace("smpt", "smtp"),
            "no monitor matches 'state:down'; no engine runs, so that their",
        ),
    ],
)
def test_an_empty_list_is_not_taken_for_health(words, text, said, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path))
    (tmp_path / "monitors.toml").write_text(text)
    assert main.run(["list", *words]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"uptime-tui: {said}")


def test_a_name_that_nobody_has_is_told_where_there_is_no_folder_yet(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path / "none"))
    assert main.run(["rm", "nobody"]) == 64
    assert "no monitor is called 'nobody'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_may_not_be_entered_is_no_bug(capsys, tmp_path, monkeypatch):
    def closed(_path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path / "none"))
    monkeypatch.setattr("pathlib.Path.stat", closed)
    assert main.run(["rm", "nobody"]) == 64
    assert "monitors.toml: cannot be read: Permission denied" in capsys.readouterr().err


def test_an_option_is_not_told_how_to_write_the_file(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path))
    assert main.run(["add", "mysql://127.0.0.1", "--interval", "1s"]) == 64
    assert " = " not in capsys.readouterr().err


def test_what_is_named_twice_is_removed_once(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path))
    (tmp_path / "monitors.toml").write_text(BROKEN)
    assert main.run(["rm", "a", "a"]) == 0
    assert capsys.readouterr().out == "removed a\n"


def test_a_monitor_with_a_mistake_can_be_removed_by_name(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path))
    (tmp_path / "monitors.toml").write_text(BROKEN)
    assert main.run(["rm", "a"]) == 0
    assert capsys.readouterr().out == "removed a\n"
    assert (tmp_path / "monitors.toml").read_text() == ""


@pytest.mark.parametrize("broken", ["directory", "link"])
def test_an_undo_log_that_cannot_be_read_stops_the_change(broken, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path))
    text = BROKEN.replace("smpt", "smtp")
    (tmp_path / "monitors.toml").write_text(text)
    (tmp_path / "state").mkdir()
    log = tmp_path / "state" / "undo.jsonl"
    log.mkdir() if broken == "directory" else log.symlink_to(tmp_path)
    assert main.run(["pause", "a"]) == 64
    assert "undo.jsonl: cannot be read: Is a directory (move " in capsys.readouterr().err
    assert (tmp_path / "monitors.toml").read_text() == text


def test_a_link_to_nothing_is_no_empty_fleet(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("UPTIME_TUI_HOME", str(tmp_path))
    (tmp_path / "monitors.toml").symlink_to(tmp_path / "gone.toml")
    for arguments in (["list"], ["add", "tcp://127.0.0.1:1"]):
        assert main.run(arguments) == 64
        assert "monitors.toml: is a link to a file that does not exist (make the file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["list"], ["check", "tcp://127.0.0.1:1"], ["lint"], ["doctor"], ["status"], ["stop"]]
)
def test_a_home_that_is_a_file_is_one_line(capsys, tmp_path, command):
    place = tmp_path / "a file"
    place.write_text("")
    assert main.run([*command, "--home", str(place)]) == 64
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"uptime-tui: {place}: is no folder (move that file away, or name another by --home)\n"
