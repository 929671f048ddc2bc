import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.schema import Defaults
from uptime_tui.model.monitor import HeaderCheck, HttpRequest, Login

CATALOGUE = load_catalogue()
HTTPS = "https://a.test/"


def read(target=HTTPS, **table):
    return read_draft({"name": "m", "target": target, **table}, CATALOGUE, Defaults())


def test_a_request_is_read():
    request = {
        "method": "POST",
        "headers": ["Content-Type: application/json", "X-A:b"],
        "body": "{}",
        "redirects": "follow",
    }
    monitor, faults = read(request=request)
    assert not faults
    assert monitor.request == HttpRequest(
        "POST", (("Content-Type", "application/json"), ("X-A", "b")), "{}", follow=True
    )
    assert read()[0].request == HttpRequest()


def test_what_an_answer_must_hold_is_read():
    expect = {
        "regex": r"\d+ items", "json_values": ['a.b == "ok"'], "min_body": "2KB",
        "headers": ["Server", "Content-Type contains json", "X-V == a b"],
    }  # fmt: skip
    monitor, faults = read(expect=expect)
    assert not faults
    assert monitor.expect.regex == r"\d+ items"
    assert monitor.expect.json_values == ('a.b == "ok"',)
    assert monitor.expect.min_body_bytes == 2048
    assert monitor.expect.headers == (
        HeaderCheck("server"), HeaderCheck("content-type", "contains", "json"), HeaderCheck("x-v", "equals", "a b"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("login", "read_as"),
    [
        ({"user": "u", "password": "env:PW"}, Login("u", "env:PW")),
        ({"token": "file:/t"}, Login("", "file:/t")),
        ({"token": "cred:t", "header": "X-Api-Key"}, Login("", "cred:t", "X-Api-Key")),
        ({"token": "cred:t", "allow_plaintext_auth": True}, Login("", "cred:t", "", True)),
    ],
)
def test_a_login_is_read(login, read_as):
    monitor, faults = read(login=login)
    assert not faults
    assert monitor.login == read_as


@pytest.mark.parametrize(
    ("table", "path", "what"),
    [
        ({"request": {"method": "TRACE"}}, ("request", "method"), "none that a probe uses"),
        ({"request": {"method": "get"}}, ("request", "method"), "none that a probe uses"),
        ({"request": {"body": "x"}}, ("request", "body"), "a GET has no body"),
        ({"request": {"method": "POST", "body": "x" * 20_000}}, ("request", "body"), "longer than"),
        ({"request": {"headers": ["X"]}}, ("request", "headers"), "a name, a colon and a value"),
        ({"request": {"headers": ["X: a\r\nY: b"]}}, ("request", "headers"), "a name, a colon and a value"),
        ({"request": {"headers": ["X y: a"]}}, ("request", "headers"), "a name, a colon and a value"),
        ({"request": {"headers": ["X: \u00fc"]}}, ("request", "headers"), "printable ASCII"),
        ({"request": {"headers": ["Content-Length: 3"]}}, ("request", "headers"), "belongs to the conversation"),
        ({"request": {"headers": ["authorization: Basic aHVudGVyMg=="]}}, ("request", "headers"), "use login"),
        ({"request": {"headers": ["Cookie: hunter2"]}}, ("request", "headers"), "use login"),
        ({"request": {"redirects": "yes"}}, ("request", "redirects"), "one of none, follow"),
        ({"request": {"redirects": "follow"}, "expect": {"redirect": "https://"}}, ("expect", "redirect"), "first answer"),
        ({"request": {"method": "HEAD"}, "expect": {"keyword": "x"}}, ("request", "method"), "no body to look at"),
        ({"expect": {"regex": "("}}, ("expect", "regex"), "no pattern"),
        ({"expect": {"regex": "a{99999999999}"}}, ("expect", "regex"), "no pattern"),
        ({"expect": {"regex": "a" * 501}}, ("expect", "regex"), "longer than 500"),
        ({"expect": {"json_values": ["a = 1"]}}, ("expect", "json_values"), "after the path comes =="),
        ({"expect": {"headers": ["a b"]}}, ("expect", "headers"), "a header check is"),
        ({"expect": {"headers": ["x"] * 21}}, ("expect", "headers"), "more than 20"),
        ({"expect": {"min_body": "2MB"}}, ("expect", "min_body"), "more than max_body"),
        ({"expect": {"min_body": "x"}}, ("expect", "min_body"), "min_body must be"),
        ({"login": {"user": "u", "password": "hunter2"}}, ("login", "password"), "write env:NAME, file:/path"),
        ({"login": {"token": "hunter2"}}, ("login", "token"), "a secret itself does not stand in the file"),
        ({"login": {"user": "u"}}, ("login",), "needs a password or a token"),
        ({"login": {"password": "env:A"}}, ("login", "user"), "needs a user"),
        ({"login": {"user": "a:b", "password": "env:A"}}, ("login", "user"), "no colon"),
        ({"login": {"user": "u", "password": "env:A", "token": "env:B"}}, ("login", "token"), "not both"),
        ({"login": {"user": "u", "token": "env:B"}}, ("login", "user"), "needs no user"),
        ({"login": {"user": "u", "password": "env:B", "header": "X"}}, ("login", "header"), "is for a token"),
        ({"login": {"token": "env:B", "header": "Host"}}, ("login", "header"), "cannot carry"),
        ({"login": {"user": "a\r\nb", "password": "env:B"}}, ("login", "user"), "visible characters"),
        ({"target": "smtp://a.test", "login": {"user": "u", "password": "env:B"}}, ("login",), "without a login"),
        ({"target": "redis://a.test", "login": {"token": "env:B"}}, ("login", "token"), "is for HTTP"),
        ({"target": "https://u:hunter2@a.test/"}, ("target",), "no user name or password"),
    ],
)  # fmt: skip
def test_every_fault_has_its_key_and_no_value(table, path, what):
    monitor, faults = read(**table)
    assert monitor is None
    assert faults[0].path == path
    assert what in faults[0].what + faults[0].todo
    assert "hunter2" not in f"{faults}"
    assert "aHVudGVyMg" not in f"{faults}"


def test_redis_takes_a_password_alone():
    monitor, faults = read("redis://a.test", login={"password": "env:B"})
    assert not faults
    assert monitor.login == Login("", "env:B")


def test_a_probe_of_another_request_or_login_is_another_probe():
    plain, _ = read()
    assert plain.probes_like(read(purpose="x")[0])
    assert not plain.probes_like(read(request={"redirects": "follow"})[0])
    assert not plain.probes_like(read(login={"token": "env:B"})[0])
    assert not plain.probes_like(read("https://b.test/")[0])
