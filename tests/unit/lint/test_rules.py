"""Each rule finds what it is for, nothing in a fleet that is as it should be, and its change mends what it found."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fleets import row
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.block import block_table, change_block, new_block
from uptime_tui.config.load import draft_from_table
from uptime_tui.lint import audit as auditing
from uptime_tui.lint.audit import LEVELS, audit, rule_ids, rules
from uptime_tui.lint.rule import Fleet
from uptime_tui.lint.rules.exposed import unjudged

CATALOGUE = load_catalogue()
GOOD = """
[[monitor]]
name = "shop"
target = "https://shop.example.net/health?full=1"
purpose = "the shop; a pass for the concert is sold here"
interval = "20s"
[[monitor]]
name = "db"
target = "mysql://db.example.net"
purpose = "database of the shop"
login = { user = "uptime", password = "env:PW" }
[[monitor]]
name = "db from outside"
target = "mysql://db.example.net"
purpose = "must not be reachable"
expect = "closed"
[[monitor]]
name = "telephones"
target = "tcp://pbx.example.net:5060"
purpose = "telephones register here"
"""


def read(text):
    return [draft_from_table(table, CATALOGUE, where="x") for table in tomllib.loads(text)["monitor"]]


def fleet(text, rows=None):
    return Fleet(tuple(read(text)), CATALOGUE.services, rows)


def one(target, more=""):
    return f'[[monitor]]\nname = "m"\ntarget = "{target}"\npurpose = "x"\n{more}\n'


def found(text, rows=None):
    """Rule, monitor and level of everything but what every fleet gets."""
    return [(f.rule, f.found.monitor, f.level) for f in audit(fleet(text, rows)) if f.rule != "single-vantage"]


def test_a_fleet_as_it_should_be_is_only_told_of_its_one_vantage():
    assert [(f.rule, f.level, f.found.monitor) for f in audit(fleet(GOOD))] == [("single-vantage", "info", "")]
    assert audit(fleet("monitor = []")) == ()


MAIL = "".join(
    one(f"{s}://mx.example.net").replace('"m"', f'"{s}"') for s in ("smtp", "submission", "smtps", "imap", "pop3s")
)
CASES = [
    ("purpose-missing", '[[monitor]]\nname = "m"\ntarget = "ssh://a.test"', "warning"),
    ("tcp-only", one("tcp://a.test:443"), "warning"),
    ("tcp-only", one("tcp://a.test:8080"), "warning"),
    ("tcp-only", one("tcp://[2001:db8::1]:5432"), "warning"),
    ("tcp-only", one("tcp://a.test:9999", 'category = "web"'), "warning"),
    ("bare-mysql", one("tcp://a.test:3306"), "error"),
    ("mail-ports-missing", one("smtp://a.test"), "info"),
    ("mail-ports-missing", one("imaps://a.test"), "warning"),
    ("tls-unchecked", one("https://a.test", "expect = { tls_verify = false }"), "warning"),
    ("dns-untested", one("https://192.0.2.1", 'expect = { tls_name = "a.test" }'), "warning"),
    ("dns-untested", one("http://192.0.2.1", 'request = { headers = ["Host: a.test"] }'), "warning"),
    ("exposed", one("postgresql://8.8.8.8"), "error"),
    ("exposed", one("whm://[2a00:1450:4001::1]"), "warning"),
    ("mysql-login-missing", one("mysql://a.test"), "warning"),
    (
        "plaintext-login",
        one("redis://a.test", 'login = { password = "env:P", allow_plaintext_auth = true }'),
        "warning",
    ),
    ("secret-in-file", one("https://a.test/x?api_key=abc123"), "error"),
    ("secret-in-file", one("https://a.test", 'request = { headers = ["X-Api-Key: abc123"] }'), "error"),
    ("secret-in-file", one("https://a.test", 'request = { headers = ["X-Session: Bearer abcdef1234"] }'), "error"),
    (
        "secret-in-file",
        one("https://a.test", """request = { method = "POST", body = '{"password": "hunter2"}' }"""),
        "error",
    ),
    ("secret-in-file", one("ssh://a.test", 'runbook = "https://admin:hunter2@wiki.test/x"'), "error"),
]


@pytest.mark.parametrize(("rule", "text", "level"), CASES)
def test_a_rule_finds_what_it_is_for_and_can_be_silenced(rule, text, level):
    assert found(text) == [(rule, "m", level)]
    first, rest = text.split("\n", 1)
    silenced = f'{first}\nlint_ignore = ["{rule}"]\n{rest}'
    assert found(silenced) == []


def test_every_rule_about_a_monitor_is_tried_above():
    assert {rule for rule, *_ in CASES} == set(rule_ids()) - {"single-vantage", "one-interval"}


@pytest.mark.parametrize(("rule", "text", "_level"), CASES)
def test_its_change_mends_it(rule, text, _level):
    said = next(f.found for f in audit(fleet(text)) if f.rule == rule)
    if said.changes:
        block = change_block(text, said.changes, "\n")
        assert rule not in [name for name, *_ in found(block)], block
        assert draft_from_table(block_table(block), CATALOGUE, where="x")
    if said.adds:
        added = text + "".join(new_block({"name": f"n{i}", "purpose": "x", **t}, "\n") for i, t in enumerate(said.adds))
        assert rule not in [name for name, *_ in found(added)]


def test_a_whole_mail_host_is_fine_and_what_lacks_is_named():
    assert found(MAIL) == [("one-interval", "", "info")]
    said = audit(fleet(MAIL.replace("submission://", "ssh://").replace("pop3s://", "ssh://").replace("smtps", "https")))
    text = next(f.found.text for f in said if f.rule == "mail-ports-missing")
    assert text == (
        "of mx.example.net these are not watched: 587 (submission), 465 (submission in TLS), 995 or 110 (POP)"
    )


@pytest.mark.parametrize(
    "more",
    [
        'expect = { tls_verify = false, tls_pin = "%s" }' % ("ab" * 32),
        'login = { user = "u", password = "file:/etc/token" }',
        'runbook = "wiki/passwords: how to change them"',
        'runbook = "https://wiki.test/token-renewal"',
    ],
)
def test_what_is_no_fault(more):
    assert found(one("https://a.test", more)) == []


def test_the_name_may_be_watched_by_another_monitor():
    text = one("https://192.0.2.1", 'expect = { tls_name = "a.test" }') + one("https://a.test").replace('"m"', '"n"')
    assert found(text) == []


def test_one_interval_for_five_and_not_for_four():
    five = [one(f"ssh://h{n}.test").replace('"m"', f'"{n}"') for n in range(5)]
    assert found("".join(five)) == [("one-interval", "", "info")]
    assert found("".join(five[:4])) == []
    assert found("".join([*five[:4], five[4] + 'interval = "5m"'])) == []


# --- exposure: what the engine saw -------------------------------------------------------


def test_the_engines_word_counts_where_there_is_one():
    text = one("redis://cache.example.net")
    assert unjudged(fleet(text)) == ("m",)
    assert found(text) == []
    assert found(text, {"m": row(1, "up", address="8.8.8.8")}) == [("exposed", "m", "error")]
    assert found(text, {"m": row(1, "up", address="10.0.0.1")}) == []
    assert found(text, {"m": row(1, "down", address="8.8.8.8", failure="refused")}) == []
    assert unjudged(fleet(text, {})) == ()
    assert found(one("ssh://a.test"), {"m": row(1, "up", address="8.8.8.8")}) == []
    assert found(one("tcp://a.test:5060"), {"m": row(1, "up", address="8.8.8.8")}) == []


def test_a_port_that_is_watched_to_be_closed_is_not_exposed():
    text = one("redis://8.8.8.8", 'expect = "closed"')
    assert found(text) == []
    assert found(text, {"m": row(1, "up", address="8.8.8.8")}) == []


# --- all rules -----------------------------------------------------------------------------


def test_rules_are_complete_sentences_of_bounded_length():
    for name, rule in rules().items():
        assert rule.level in LEVELS
        assert rule.why.endswith("."), name
        assert rule.fix.endswith("."), name
        assert max(map(len, (rule.what, rule.why, rule.fix))) <= 160, name
        assert not rule.what.endswith("."), name


def test_no_finding_shows_a_secret():
    for _, text, _ in CASES:
        for finding in audit(fleet(text)):
            assert not any(secret in repr(finding) for secret in ("hunter2", "abc123", "abcdef1234"))


@given(st.lists(st.sampled_from([text for _, text, _ in CASES]), max_size=8))
def test_findings_come_worst_first_and_of_known_monitors(texts):
    text = (
        "".join(each.replace('name = "m"', f'name = "m{n}"') + "\n" for n, each in enumerate(texts)) or "monitor = []"
    )
    findings = audit(fleet(text))
    levels = [LEVELS.index(f.level) for f in findings]
    assert levels == sorted(levels)
    assert {f.found.monitor for f in findings} <= {f"m{n}" for n in range(len(texts))} | {""}


def test_a_rule_is_one_file(tmp_path, monkeypatch):
    """Nothing else knows of it: not the audit, not the key that silences it."""
    (tmp_path / "name_too_long.py").write_text(
        "from uptime_tui.lint.rule import Found, Rule\n"
        "RULE = Rule('info', 'a', 'b.', 'c.', lambda fleet: (Found(m.name, 'long') for m in fleet.monitors if len(m.name) > 3))\n"
    )
    monkeypatch.setattr(auditing.folder, "__path__", [*auditing.folder.__path__, str(tmp_path)])
    rule_ids.cache_clear()
    rules.cache_clear()
    try:
        long = one("ssh://a.test").replace('"m"', '"long"')
        assert found(long) == [("name-too-long", "long", "info")]
        assert found(long + 'lint_ignore = ["name-too-long"]') == []
    finally:
        rule_ids.cache_clear()
        rules.cache_clear()


def test_each_file_has_a_rule():
    folder = Path(auditing.folder.__path__[0])
    assert {path.stem.replace("_", "-") for path in folder.glob("*.py") if path.stem != "__init__"} == set(rules())
