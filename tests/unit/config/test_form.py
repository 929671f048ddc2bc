import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.form import SECTIONS, applies, field_at, fields, nested, shown, typed, unsendable
from uptime_tui.config.load import draft_from_table
from uptime_tui.config.schema import TABLES, Defaults, MonitorTable
from uptime_tui.model.errors import UserError

CATALOGUE = load_catalogue()
BY_KEY = {field.key: field for field in fields()}


def test_every_key_of_the_file_is_a_field_but_those_that_have_a_key_of_their_own():
    keys = {name for name in MonitorTable.__struct_fields__ if name not in TABLES or name == "expect"}
    keys |= {f"{table}.{name}" for table, kind in TABLES.items() for name in kind.__struct_fields__}
    assert set(BY_KEY) == keys - {"paused", "lint_ignore"}
    assert {field.section for field in fields()} == set(SECTIONS)


def test_every_field_says_what_it_is_in_the_room_it_has():
    for field in fields():
        assert 1 <= len(field.label) <= 14, field.key
        assert field.meaning.endswith((".", ")")), field.key
        assert len(field.hint) <= 60, field.key
    assert len({field.label for field in fields()}) == len(fields())
    assert fields()[0].key == "target"


@pytest.mark.parametrize(
    ("service", "has", "lacks"),
    [
        ("https", {"expect.regex", "request.method", "login.token", "expect.tls_verify"}, {"expect.plaintext_ok"}),
        ("http", {"expect.regex", "login.user"}, {"expect.tls_verify"}),
        ("redis", {"login.user", "expect.slow"}, {"login.token", "expect.status", "request.body"}),
        ("submission", {"expect.plaintext_ok", "expect.tls_name"}, {"login.user", "expect.keyword"}),
        ("cpanel", {"expect.keyword"}, {"login.user", "login.token"}),
        ("tcp", {"name", "expect.slow"}, {"expect.keyword", "expect.tls_verify", "login.user"}),
    ],
)
def test_a_service_has_its_own_fields(service, has, lacks):
    offered = {field.key for field in fields() if applies(field, CATALOGUE.get(service))}
    assert has <= offered
    assert not lacks & offered


def test_tls_matters_to_http_where_redirects_are_followed():
    (verify,) = (field for field in fields() if field.key == "expect.tls_verify")
    assert applies(verify, CATALOGUE.get("http"), follows=True)
    assert not applies(verify, CATALOGUE.get("tcp"), follows=True)


TABLE = {
    "name": "m", "target": "https://a.test/", "confirmations": 2, "tags": ["a", "b"], "interval": "60s",
    "request": {"method": "POST", "headers": ["A: b, c", "D: e"], "allow_private_redirect": True},
    "login": {"token": "env:T"},
    "expect": {"json": False, "json_values": ['a == "x"', "b == 2"], "tls_warn_days": 14, "status": "200-299"},
}  # fmt: skip


def test_what_is_shown_is_read_back():
    texts = {field.key: shown(TABLE, field) for field in fields()}
    assert texts["tags"] == "a, b"
    assert texts["request.headers"] == "A: b, c | D: e"
    assert texts["expect.json"] == "no"
    again = nested({key: typed(BY_KEY[key], text) for key, text in texts.items() if text})
    assert again == TABLE
    assert read_draft(again, CATALOGUE, Defaults())[1] == []


def test_what_does_not_fit_is_left_for_the_checker():
    assert typed(BY_KEY["confirmations"], "many") == "many"
    assert typed(BY_KEY["expect.json"], "perhaps") == "perhaps"
    assert typed(BY_KEY["expect.json"], "YES") is True


def test_a_secret_itself_is_not_even_sent():
    assert "write env:NAME" in unsendable(BY_KEY["login.password"], "hunter2")
    assert "hunter2" not in unsendable(BY_KEY["login.password"], "hunter2")
    assert unsendable(BY_KEY["login.token"], "env:X") == ""
    assert unsendable(BY_KEY["login.token"], "") == ""
    assert unsendable(BY_KEY["login.user"], "hunter2") == ""


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"target": "smtp://mx1", "timeout": "9h"}, "timeout"),
        ({"target": "smpt://mx1"}, "target"),
        ({"target": "https://a.example", "expect": {"status": "9999"}}, "expect.status"),
        ({"target": "https://a.example", "expect": {"json": "maybe"}}, "expect.json"),
        ({"target": "https://a.example", "expect": "shut"}, "expect"),
        ({"target": "https://a.example", "request": {"headers": ["no colon"]}}, "request.headers"),
    ],
)
def test_a_fault_has_its_field(table, key):
    with pytest.raises(UserError) as told:
        draft_from_table({"name": "new", **table}, load_catalogue(), where="add")
    assert field_at(told.value.key) == key


def test_what_is_in_no_field_is_none_s_fault():
    assert field_at("") == ""
    assert field_at("paused") == ""
