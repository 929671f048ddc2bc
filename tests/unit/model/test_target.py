"""The target grammar: what is read, and one clear line for what is not."""

import re
from pathlib import Path

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.model.target import Target, TargetError, format_target, parse_target

CATALOGUE = load_catalogue()
SCHEMES, PORTS, WITH_PATH = CATALOGUE.schemes, CATALOGUE.ports, CATALOGUE.with_path
LABEL = "a" * 63


def parse(text):
    return parse_target(text, schemes=SCHEMES, ports=PORTS, with_path=WITH_PATH)


GOOD = {
    "https://shop.example.net": ("https", "shop.example.net", 443),
    "https://shop.example.net/": ("https", "shop.example.net", 443),
    "https://shop.example.net:8443/health?deep=1": ("https", "shop.example.net", 8443, "/health?deep=1"),
    "https://shop.example.net?deep=1": ("https", "shop.example.net", 443, "/?deep=1"),
    "http://host/@user/page": ("http", "host", 80, "/@user/page"),
    "http://host:80/?mail=a@b": ("http", "host", 80, "/?mail=a@b"),
    "http://[2001:db8::1]/@user": ("http", "2001:db8::1", 80, "/@user"),
    "  smtp://mx1.example.net\n": ("smtp", "mx1.example.net", 25),
    "SMTP://MX1.Example.NET.": ("smtp", "mx1.example.net", 25),
    "submission://mx1:2587": ("submission", "mx1", 2587),
    "db3:5432": ("postgresql", "db3", 5432),
    "db3:5432/": ("postgresql", "db3", 5432),
    "10.0.0.5:6379": ("redis", "10.0.0.5", 6379),
    "10.0.0.5:9999": ("tcp", "10.0.0.5", 9999),
    "shop.example.net:443": ("https", "shop.example.net", 443),
    "localhost:0080": ("http", "localhost", 80),
    "tcp://build-host_7:1": ("tcp", "build-host_7", 1),
    "tcp://host:65535": ("tcp", "host", 65535),
    "[2001:DB8:0::1]:25": ("smtp", "2001:db8::1", 25),
    "imap://[::1]": ("imap", "::1", 143),
    "ssh://[fe80::1%eth0]": ("ssh", "fe80::1%eth0", 22),
    "ssh://[fe80::1%25eth0]:22": ("ssh", "fe80::1%eth0", 22),
    "https://müller.example": ("https", "xn--mller-kva.example", 443),
    "https://例え.テスト:8443": ("https", "xn--r8jz45g.xn--zckzah", 8443),
    "https://例え。テスト。": ("https", "xn--r8jz45g.xn--zckzah", 443),
    "https://xn--mller-kva.example": ("https", "xn--mller-kva.example", 443),
    "https://127.0.0.1": ("https", "127.0.0.1", 443),
    "http:80": ("http", "http", 80),
    f"tcp://{LABEL}.{LABEL}.{LABEL}.{'b' * 61}:7": ("tcp", f"{LABEL}.{LABEL}.{LABEL}.{'b' * 61}", 7),
}


@pytest.mark.parametrize("text", GOOD)
def test_good_targets(text):
    target = parse(text)
    assert target == Target(*GOOD[text])
    assert parse(format_target(target, schemes=SCHEMES)) == target


BAD = {
    "": "the target is empty: write host:port or scheme://host",
    " \t\n ": "the target is empty",
    "x" * 2049: "longer than 2048 characters",
    # no port, no scheme
    "shop.example.net": "a port or a scheme is missing: write shop.example.net:PORT or https://shop.example.net",
    "443": "the host is missing: write host:443",
    "[::1]": "a port or a scheme is missing: write [::1]:PORT",
    "//host:80": "the host is missing: write host:port",
    "/var/run/redis.sock": "the host is missing: write host:port",
    "192.0.2.0/24": "a port or a scheme is missing: write 192.0.2.0:PORT",
    # schemes
    "mariadb://host": "no service is called 'mariadb': did you mean mysql://?",
    "htps://host": "no service is called 'htps': did you mean https://?",
    "gopher://host": "no service is called 'gopher': write tcp://host:port",
    "3http://host": "not a scheme: write https://host or tcp://host:port, not '3http://host'",
    "://host": "not a scheme",
    "https:host": "two slashes are missing: write https://host",
    "SMTP:mx1.example.net": "two slashes are missing: write smtp://mx1.example.net",
    "https:/host": "mistyped ://: write https://host",
    "smtp//mx1": "mistyped ://: write smtp://mx1",
    "http:\\\\h": "mistyped ://: write http://h",
    "http://h:80:80/": "more than one port: write host:port, not 'h:80:80'",
    "faß.example:80": "two different names in two standards",
    "http://πόλις.example": "two different names in two standards",
    # hosts
    "https://": "the host is missing",
    "https:///path": "the host is missing",
    ":8080": "the host is missing",
    "https://.": "the host is only a dot",
    "https://host..example": "empty part",
    "https://host..": "empty part",
    "https://.host": "empty part",
    "https://-host": "not a host name",
    "https://host-": "not a host name",
    "https://ho$t": "not a host name",
    "https://ho\\st": "not a host name",
    "https://<host>": "not a host name",
    "https://host,other": "not a host name",
    f"https://{LABEL}a": "at most 63 in a part",
    f"https://{'.'.join([LABEL] * 4)}": "longer than 253 characters",
    "https://ü" + "ü" * 70: "not an internationalised host name: write it as xn--…",
    "https://ä..de": "not an internationalised host name",
    "https://ｅxａmple／path": "not a host name",
    # addresses
    "10.0.0.256:80": "not an IPv4 address: write four numbers from 0 to 255",
    "10.0.0:80": "not an IPv4 address",
    "https://0x7f.1": "not an IPv4 address",
    "https://127.0x1": "not an IPv4 address",
    "https://１２７.1": "not an IPv4 address",
    "https://010.0.0.1": "not an IPv4 address",
    "2001:db8::1": "an IPv6 address stands in brackets: write [2001:db8::1]:PORT",
    "::1": "an IPv6 address stands in brackets: write [::1]:PORT",
    "https://2001:db8::1": "an IPv6 address stands in brackets",
    "https:::1": "an IPv6 address stands in brackets",
    "[2001:db8::1": "the bracket of the IPv6 address is not closed",
    "[2001:db8::1]443": "after the bracket only :port may follow",
    "[2001:db8::g]:443": "not an IPv6 address: write it as [2001:db8::1], not '2001:db8::g'",
    "[]:443": "not an IPv6 address",
    "[host]:443": "not an IPv6 address",
    "[fe80::1%]:22": "not an interface: write it as [fe80::1%eth0]",
    "[fe80::1%a$b]:22": "not an interface",
    "[FE80:0::1]:22": "a link-local address needs its interface: write [fe80::1%eth0], with yours for eth0",
    # ports
    "host:": "the port is missing: write host:PORT",
    "tcp://host": "tcp has no port of its own: write tcp://host:PORT",
    "tcp://[::1]": "tcp has no port of its own: write tcp://[::1]:PORT",
    "host:0": "the port must be 1 to 65535, not 0",
    "host:65536": "the port must be 1 to 65535, not 65536",
    "host:99999999999999999999999999": "the port must be 1 to 65535, not 99999999999999999999",
    "host:-1": "the port is no number: write host:443, not 'host:-1'",
    "host:+22": "the port is no number",
    "host:22a": "the port is no number",
    "host:http": "the port is no number",
    "host:٢٢": "the port is no number",
    "https://host:": "the port is missing",
    # blanks and what cannot be seen
    "host 22": "a target holds no blanks and nothing that cannot be printed: write host:port, not 'host 22'",
    "host : 22": "no blanks",
    "https://my host/": "no blanks",
    "https://host\tname": "no blanks",
    "https://a\nhttps://b": "no blanks",
    "https://host\x1b[31m": r"not 'https://host\\x1b[31m'",
    "https://ho\u202est": r"not 'https://ho\\u202est'",
    "https://ho\u200bst": r"ho\\u200bst",
    "https://host\x00": r"host\\x00",
    # paths
    "smtp://mx1/inbox": "smtp has no path: leave out '/inbox'",
    "tcp://host:9/x": "tcp has no path",
    "host:80/index.html": "a path needs a scheme: write http://host:80/index.html",
    "host:80?x": "a path needs a scheme",
    "https://host/#top": "a path has no #fragment",
    "https://host#top": "a path has no #fragment",
    "https://host/ä": "the path holds characters that must be written as %XX: '/ä'",
}


@pytest.mark.parametrize("text", BAD)
def test_bad_targets_are_told_in_one_clear_line(text):
    with pytest.raises(TargetError) as caught:
        parse(text)
    message = str(caught.value)
    assert BAD[text] in message
    assert len(message.splitlines()) == 1
    assert message.isprintable()
    assert len(message) <= 200


@pytest.mark.parametrize(
    "text",
    [
        "https://admin:hunter2@host/",
        "hunter2@host:22",
        "ssh://hunter2@host",
        "postgresql://admin:hun/ter2@db3/shop",
        "redis://:hunter2@cache",
        "gopher://admin:hunter2@host",
        "admin:hunter2@host:22",
        "https://admin:hunter2#@host",
        "https://admin: hunter2@host",
        "https://[hunter2@host/",
        "[x]hunter2/@host",
        "https://[x]hunter2/@host",
        "hunter2/hun@host:22",
        "smtp://hunter2/hun@host",
        "https://hunter2/h un@host",
        "https://hunter2/ü@host",
        "https://hunter2/#@host",
    ],
)
def test_a_secret_is_refused_and_not_repeated(text):
    with pytest.raises(TargetError, match=r"^a target holds no user name or password: write the host alone") as caught:
        parse(text)
    assert "hun" not in str(caught.value)


def test_without_a_word_on_paths_every_service_may_have_one():
    target = parse_target("own://host:1/x", schemes={"own": None}, ports={})
    assert target == Target("own", "host", 1, "/x")


def test_every_service_of_the_catalogue_is_a_scheme():
    for name, port in SCHEMES.items():
        text = f"{name}://host" if port else f"{name}://host:77"
        assert parse(text) == Target(name, "host", port or 77)
        assert format_target(parse(text), schemes=SCHEMES) == text


def test_every_well_known_port_means_its_service():
    for port, name in PORTS.items():
        assert parse(f"host:{port}").service == name


def test_the_targets_of_the_reference_are_read():
    page = (Path(__file__).parents[3] / "docs" / "reference" / "targets.md").read_text("utf-8")
    cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    examples = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    assert len(examples) == 8
    assert all(parse(text) for text in examples)
