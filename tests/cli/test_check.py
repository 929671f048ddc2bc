"""`check` as a script sees it: a process, its streams and its exit code, against real sockets on loopback."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


def run(*arguments, home, timeout=40):
    environment = {**os.environ, "UPTIME_TUI_HOME": str(home), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "uptime_tui", *arguments],
        capture_output=True, text=True, timeout=timeout, env=environment, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


@contextmanager
def server(answer=b"", close=False):
    """Accepts connections, says `answer`, and keeps them open unless told to close."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            kept.append(connection)
            with suppress(ConnectionError):  # a client that has read enough leaves in the middle of an answer
                connection.sendall(answer)
            if close:
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in kept:
            connection.close()


def free_port():
    """A port that nobody listens on, on no address: on another one it would be the cause that is found."""
    with socket.create_server(("", 0)) as listener:
        return listener.getsockname()[1]


def test_a_rest_is_told(tmp_path):
    with server(close=True) as port:
        done = run("check", f"mysql://127.0.0.1:{port}", home=tmp_path)
    assert done.returncode == 2
    assert "not again within 1h: a MySQL login that is broken off counts" in done.stdout


def test_up(tmp_path):
    with server() as port:
        done = run("check", f"tcp://127.0.0.1:{port}", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert (found["status"], found["failure"], found["address"], found["port"]) == ("up", None, "127.0.0.1", port)
    assert found["causes"] == []


@pytest.mark.parametrize(
    ("status", "cause"),
    [("403 Forbidden", "denied"), ("404 Not Found", "not_found"), ("502 Bad Gateway", "backend_down")],
)
def test_the_first_cause_is_the_one_that_was_seen(tmp_path, status, cause):
    with server(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode(), close=True) as port:
        found = json.loads(run("check", f"http://127.0.0.1:{port}/", "--json", home=tmp_path).stdout)
    assert (found["failure"], found["causes"][0]["id"]) == ("http_status", cause)
    confidences = [each["confidence"] for each in found["causes"]]
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[0] > 0.5


def test_refused_has_phase_causes_and_exit_code(tmp_path):
    done = run("check", f"redis://127.0.0.1:{free_port()}", "--json", home=tmp_path)
    assert done.returncode == 2
    found = json.loads(done.stdout)
    assert (found["status"], found["failure"], found["phase"]) == ("down", "refused", "connect")
    assert found["causes"][0]["commands"]
    assert found["timings_ms"]["protocol"] is None


def test_a_port_that_must_not_answer(tmp_path):
    with server(b"+PONG\r\n") as port:
        for name, number in (("open", port), ("shut", free_port())):
            target = f"redis://127.0.0.1:{number}"
            assert run("add", target, "--name", name, "--expect", "closed", home=tmp_path).returncode == 0
        done = run("check", "open", "shut", "--json", home=tmp_path)
        told = run("check", "open", home=tmp_path).stdout
    opened, shut = map(json.loads, done.stdout.splitlines())
    assert (opened["status"], opened["failure"], opened["phase"]) == ("down", "exposed", "content")
    assert opened["detail"].startswith(f"port {port} is open and should be closed")
    assert opened["causes"][0]["id"] == "redis_bind"
    assert (shut["status"], shut["failure"]) == ("up", None)
    assert shut["detail"].startswith("refused, as wanted")
    assert done.returncode == 2
    assert f"port {port} is open and should be closed" in told
    assert [json.loads(line)["expect"] for line in run("list", "--json", home=tmp_path).stdout.splitlines()] == [
        "closed"
    ] * 2


def test_a_broken_runbook_takes_no_result_away(tmp_path):
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "refused.toml").write_text("x = 1\n")
    done = run("check", f"tcp://127.0.0.1:{free_port()}", f"tcp://127.0.0.1:{free_port()}", "--json", home=tmp_path)
    assert done.returncode == 2
    assert [json.loads(line)["causes"][0]["id"] for line in done.stdout.splitlines()] == ["nothing_listening"] * 2
    assert done.stderr.startswith("uptime-tui: runbooks/refused.toml:1: unknown key 'x'")
    assert done.stderr.count("\n") == 1
    doctor = run("doctor", "--json", home=tmp_path)
    assert doctor.returncode == 2
    assert "runbooks/refused.toml:1" in doctor.stdout


def test_silent_smtp_is_no_greeting(tmp_path):
    with server() as port:
        done = run("check", f"smtp://127.0.0.1:{port}", "--timeout", "1s", "--json", home=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["failure"] == "no_greeting"


def test_busy_is_degraded(tmp_path):
    with server(b"421 4.7.0 mx1 too many connections\r\n") as port:
        done = run("check", f"smtp://127.0.0.1:{port}", "--json", home=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["failure"] == "busy"


def test_several_targets_one_line_each_in_order_and_the_worst_code(tmp_path):
    with server(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        targets = [f"smtp://127.0.0.1:{port}", f"tcp://127.0.0.1:{port}", f"tcp://127.0.0.1:{free_port()}"]
        done = run("check", *targets, "--json", home=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["target"] for line in lines] == targets
    assert [line["failure"] for line in lines] == ["wrong_service", None, "refused"]
    assert done.returncode == 2


HOSTILE = b"220 \x1b[2J\x1b]0;owned\x07[/][@click=app.quit]x[/] \xe2\x80\xae\xff" + b"A" * 1_000_000 + b"\r\n"


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_hostile_banner_harms_nothing(tmp_path, flags):
    with server(HOSTILE) as port:
        done = run("check", f"smtp://127.0.0.1:{port}", "--timeout", "3s", *flags, home=tmp_path)
    assert done.returncode in {0, 1, 2}
    for character in ("\x1b", "\x07", "\u202e"):
        assert character not in done.stdout + done.stderr
    assert len(done.stdout) < 20_000
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    with server() as port:
        command = f"{sys.executable} -m uptime_tui check " + f"tcp://127.0.0.1:{port} " * 300 + "--json | head -n 1"
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, timeout=40, check=False,
            env={**os.environ, "UPTIME_TUI_HOME": str(tmp_path)},
        )  # fmt: skip
    assert json.loads(done.stdout)["status"] == "up"
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("words", [("check", "TARGET"), ("--help",)])
def test_a_full_output_is_said(tmp_path, words):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with server() as port, Path("/dev/full").open("w") as full:
        words = [word.replace("TARGET", f"tcp://127.0.0.1:{port}") for word in words]
        done = subprocess.run(
            [sys.executable, "-m", "uptime_tui", *words], stdout=full,
            stderr=subprocess.PIPE, text=True, timeout=40, check=False, env={**os.environ, "UPTIME_TUI_HOME": str(tmp_path)},
        )  # fmt: skip
    assert done.returncode == 64
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_list_tells_which_part_of_a_mail_host_is_affected(tmp_path):
    with server() as port:
        (tmp_path / "monitors.toml").write_text(
            "".join(
                f'[[monitor]]\nname = "{name}"\ntarget = "{name}://127.0.0.1:{number}"\nconfirmations = 1\ntimeout = "1s"\n'
                for name, number in (("smtp", port), ("imap", 1), ("redis", 1))
            )
        )
        assert run("start", home=tmp_path).returncode == 0
        try:
            deadline_s = time.monotonic() + 60
            mail = {}
            while time.monotonic() < deadline_s and "IMAP down" not in str(mail.get("imap")):
                lines = run("list", "--json", home=tmp_path).stdout.splitlines()
                mail = {each["name"]: each["mail"] for each in map(json.loads, lines)}
            assert "mailboxes by IMAP down (connection refused)" in mail["imap"]
            assert mail["smtp"].startswith("mail on 127.0.0.1: delivery ")
            assert mail["redis"] is None
            shown = run("list", home=tmp_path).stdout.splitlines()
            assert [line.split()[0] for line in shown][2] == "mail"
        finally:
            run("stop", home=tmp_path)


@pytest.mark.parametrize("closed", [">&-", "<&- >&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_bug(tmp_path, closed):
    """As some schedulers start programs: nothing can be said, the exit code is all there is."""
    environment = {**os.environ, "UPTIME_TUI_HOME": str(tmp_path)}
    for arguments, code in (("list", 0), ("check tcp://127.0.0.1:1", 2), ("check tcp:", 64)):
        command = f"{sys.executable} -m uptime_tui {arguments} {closed}"
        assert subprocess.run(["sh", "-c", command], env=environment, timeout=40, check=False).returncode == code


def test_add_list_pause_rm(tmp_path):
    with server() as port:
        target = f"tcp://127.0.0.1:{port}"
        assert run("add", target, "--name", "panel", "--purpose", "for tests", home=tmp_path).returncode == 0
        assert run("add", target, "--name", "panel", home=tmp_path).returncode == 64
        listed = run("list", "--json", home=tmp_path)
        assert json.loads(listed.stdout)["name"] == "panel"
        assert run("check", "panel", home=tmp_path).returncode == 0
    assert run("pause", "panel", home=tmp_path).returncode == 0
    assert json.loads(run("list", "--json", home=tmp_path).stdout)["paused"] is True
    assert run("resume", "panel", home=tmp_path).returncode == 0
    assert json.loads(run("list", "--json", home=tmp_path).stdout)["paused"] is False
    assert run("rm", "panel", home=tmp_path).returncode == 0
    assert run("list", "--json", home=tmp_path).stdout == ""
    assert (tmp_path / "monitors.toml").stat().st_mode & 0o777 == 0o600


def test_doctor_reads_only(tmp_path):
    done = run("doctor", "--json", home=tmp_path / "new")
    assert done.returncode in {0, 1, 2}
    parts = {json.loads(line)["part"] for line in done.stdout.splitlines()}
    assert parts == {"terminal", "host", "configuration", "engine"}
    assert not (tmp_path / "new").exists()


def test_doctor_names_a_theme_that_does_not_exist(tmp_path):
    (tmp_path / "config.toml").write_text('[ui]\ntheme = "nope"\n')
    done = run("doctor", "--json", home=tmp_path)
    assert done.returncode == 2
    assert "nope" in done.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_doctor_of_a_closed_folder_is_findings_and_no_bug(tmp_path):
    home = tmp_path / "closed"
    home.mkdir()
    home.chmod(0)
    done = run("doctor", "--json", home=home)
    home.chmod(0o700)
    assert done.returncode == 2, done.stderr
    assert "Permission denied" in done.stdout


def test_every_file_is_the_users_alone_whatever_the_umask(tmp_path):
    home = tmp_path / "home"
    command = f'umask 000; for a in "add tcp://127.0.0.1:{free_port()}" start stop; do {sys.executable} -m uptime_tui $a || exit; done'
    environment = {**os.environ, "UPTIME_TUI_HOME": str(home)}
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=50, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    found = {str(path.relative_to(home)): path.stat().st_mode & 0o777 for path in [home, *home.rglob("*")]}
    assert "state/engine.log" in found
    assert {name: mode for name, mode in found.items() if mode not in {0o600, 0o700}} == {}
