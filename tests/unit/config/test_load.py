"""Both files as users break them: each fault one clear line with the right place, and nothing lost."""

import os

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.load import draft_from_table, load_monitors
from uptime_tui.config.settings import Defaults, Settings, load_settings
from uptime_tui.model.errors import UserError

CATALOGUE = load_catalogue()
GOOD = '[[monitor]]\nname = "good"\ntarget = "https://good.example.net"\n\n'
HEAD = GOOD + '[[monitor]]\nname = "mx1"\ntarget = "smtp://mx1.example.net"\n'
# a case: text, then for each fault (line, words that must stand in what + todo)
SYNTAX = {
    "unclosed string": ('[[monitor]]\nname = "a\n', 2, "not closed on its line"),
    "too deep": ("[[monitor]]\nname = " + "[" * 3000 + "]" * 3000 + "\n", 2, "nested too deeply"),
    "too many digits": ("[[monitor]]\n\nconfirmations = " + "9" * 5000 + "\n", 3, "too many digits"),
    "no equals": ("[[monitor]]\nname\n", 2, "without ="),
    "bare text": ("[[monitor]]\nname = mx1\n", 2, "double quotes"),
    "key twice": ('[[monitor]]\nname = "a"\nname = "b"\n', 3, "twice"),
    "unclosed list": ('[[monitor]]\nname = "a"\ntags = ["a",\n', 3, ""),
    "unclosed header": ("[[monitor]\n", 1, "header is not closed"),
    "two on a line": ('[[monitor]]\nname = "a" target = "b"\n', 2, "one key and one value"),
    "control character": ('[[monitor]]\nname = "a\x07"\n', 2, "must not stand"),
    "bad escape": ('[[monitor]]\nname = "a\\q"\n', 2, "backslash"),
    "bad date": ("[[monitor]]\nname = 2026-99-99\n", 2, ""),
    "yaml": ("monitors:\n  - name: a\n", 1, "without ="),
    "json": ('{"monitor": []}\n', 1, "no key"),
    "open multi-line string": ('[[monitor]]\npurpose = """\nabc\n', 3, ""),
    "empty value": ("[[monitor]]\nname = \n", 2, "TOML value"),
    "equals first": ('[[monitor]]\n= "a"\n', 2, ""),
    "table twice": ("[[monitor]]\n[monitor.expect]\n[monitor.expect]\n", 3, "twice"),
    "merge conflict": (GOOD + "<<<<<<< HEAD\n", 5, "no key"),
}
ONE = {
    "address family": ("address_family = 5", 8, "must be any, 4 or 6"),
    "lint ignore": ('lint_ignore = ["purpose-mising"]', 8, "did you mean 'purpose-missing'"),
    "mail domain no name": ('mail_domain = "shop example"', 8, "mail_domain: not a host name"),
    "mail domain an address": ('mail_domain = "192.0.2.1"', 8, "mail goes to names"),
    "addresses": ('addresses = "some"', 8, "addresses must be"),
    "interval no duration": ('interval = "often"', 8, "interval is no duration"),
    "interval below minimum": ('interval = "1s"', 8, "minimum for smtp, 30s"),
    "interval too long": ('interval = "20d"', 8, "1,000,000"),
    "interval a list": ("interval = [1]", 8, "must be a duration"),
    "interval a bool": ("interval = true", 8, "must be a duration"),
    "interval not finite": ("interval = nan", 8, "no duration"),
    "interval negative": ("interval = -5", 8, "no duration"),
    "timeout zero": ("timeout = 0", 8, "timeout is no duration"),
    "timeout too long": ('timeout = "20m"\ninterval = "1h"', 8, "50ms to 5m"),
    "timeout above interval": ('interval = "30s"\ntimeout = "40s"', 9, "longer than the interval, 30s"),
    "confirmations text": ('confirmations = "three"', 8, "whole number"),
    "confirmations zero": ("confirmations = 0", 8, "1 to 100"),
    "confirmations a fraction": ("confirmations = 1.5", 8, "whole number"),
    "recoveries huge": ("recoveries = 1000", 8, "1 to 100"),
    "paused as text": ('paused = "yes"', 8, "true or false"),
    "tags as text": ('tags = "a"', 8, "list of texts"),
    "tags of numbers": ("tags = [1]", 8, "list of texts"),
    "tag empty": ('tags = [""]', 8, "1 to 40"),
    "too many tags": (f"tags = {[f't{i}' for i in range(21)]}", 8, "more than 20"),
    "category number": ("category = 5", 8, "category must be text"),
    "category long": (f'category = "{"c" * 31}"', 8, "30"),
    "purpose bidi": ('purpose = "\\u202e"', 8, "visible"),
    "purpose long": (f'purpose = "{"p" * 501}"', 8, "500"),
    "runbook escape": ('runbook = "\\u001b[2J"', 8, "visible"),
    "typo": ('intervall = "60s"', 8, "did you mean 'interval'"),
    "typo in capitals": ('Purpose = "a"', 8, "did you mean 'purpose'"),
    "unknown": ("zzz = 1", 8, "known are name, target"),
    "typo behind a list": ('tags = [\n  "[[monitor]]", # no header\n]\npurpos = "x"', 11, "purpose"),
    "typo behind a text": ('purpose = """x \\\n  [[monitor]] \\\n"""\npurpos = "x"', 11, "purpose"),
    "expect a text": ('expect = "200"', 8, "a table"),
    "expect unknown": ("[monitor.expect]\nstatsu = 200", 9, "did you mean 'status'"),
    "status words": ('[monitor.expect]\nstatus = "ok"', 9, "100 to 599"),
    "status backwards": ('[monitor.expect]\nstatus = "299-200"', 9, "100 to 599"),
    "status number": ("[monitor.expect]\nstatus = 900", 9, "100 to 599"),
    "json text": ('[monitor.expect]\njson = "yes"', 9, "true or false"),
    "max body": ('[monitor.expect]\nmax_body = "huge"', 9, "1KB to 100MB"),
    "slow": ('[monitor.expect]\nslow = "fast"', 9, "slow is no duration above zero"),
    "keyword without HTTP": ('expect = { keyword = "ok" }', 8, "keyword has no effect on smtp: it is for HTTP"),
    "redirects without HTTP": ('request = { redirects = "follow" }', 8, "redirects has no effect on smtp"),
    "expect a list": ("expect = []", 8, 'a table or closed write expect = "closed"'),
    "timeout above both bounds": ('timeout = "10m"', 8, "50ms to 5m"),
    "slow never": ('[monitor.expect]\nslow = "10s"', 9, "below the timeout"),
    "tls name": ('[monitor.expect]\ntls_name = "a b"', 9, "host name"),
    "warn days": ("[monitor.expect]\ntls_warn_days = 1000", 9, "0 to 365"),
    "critical days": ("[monitor.expect]\ntls_critical_days = -1", 9, "0 to 365"),
    "critical before warning": ("[monitor.expect]\ntls_critical_days = 22", 9, "more than tls_warn_days"),
    "tls version": ('[monitor.expect]\ntls_min_version = "1.4"', 9, "one of 1.0, 1.1"),
    "pin": ('[monitor.expect]\ntls_pin = "sha256:12:34"', 9, "64 hexadecimal digits"),
    "ca file relative": ('[monitor.expect]\ntls_ca_file = "ca.pem"', 9, "a whole path"),
    "ca file missing": ('[monitor.expect]\ntls_ca_file = "/nowhere/ca.pem"', 9, "No such file"),
    "ca file empty": ('[monitor.expect]\ntls_ca_file = "/dev/null"', 9, "no PEM certificate"),
    "inline expect": ("expect = { statsu = 200 }", 8, "status"),
    "dotted expect": ("expect.statsu = 200", 8, "status"),
}
WHOLE = {
    "no name": (GOOD + '[[monitor]]\ntarget = "ssh://a.example.net"\n', 5, "name is missing"),
    "no target": (GOOD + '[[monitor]]\nname = "a"\n', 5, "target is missing"),
    "name empty": (GOOD + '[[monitor]]\nname = ""\ntarget = "ssh://a.example.net"\n', 6, "1 to 80"),
    "name long": (GOOD + f'[[monitor]]\nname = "{"n" * 81}"\ntarget = "ssh://a.example.net"\n', 6, "1 to 80"),
    "name blank": (GOOD + '[[monitor]]\nname = " a"\ntarget = "ssh://a.example.net"\n', 6, "blanks"),
    "name number": (GOOD + '[[monitor]]\nname = 5\ntarget = "ssh://a.example.net"\n', 6, "name must be text"),
    "bad scheme": (GOOD + '[[monitor]]\nname = "a"\ntarget = "gopher://a.example.net"\n', 7, "gopher"),
    "bad port": (GOOD + '[[monitor]]\nname = "a"\ntarget = "ssh://a.example.net:99999"\n', 7, "port"),
    "double": (GOOD + GOOD, 6, "already taken in line 2"),
    "single brackets": ('[monitor]\nname = "a"\n', 1, "two brackets"),
    "other table": (GOOD + "[monitors]\n", 5, "[[monitor]]"),
    "top key": ("interval = 5\n" + GOOD, 1, "unknown key"),
    "not blocks": ("monitor = 5\n", 1, "must be blocks"),
    "list of numbers": ("monitor = [1, 2]\n", 1, "must be a table"),
}


def load(tmp_path, data):
    path = tmp_path / "monitors.toml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return load_monitors(path, CATALOGUE)


def check_one(loaded, line, words):
    assert len(loaded.problems) == 1, loaded.problems
    problem = loaded.problems[0]
    assert problem.where == f"monitors.toml:{line}", problem
    assert words in f"{problem.what} {problem.todo}"
    assert "\n" not in problem.what
    assert "\x1b" not in problem.what


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("case", SYNTAX)
def test_no_toml(tmp_path, case, ending):
    text, line, words = SYNTAX[case]
    check_one(load(tmp_path, text.replace("\n", ending)), line, words)


@pytest.mark.parametrize("case", ONE)
def test_one_wrong_field_is_one_line_and_the_others_load(tmp_path, case):
    text, line, words = ONE[case]
    head = HEAD.replace("smtp://", "https://") if "[monitor.expect]" in text else HEAD
    loaded = load(tmp_path, head + text + "\n")
    check_one(loaded, line, words)
    assert [m.name for m in loaded.monitors] == ["good"]


@pytest.mark.parametrize(
    ("target", "keys", "told"),
    [
        ("tcp://h:7", "expect = { tls_verify = false }", "tls_verify has no effect on tcp: it is for TLS"),
        ("imaps://h", "expect = { plaintext_ok = true }", "plaintext_ok has no effect on imaps: it is for STARTTLS"),
        ("https://h", 'mail_domain = "a.example"', "mail_domain has no effect on https: it is for mail"),
        ("http://h", "expect = { tls_warn_days = 9 }", "tls_warn_days has no effect on http"),
        ("http://h", 'expect = { tls_warn_days = 9 }\nrequest = { redirects = "follow" }', ""),
        ("tcp://h:7", "expect = { tls_verify = true }", ""),
        ("ftp://h", 'expect = { plaintext_ok = true, tls_pin = "' + "a" * 64 + '" }', ""),
    ],
)
def test_a_key_that_would_do_nothing_is_refused(tmp_path, target, keys, told):
    loaded = load(tmp_path, f'[[monitor]]\nname = "a"\ntarget = "{target}"\n{keys}\n')
    assert [problem.what[: len(told)] for problem in loaded.problems] == ([told] if told else [])


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("case", WHOLE)
def test_one_wrong_block_or_file(tmp_path, case, mark):
    text, line, words = WHOLE[case]
    check_one(load(tmp_path, mark + text), line, words)


def test_every_planted_fault_is_told_in_the_order_of_lines(tmp_path):
    everything = [text for text, _, _ in ONE.values() if "\n" not in text]
    blocks = [
        f'[[monitor]]\nname = "m{i}"\ntarget = "smtp://m{i}.example.net"\n{t}\n' for i, t in enumerate(everything)
    ]
    loaded = load(tmp_path, "".join(blocks) + GOOD)
    assert [p.where for p in loaded.problems] == [f"monitors.toml:{4 * i + 4}" for i in range(len(blocks))]
    assert [m.name for m in loaded.monitors] == ["good"]


def test_two_faults_of_one_block_are_two_lines(tmp_path):
    loaded = load(tmp_path, HEAD + 'intervall = "1m"\nconfirmations = 0\n')
    assert [p.where for p in loaded.problems] == ["monitors.toml:8", "monitors.toml:9"]


def test_a_long_unknown_key_is_not_echoed_whole(tmp_path):
    loaded = load(tmp_path, HEAD + f"{'s' * 300} = 1\n")
    assert len(loaded.problems[0].what) < 80


def test_no_utf8_says_line_and_byte(tmp_path):
    check_one(load(tmp_path, GOOD.encode() + b"# gr\xfc\xdfe\n"), 5, "0xfc")


def test_utf16(tmp_path):
    check_one(load(tmp_path, GOOD.encode("utf-16")), 1, "UTF-16")


def test_too_large(tmp_path):
    path = tmp_path / "monitors.toml"
    with path.open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    assert "16 MiB" in load_monitors(path, CATALOGUE).problems[0].what


def test_a_folder_in_its_place(tmp_path):
    assert "folder" in load_monitors(tmp_path, CATALOGUE).problems[0].what


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable(tmp_path):
    path = tmp_path / "monitors.toml"
    path.write_text(GOOD)
    path.chmod(0)
    assert "cannot be read" in load_monitors(path, CATALOGUE).problems[0].what


@pytest.mark.parametrize("text", ["monitor = " + "[" * 5000, "x = " + "9" * 5000])
def test_what_breaks_parsers(tmp_path, text):
    assert len(load(tmp_path, text).problems) == 1


@pytest.mark.parametrize("text", ["", "\ufeff", "\n\n", "# nothing yet\n"])
def test_an_empty_file_is_an_empty_fleet(tmp_path, text):
    assert load(tmp_path, text) == ((), ())
    assert load_monitors(tmp_path / "none.toml", CATALOGUE) == ((), ())


def test_a_whole_monitor(tmp_path):
    loaded = load(
        tmp_path,
        """[[monitor]]
name = "shop"
target = "https://shop.example.net/health?x=1"
category = "our shop"
purpose = "sells"
interval = 90
timeout = "5s"
confirmations = 2
recoveries = 4
tags = ["a", "b", "a"]
runbook = "https://wiki.example.net/shop"
paused = true
[monitor.expect]
status = 200
keyword = "Grüße"
json = true
max_body = "64KB"
slow = "800ms"
tls_name = "WWW.example.net"
tls_warn_days = 14
""",
    )
    assert loaded.problems == ()
    m = loaded.monitors[0]
    assert (m.id, m.category, m.interval_s, m.timeout_s, m.failure_threshold, m.success_threshold) == (
        0,
        "our shop",
        90,
        5,
        2,
        4,
    )
    assert (m.tags, m.paused, m.expect.status, m.expect.max_body_bytes, m.expect.slow_ms) == (
        ("a", "b"),
        True,
        "200",
        65536,
        800,
    )
    assert (m.expect.tls_name, m.expect.tls_warn_days, m.expect.keyword) == ("www.example.net", 14, "Grüße")


def test_defaults_come_from_the_service_then_the_settings(tmp_path):
    table = {"name": "a", "target": "smtp://mx1.example.net"}
    plain = draft_from_table(table, CATALOGUE, where="x")
    assert (plain.interval_s, plain.timeout_s, plain.category) == (120, 10, "email")
    told = draft_from_table(table, CATALOGUE, where="x", defaults=Defaults(interval="10s", timeout=4, confirmations=7))
    assert (told.interval_s, told.timeout_s, told.failure_threshold) == (30, 4, 7)  # never below the service's minimum


@pytest.mark.parametrize(
    ("written", "family"),
    [({}, 0), ({"address_family": "any"}, 0), ({"address_family": 4}, 4), ({"address_family": "6"}, 6)],
)
def test_one_family_only(written, family):
    monitor = draft_from_table(
        {"name": "a", "target": "smtp://mx1", "addresses": "rotate", **written}, CATALOGUE, where="x"
    )
    assert (monitor.address_family, monitor.addresses) == (family, "rotate")
    assert not monitor.probes_like(draft_from_table({"name": "a", "target": "smtp://mx1"}, CATALOGUE, where="x"))


@pytest.mark.parametrize(("target", "family"), [("smtp://192.0.2.1", 6), ("smtp://[2001:db8::1]", 4)])
def test_an_address_has_its_own_family(target, family):
    with pytest.raises(UserError, match="the target is an address of the other kind"):
        draft_from_table({"name": "a", "target": target, "address_family": family}, CATALOGUE, where="x")
    assert draft_from_table({"name": "a", "target": target, "address_family": 10 - family}, CATALOGUE, where="x")


def test_a_table_that_is_none_is_refused_with_its_place():
    with pytest.raises(UserError, match=r"^add: target is missing"):
        draft_from_table({"name": "a"}, CATALOGUE, where="add")


def settings(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    return load_settings(path)


def test_settings(tmp_path):
    assert load_settings(tmp_path / "none") == Settings()
    ca = tmp_path / "ca.pem"
    ca.write_text("-----BEGIN CERTIFICATE-----\n")
    read = settings(
        tmp_path,
        f'[resolver]\nnameservers = ["192.0.2.1", "2001:db8::1"]\n[tls]\nca_file = "{ca}"\n[defaults]\ninterval = "2m"\n',
    )
    assert read.resolver.nameservers == ("192.0.2.1", "2001:db8::1")
    assert (read.tls.ca_file, read.defaults.interval_s, read.defaults.timeout_s) == (str(ca), 120, None)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[resolvr]\n", 1, "did you mean 'resolver'"),
        ('[resolver]\nnameservers = ["dns"]\n', 2, "IP address"),
        ('[resolver]\nnameservers = "192.0.2.1"\n', 2, "list of texts"),
        ("[engine]\n\nretention_days = 0\n", 3, "1 to 3650"),
        ('[diagnose]\ndkim_selectors = ["a b"]\n', 2, "is no name of the DNS"),
        ('[diagnose]\ndnsbl = ["zen.example.net", "https://list"]\n', 2, "is no name of the DNS"),
        ("[engine]\nmax_probes = 3\n", 2, "max_probes_at_once"),
        ("[ui]\nmouse = 1\n", 2, "true or false"),
        ('[defaults]\ninterval = "x"\n', 2, "no duration"),
        ('[defaults]\ninterval = "1ms"\n', 2, "interval must be 1s to 11d"),
        ('[defaults]\ntimeout = "1h"\n', 2, "timeout must be 50ms to 5m"),
        ("[defaults]\nconfirmations = 0\ninterval = 0\n", 2, "1 more problem"),
        ("tls = 5\n", 1, "a table"),
        ('[tls]\nca_file = "/nonexistent/ca.pem"\n', 2, "No such file"),
        ('[tls]\nca_file = "ca.pem"\n', 2, "whole path"),
        ('[tls]\nca_file = "/dev/null"\n', 2, "no PEM certificate"),
        ("[ui\n", 1, "header"),
        ('[lint]\nignore = ["one-intervall"]\n', 2, "did you mean 'one-interval'"),
    ],
)
def test_broken_settings(tmp_path, text, line, words):
    with pytest.raises(UserError) as caught:
        settings(tmp_path, text)
    assert caught.value.where == f"config.toml:{line}"
    assert words in str(caught.value)
