"""`diagnose` as a script sees it: the contract's JSON, Markdown, exit codes."""

import json

from cli.test_check import free_port, run, server


def test_json_has_evidence_and_ranked_causes(tmp_path):
    done = run("diagnose", f"tcp://127.0.0.1:{free_port()}", "--json", home=tmp_path)
    assert done.returncode == 2, done.stderr
    found = json.loads(done.stdout)
    assert (found["status"], found["failure"], found["phase"]) == ("down", "refused", "connect")
    assert {"id", "phase", "ok", "text"} == set(found["evidence"][0])
    confidences = [cause["confidence"] for cause in found["causes"]]
    assert confidences == sorted(confidences, reverse=True)
    first = found["causes"][0]
    assert first["check"]
    assert first["commands"]
    assert {check["verdict"] for check in first["checks"]} <= {"fine", "wrong", "open"}
    assert found["packets"] <= 30
    assert found["took_ms"] <= 5500


def test_lines_begin_with_the_probe_and_name_a_cause(tmp_path):
    done = run("diagnose", f"tcp://127.0.0.1:{free_port()}", home=tmp_path)
    assert done.stdout.startswith("DOWN ")
    assert "Nothing listens on port" in done.stdout
    assert done.stderr == ""


def test_a_locale_without_unicode_gets_none(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    done = run("diagnose", f"tcp://127.0.0.1:{free_port()}", home=tmp_path)
    assert "  X " in done.stdout
    assert done.stdout.isascii()


def test_markdown_for_a_ticket(tmp_path):
    done = run("diagnose", f"tcp://127.0.0.1:{free_port()}", "--markdown", home=tmp_path)
    assert done.stdout.startswith("# `check`: connection refused\n")
    assert "## Evidence" in done.stdout


def test_what_is_up_has_no_cause(tmp_path):
    with server() as port:
        done = run("diagnose", f"tcp://127.0.0.1:{port}", "--json", home=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["causes"] == []


def test_an_incident_needs_a_monitor_and_sends_nothing(tmp_path):
    unknown = run("diagnose", f"tcp://127.0.0.1:{free_port()}", "--incident", "1", home=tmp_path)
    assert (unknown.returncode, unknown.stdout) == (64, "")
    assert "no incident is known of a target without a monitor" in unknown.stderr
    both = run("diagnose", "tcp://127.0.0.1:1", "--incident", "1", "--timeout", "5s", home=tmp_path)
    assert (both.returncode, both.stdout) == (64, "")
    assert "--timeout and --mail-domain do not go with it" in both.stderr


def test_a_mail_domain_by_name(tmp_path):
    target = f"smtp://127.0.0.1:{free_port()}"
    plain = json.loads(run("diagnose", target, "--json", home=tmp_path).stdout)
    assert plain["mail_domain"] == []
    named = run("diagnose", target, "--json", "--mail-domain", "SHOP.invalid.", home=tmp_path)
    assert any("shop.invalid" in fact["text"] for fact in json.loads(named.stdout)["mail_domain"])
    wrong = run("diagnose", target, "--mail-domain", "a b", home=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (64, "")
    assert "--mail-domain': not a host name" in wrong.stderr


def test_nonsense_is_a_usage_error(tmp_path):
    done = run("diagnose", "http://[", home=tmp_path)
    assert done.returncode == 64
    assert len(done.stderr.splitlines()) == 1
